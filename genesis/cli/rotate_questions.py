"""`genesis rotate pins`, `status`, `audit` and `verify`: what rotation does, did, and why."""

# ruff: noqa: PLC0415 - a sub-command loads only what it runs

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from genesis.cli.arguments import FAILURE, Commands, Environ, above_zero, add_command, say
from genesis.cli.journal_commands import add_journal
from genesis.cli.rotate_log import check_known, halted_by_file, question, utc_now
from genesis.configuration import Settings
from genesis.core.duration import parse_duration

if TYPE_CHECKING:
    from genesis.rotation.audit.log import AuditLog


def add_questions(verbs: Commands) -> None:
    pins = add_command(verbs, "pins", _pins, "list who pinned what, when and why", "WARNING")
    status = add_command(verbs, "status", _status, "say what rotation does now, and what holds it back", "WARNING")
    audit = add_command(verbs, "audit", _audit, "print decisions with all that they were made from", "WARNING")
    _add_choice(audit)
    verify = add_command(
        verbs, "verify", _verify, "make every decision anew from its inputs; exit code 1 tells of a difference", "WARNING"
    )
    for verb in (pins, status, audit, verify):
        add_journal(verb)


def _add_choice(audit: argparse.ArgumentParser) -> None:
    which = audit.add_mutually_exclusive_group()
    which.add_argument("--last", type=_count, default=10, metavar="N", help="the last N decisions (default: 10)")
    which.add_argument("--number", type=_count, metavar="N", help="decision N alone")
    which.add_argument("--since", type=_since, metavar="T", help="from then on: 2026-01-31T12:00:00Z, or 2h for two hours ago")
    audit.add_argument("--strategy", metavar="NAME", help="what was decided of this one alone")
    audit.add_argument("--changes", action="store_true", help="only decisions that change something")


def _pins(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.rotation.report import pin_text

    async def run(log: AuditLog, settings: Settings) -> None:
        for strategy, pin in sorted((await log.command_state()).pins.items()):
            say(pin_text(strategy, pin))

    return question(options, run)


def _status(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.rotation.report import report, status_lines

    async def run(log: AuditLog, settings: Settings) -> None:
        found = await log.look_up(report)
        for line in status_lines(found, settings.rotation, halted_by_file(settings), utc_now()):
            print(line)

    return question(options, run)


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
        if options.strategy is not None and not found:  # one that is no longer there has its trail all the same
            from genesis.rotation.report import report

            check_known(options.strategy, await log.look_up(report), settings)

    return question(options, run)


def _verify(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.rotation.audit.verification import verify
    from genesis.rotation.policy import decide

    failed = False

    async def run(log: AuditLog, settings: Settings) -> None:
        nonlocal failed
        found = await verify(log, decide)
        if found.fault:
            failed = True
            print(f"FAULT: {found.fault}", file=sys.stderr)
        sound = f"{found.decisions} decisions, up to number {found.last}, seal {found.seal.hex()[:32] or 'none'}"
        say(f"{'sound before that' if failed else 'ok'}: {sound}: each is what the policy makes of its inputs")

    return question(options, run) or (FAILURE if failed else 0)


def _count(text: str) -> int:
    number = above_zero(int)(text)
    if number > 2**53:
        raise argparse.ArgumentTypeError(f"{text!r} is more than there can be")
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
