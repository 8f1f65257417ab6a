"""`genesis rotate halt`, `resume`, `pin`, `unpin` and `prune`: people's commands to the controller."""

# ruff: noqa: PLC0415 - a sub-command loads only what it runs

from __future__ import annotations

import argparse
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from genesis.cli.arguments import Commands, Environ, add_command, say, user
from genesis.cli.journal_commands import add_journal
from genesis.cli.rotate_log import check_known, command, halted_by_file, utc_now
from genesis.configuration import Settings
from genesis.core.duration import duration_text, parse_duration
from genesis.core.errors import GenesisError, JournalError, UnknownError
from genesis.core.models import StrategyState
from genesis.core.printing import one_line

if TYPE_CHECKING:
    from genesis.rotation.audit.log import AuditLog

_WIDTH = 300


def add_commands(verbs: Commands) -> None:
    halt = add_command(verbs, "halt", _halt, "keep all weights and states as they are, until `resume`", "WARNING")
    resume = add_command(verbs, "resume", _resume, "let rotation go on after a halt", "WARNING")
    pin = add_command(
        verbs, "pin", _pin, "fix a strategy: its share is set once, and then rotation does not change it", "WARNING"
    )
    pin.add_argument("--state", required=True, choices=[state.value for state in StrategyState])
    pin.add_argument(
        "--weight", type=_weight, metavar="W", help="share of the capital (default: 0 if paused or stopped, else as it is)"
    )
    unpin = add_command(verbs, "unpin", _unpin, "hand a pinned strategy back to rotation", "WARNING")
    for verb in (pin, unpin):
        verb.add_argument("strategy", metavar="STRATEGY")
    for verb in (halt, resume, pin, unpin):
        _add_who(verb)


def add_prune(verbs: Commands) -> None:
    prune = add_command(
        verbs, "prune", _prune, "remove old decisions from the audit log; the others can still be verified", "WARNING"
    )
    prune.add_argument(
        "--older", type=_age, required=True, metavar="T", help="remove decisions older than this, for example 90d"
    )
    _add_who(prune)


def _add_who(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--why", required=True, type=_text, metavar="TEXT", help="the reason, kept in the audit log")
    verb.add_argument("--author", default=user(), type=_text, metavar="NAME", help="who gives the command (default: the user)")
    add_journal(verb)


def _halt(options: argparse.Namespace, environ: Environ) -> int:
    async def run(log: AuditLog, settings: Settings) -> None:
        command_state = await log.halt(options.why, options.author)
        say(f"halted {one_line(str(command_state.halted), _WIDTH)}")
        say("All weights and states stay as they are; nothing is sent to the engine, and pins are not carried out.")
        await _say_when(log, settings, 'Until `genesis rotate resume --why "..."`', halts=True)

    return command(options, run)


def _resume(options: argparse.Namespace, environ: Environ) -> int:
    async def run(log: AuditLog, settings: Settings) -> None:
        halted, by_file = (await log.command_state()).halted, halted_by_file(settings) or await _halted_elsewhere(log)
        if halted is None:
            raise GenesisError(f"rotate: it is not halted by a command{by_file and f'; {by_file}: remove it'}")
        await log.resume(options.why, options.author)
        say(f"resumed: it was halted {one_line(str(halted), _WIDTH)}")
        if by_file:
            say(f"STILL HALTED: {by_file}: remove it")
        await _say_when(log, settings, "Rotation goes on")

    return command(options, run)


def _pin(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.rotation.audit.lines import share_text
    from genesis.rotation.observation import Pin
    from genesis.rotation.pinning import check_pin, share_after
    from genesis.rotation.report import read_report

    async def run(log: AuditLog, settings: Settings) -> None:
        report = await log.look_up(read_report)
        check_known(options.strategy, report, settings)
        pin = Pin(
            state=StrategyState(options.state), weight=options.weight, why=options.why, author=options.author, since=utc_now()
        )
        decision = None if report.entry is None else report.entry.decision
        limits = None if report.entry is None else report.entry.seen.limits
        check_pin(
            options.strategy, pin, report.command_state.pins, settings=settings.rotation, decision=decision, limits=limits
        )
        await log.pin(options.strategy, pin)
        named = one_line(options.strategy)
        step = None if decision is None else decision.steps.get(options.strategy)
        now = "" if step is None else f", now {share_text(step.after)}"
        say(f"pinned: {named}: {share_text(share_after(options.strategy, pin, decision))}{now}")
        if limits is None:
            say("The account's tier is not known now: its limits take precedence over this pin.")
        await _say_when(log, settings, f"No rule and no score changes it until `genesis rotate unpin {named}`")

    return command(options, run)


def _unpin(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.rotation.report import pin_text

    async def run(log: AuditLog, settings: Settings) -> None:
        pins = (await log.command_state()).pins
        if options.strategy not in pins:
            raise UnknownError("pin of", options.strategy, map(one_line, pins))
        await log.unpin(options.strategy, options.why, options.author)
        say(f"unpinned: {pin_text(options.strategy, pins[options.strategy])}")
        await _say_when(log, settings, "Rules and scores move it again")

    return command(options, run)


def _prune(options: argparse.Namespace, environ: Environ) -> int:
    async def run(log: AuditLog, settings: Settings) -> None:
        now = utc_now()
        removed = await log.look_up(lambda store: store.prune(now - options.older, options.author, options.why, now))
        say(f"removed: {removed} decisions from before {now - options.older:%Y-%m-%d %H:%M:%S} UTC")

    return command(options, run)


async def _halted_elsewhere(log: AuditLog) -> str:
    """Why a halt file on the controller's machine halts it. A damaged decision must not prevent a command."""
    from genesis.rotation.report import halted_elsewhere, read_report

    try:
        return halted_elsewhere(await log.look_up(read_report))
    except JournalError:
        return ""


async def _say_when(log: AuditLog, settings: Settings, what: str, *, halts: bool = False) -> None:
    """When a command takes effect. It is stored already: a damaged decision must not make it look as if it were not."""
    from genesis.rotation.report import interval_of, is_late, read_report

    try:
        report = await log.look_up(read_report)
    except JournalError as error:
        say(f"{what}. It is not known whether a controller decides now: {error}")
        return
    interval = duration_text(interval_of(report, settings.rotation))
    if report.command_state.halted is not None and not halts:
        halt = one_line(str(report.command_state.halted), _WIDTH)
        say(f"{what}. It takes effect once `genesis rotate resume` ends the halt {halt}")
    elif is_late(report, settings.rotation, utc_now()):
        say(f"{what}. No controller seems to decide now: it takes effect once one does.")
    else:
        say(f"{what}. It takes effect at the controller's next decision, within {interval}.")


def _weight(text: str) -> Decimal:
    with suppress(InvalidOperation):  # not a number, or NaN, which cannot be compared
        weight = Decimal(text)
        if 0 <= weight <= 1 and weight == weight.quantize(Decimal("0.0001")):
            return weight
    raise argparse.ArgumentTypeError(f"{text!r} is not a share of the capital: 0 to 1, in steps of 0.0001")


def _text(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("must not be empty")
    return text


def _age(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}") from error
