"""`genesis rotate pins`, `status`, `audit` and `verify`: what rotation does, what it did, and why."""

# ruff: noqa: PLC0415 - a sub-command loads only what it runs

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from genesis.cli.arguments import FAILURE, Commands, Environ, above_zero, add_command, say
from genesis.cli.journal_commands import add_journal
from genesis.cli.rotate_log import check_known, halted_by_file, query, utc_now
from genesis.configuration import Settings
from genesis.core.duration import parse_duration

if TYPE_CHECKING:
    from genesis.rotation.audit.log import AuditLog


def add_queries(verbs: Commands) -> None:
    pins = add_command(verbs, "pins", _pins, "list who pinned what, when and why", "WARNING")
    status = add_command(verbs, "status", _status, "show what rotation does now, and what blocks it", "WARNING")
    audit = add_command(verbs, "audit", _audit, "print decisions with their inputs", "WARNING")
    _add_choice(audit)
    verify = add_command(
        verbs, "verify", _verify, "repeat every decision from its inputs; exit code 1 if one differs", "WARNING"
    )
    for verb in (pins, status, audit, verify):
        add_journal(verb)


def _add_choice(audit: argparse.ArgumentParser) -> None:
    which = audit.add_mutually_exclusive_group()
    which.add_argument("--last", type=_count, default=10, metavar="N", help="the last N decisions (default: 10)")
    which.add_argument("--number", type=_count, metavar="N", help="decision N alone")
    which.add_argument(
        "--since", type=_since, metavar="T", help="decisions since a time: 2026-01-31T12:00:00Z, or 2h for two hours ago"
    )
    audit.add_argument("--strategy", metavar="NAME", help="only decisions on this strategy")
    audit.add_argument("--changes", action="store_true", help="only decisions that change something")


def _pins(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.rotation.report import pin_text

    async def run(log: AuditLog, settings: Settings) -> None:
        for strategy, pin in sorted((await log.command_state()).pins.items()):
            say(pin_text(strategy, pin))

    return query(options, run)


def _status(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.rotation.report import read_report, status_lines

    async def run(log: AuditLog, settings: Settings) -> None:
        report = await log.look_up(read_report)
        for line in status_lines(report, settings.rotation, halted_by_file(settings), utc_now()):
            print(line)

    return query(options, run)


def _audit(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.rotation.audit.trail import trail

    async def run(log: AuditLog, settings: Settings) -> None:
        found = False
        async for line in trail(
            log,
            last=options.last,
            number=options.number,
            since=options.since,
            strategy=options.strategy,
            changes=options.changes,
        ):
            found = True
            print(line)
        if options.strategy is not None and not found:  # a strategy that was removed still has its decisions
            from genesis.rotation.report import read_report

            check_known(options.strategy, await log.look_up(read_report), settings)

    return query(options, run)


def _verify(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.rotation.audit.verification import verify
    from genesis.rotation.policy import decide

    failed = False

    async def run(log: AuditLog, settings: Settings) -> None:
        nonlocal failed
        result = await verify(log, decide)
        if result.fault:
            failed = True
            print(f"FAULT: {result.fault}", file=sys.stderr)
        sound = f"{result.decisions} decisions, up to number {result.last}, seal {result.seal.hex()[:32] or 'none'}"
        say(f"{'sound before that' if failed else 'ok'}: {sound}: each is the policy's decision on its inputs")

    return query(options, run) or (FAILURE if failed else 0)


def _count(text: str) -> int:
    number = above_zero(int)(text)
    if number > 2**53:
        raise argparse.ArgumentTypeError(f"{text!r} is above the highest possible number")
    return number


def _since(text: str) -> datetime:
    try:
        return utc_now() - parse_duration(text)
    except ValueError:
        pass
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a time nor a duration: 2026-01-31T12:00:00Z, or 2h") from error
    return time.astimezone(UTC) if time.tzinfo is not None else time.replace(tzinfo=UTC)
