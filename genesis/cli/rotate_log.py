"""Opens the audit log for the sub-commands of `genesis rotate`."""

# ruff: noqa: PLC0415 - a sub-command loads only what it runs

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from genesis.cli.journal_commands import journal_of
from genesis.configuration import Settings, load_settings
from genesis.core.clock import SystemClock
from genesis.core.errors import GenesisError, JournalError, UnknownError
from genesis.core.printing import one_line

if TYPE_CHECKING:
    from genesis.rotation.audit.log import AuditLog
    from genesis.rotation.report import Report

Work: TypeAlias = "Callable[[AuditLog, Settings], Awaitable[None]]"


def command(options: argparse.Namespace, run: Work) -> int:
    """Run work that writes to the audit log; returns the exit code."""
    where, _ = journal_of(options)
    if where.path is not None and not where.path.exists():
        raise GenesisError(
            f"rotate: {where}: there is no such file: name the controller's journal with --journal, "
            f"or halt rotation by creating the file {load_settings(options.config).rotation.halt_file}"
        )
    try:
        return asyncio.run(_with_log(options, run, read_only=False))
    except JournalError as error:
        file = load_settings(options.config).rotation.halt_file
        raise JournalError(
            f"{error}; creating the file {file} where the controller runs halts it without a database"
        ) from error


def query(options: argparse.Namespace, run: Work) -> int:
    """Run work that only reads the audit log; returns the exit code."""
    return asyncio.run(_with_log(options, run, read_only=True))


async def _with_log(options: argparse.Namespace, run: Work, *, read_only: bool) -> int:
    from genesis.rotation.audit.log import AuditLog

    where, monitor = journal_of(options)
    settings = load_settings(options.config)._replace(monitor=monitor)
    async with AuditLog(where, clock=SystemClock(), leads=False, read_only=read_only) as log:
        await run(log, settings)
    return 0


def check_known(strategy: str, report: Report, settings: Settings) -> None:
    """Raise `UnknownError` for a strategy that neither the configuration nor the audit log has."""
    known = set(settings.strategies.strategies) | report.command_state.pins.keys()
    if report.entry is not None:
        known |= report.entry.decision.steps.keys()
    if strategy not in known:
        raise UnknownError("strategy", strategy, map(one_line, known))


def halted_by_file(settings: Settings) -> str:
    """Why the halt file halts rotation; empty if it does not."""
    from genesis.rotation import halting

    return halting.halted_by_file(settings.rotation.halt_file)


def utc_now() -> datetime:
    """Wall time."""
    return datetime.now(UTC)
