"""`genesis journal ...`: check a journal, print the digest of its books, export its events, copy it to another database."""

# ruff: noqa: PLC0415 - a sub-command loads only what it runs

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from genesis.cli.arguments import FAILURE, Commands, Environ, add_command, add_group, say
from genesis.configuration import load_settings
from genesis.core.clock import SystemClock
from genesis.core.errors import JournalError
from genesis.settings.monitor import MonitorSettings

if TYPE_CHECKING:
    from genesis.database.address import Address


def add_journal_commands(commands: Commands) -> None:
    verbs = add_group(
        commands, "journal", "check a journal, print the digest of its books, export its events, copy it to another database"
    )
    add_command(
        verbs, "verify", _journal_verify, "check database, sequence, events and books; a monitor may have the journal open"
    )
    add_command(verbs, "digest", _journal_digest, "print the number of events and the digest of the books")
    export = add_command(
        verbs, "export", _journal_export, "write the events as lines of JSON, as POST /api/v1/events accepts them"
    )
    export.add_argument("--output", type=Path, metavar="FILE", help="a new file (default: standard output)")
    copy = add_command(
        verbs, "copy", _journal_copy, "copy to an empty journal, and check that the books agree; stop the monitor first"
    )
    copy.add_argument(
        "--to", required=True, metavar="WHERE", help="the empty journal: file or postgresql://USER@HOST:PORT/NAME"
    )
    for verb in verbs.choices.values():
        add_journal(verb)


def add_journal(command: argparse.ArgumentParser) -> None:
    """Add the options that name a journal; `journal_of` reads them."""
    command.add_argument("--journal", metavar="WHERE", help="file or postgresql://... (default: from monitor.yaml)")
    command.add_argument(
        "--password-file", type=Path, metavar="FILE", help="the password of the database (default: from monitor.yaml)"
    )


def journal_of(options: argparse.Namespace) -> tuple[Address, MonitorSettings]:
    """The journal that the options name, and the settings for its books."""
    from genesis.database.address import journal_address

    settings = load_settings(options.config).monitor
    if options.password_file is not None:
        settings = settings.model_copy(update={"journal_password_file": options.password_file})
    return journal_address(settings, options.journal), settings


def _journal_verify(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.commands import journal_upkeep

    where, settings = journal_of(options)
    result = asyncio.run(journal_upkeep.verify(where, settings, SystemClock()))
    for fault in result.faults:
        print(f"FAULT: {fault}", file=sys.stderr)
    if result.faults:
        print(
            f"genesis: journal {where}: is not sound; restore a backup, and keep this journal for the analysis", file=sys.stderr
        )
        return FAILURE
    snapshot = "no snapshot" if result.snapshot is None else f"the snapshot at event {result.snapshot} gives the same books"
    say(f"ok: journal {where}: {result.events} events in sequence, digest {result.digest}, {snapshot}")
    return 0


def _journal_digest(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.commands import journal_upkeep

    events, digest = asyncio.run(journal_upkeep.fingerprint(*journal_of(options), SystemClock()))
    say(f"{events} {digest}")
    return 0


def _journal_export(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.commands import journal_upkeep

    where, _ = journal_of(options)
    if options.output is None:
        asyncio.run(journal_upkeep.export(where, sys.stdout.buffer.write))
        sys.stdout.buffer.flush()
        return 0
    with journal_upkeep.new_file(options.output) as file:
        events = asyncio.run(journal_upkeep.export(where, file.write))
    say(f"written: {options.output}: {events} events")
    return 0


def _journal_copy(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.commands import journal_upkeep
    from genesis.database.address import journal_address
    from genesis.rotation.audit import copying as audit_copy

    source, settings = journal_of(options)
    target = journal_address(settings, options.to)
    if source.path is not None and not source.path.exists():
        raise JournalError(f"journal {source}: there is no such file")
    with audit_copy.held(source) as audit:
        events, digest = asyncio.run(journal_upkeep.copy(source, target, settings, SystemClock()))
        say(f"copied: {events} events from {source} to {target}, digest {digest} on both sides")
        decisions = audit_copy.copy(audit, target)
    if decisions is not None:
        say(f"copied: {decisions} decisions of rotation, with the kill switch and the pins")
    say(f"Next: set `journal: {target}` in monitor.yaml, and start the monitor. {source} is unchanged; keep it as a backup.")
    return 0
