"""`genesis replay`, `reconcile`, `baseline` and `report`: fills, statements, returns and figures of accounts."""

# ruff: noqa: PLC0415 - a sub-command loads only what it runs

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from genesis.cli.arguments import FAILURE, TROUBLE, Commands, Environ, add_command, say
from genesis.cli.journal_commands import add_journal, journal_of
from genesis.configuration import load_settings
from genesis.core.clock import SystemClock
from genesis.core.errors import GenesisError


def add_replay(commands: Commands) -> None:
    replay = add_command(commands, "replay", _replay, "book a file of recorded fills and print the resulting P&L", "WARNING")
    replay.add_argument("--fills", type=Path, required=True, metavar="FILE", help="CSV, plain or gzip: docs/replay.md")
    replay.add_argument("--journal", metavar="WHERE", help="keep the fills in this journal (default: in memory only)")
    replay.add_argument("--currency", metavar="CODE", help="the fills' reporting currency (default: from monitor.yaml)")
    replay.add_argument(
        "--perpetuals-only", action="store_true", help="omit spot fills (named @N), and do not fail because of them"
    )


def add_reconcile(commands: Commands) -> None:
    reconcile = add_command(
        commands,
        "reconcile",
        _reconcile,
        "compare a broker's statement with the books; exit code 1: there are breaks",
        "WARNING",
    )
    reconcile.add_argument("--statement", type=Path, required=True, metavar="FILE", help="CSV: docs/reconciliation.md")
    books = reconcile.add_mutually_exclusive_group()
    books.add_argument(
        "--url",
        metavar="URL",
        help="the running monitor, which also exports the result and alerts (default: from monitor.yaml)",
    )
    books.add_argument("--journal", metavar="WHERE", help="compare with this journal instead, without metrics and alerts")
    reconcile.add_argument("--token-file", type=Path, metavar="FILE", help="the token of ingest (default: from monitor.yaml)")
    reconcile.add_argument(
        "--ca-file",
        type=Path,
        metavar="FILE",
        help="the CA of the monitor's certificate (default: from monitor.yaml)",
    )
    reconcile.add_argument(
        "--strategy",
        action="append",
        default=[],
        metavar="NAME",
        help="the statement covers only this strategy; may be repeated",
    )
    reconcile.add_argument(
        "--cash",
        choices=["wallet", "settled"],
        default="wallet",
        help="settled: open positions were paid for (default: wallet)",
    )
    reconcile.add_argument(
        "--tolerance", default="0", metavar="X", help="a cash difference up to X is not a break (default: 0)"
    )


def add_baseline(commands: Commands) -> None:
    baseline = add_command(
        commands, "baseline", _baseline, "make a strategy's baseline from the returns of its back-test", "WARNING"
    )
    baseline.add_argument("--returns", type=Path, required=True, metavar="FILE", help="CSV, plain or gzip: times and returns")
    baseline.add_argument(
        "--column", metavar="NAME", help="the column of the returns (default: the only one besides the times)"
    )
    baseline.add_argument(
        "--step", metavar="T", help="time between two returns, for example 1d (default: the median of the file)"
    )
    baseline.add_argument("--strategy", metavar="NAME", help="write this name above the block")
    baseline.add_argument("--output", type=Path, metavar="FILE", help="write to a new file (default: standard output)")


def add_report(commands: Commands) -> None:
    report = add_command(
        commands, "report", _report, "print the figures of /metrics from a journal; a monitor may have it open", "WARNING"
    )
    add_journal(report)
    report.add_argument("--strategy", action="append", default=[], metavar="NAME", help="only this one; may be repeated")


def _replay(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.commands.replay import replay, report_lines
    from genesis.database.address import journal_address
    from genesis.ingest.recorded_fills import read_fills

    settings = load_settings(options.config)
    if options.currency:
        monitor = settings.monitor.model_copy(update={"reporting_currency": options.currency})
        settings = settings._replace(monitor=monitor)
    journal = journal_address(settings.monitor, options.journal) if options.journal else None
    recording = read_fills(options.fills)
    report = asyncio.run(replay(recording.fills, settings, journal, SystemClock()))
    for line in report_lines(report):
        say(line)
    faults = list(report.faults)
    if recording.spot and not options.perpetuals_only:
        faults.append(f"{recording.spot} spot fills (named @N) were omitted; with --perpetuals-only this is not a fault")
    for fault in faults:
        print(f"genesis: {options.fills}: {fault}", file=sys.stderr)
    return FAILURE if faults else 0


def _reconcile(options: argparse.Namespace, environ: Environ) -> int:
    try:
        return _compare(options)
    except GenesisError as error:  # exit code 1 means breaks
        print(f"genesis: {error}", file=sys.stderr)
        return TROUBLE


def _compare(options: argparse.Namespace) -> int:
    from genesis.commands import reconcile
    from genesis.core.statement import CashBasis, ComparisonSettings
    from genesis.database.address import journal_address
    from genesis.ingest.statement_http import tolerance

    settings = load_settings(options.config).monitor
    statement = reconcile.read_file(options.statement)
    comparison = ComparisonSettings(
        strategies=tuple(sorted(set(options.strategy))), cash=CashBasis(options.cash), tolerance=tolerance(options.tolerance)
    )
    if options.journal is not None:
        where = journal_address(settings, options.journal)
        found = asyncio.run(reconcile.compare_with_journal(where, settings, statement, comparison, SystemClock()))
    else:
        given = {"url": options.url, "token_file": options.token_file, "ca_file": options.ca_file}
        monitor = reconcile.configured_monitor(settings)
        monitor = monitor._replace(**{key: value for key, value in given.items() if value is not None})
        found = asyncio.run(reconcile.ask(monitor, statement, comparison))
    for line in reconcile.report_lines(found):
        say(line)
    return FAILURE if found.total_breaks else 0


def _baseline(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.commands import baseline

    step = None if options.step is None else baseline.checked_step(options.step)
    made = baseline.baseline(baseline.read_returns(options.returns, options.column), step)
    text = baseline.yaml_block(made, options.strategy)
    if options.output is None:
        say(text, end="")
        return 0
    baseline.write(options.output, text)
    for note in made.notes:
        say(note)
    say(f"written: {options.output}: insert it in strategies.yaml below the strategy's name")
    return 0


def _report(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.commands.report import report

    where, monitor = journal_of(options)
    settings = load_settings(options.config)._replace(monitor=monitor)
    snapshot = asyncio.run(report.read(where, settings, SystemClock()))
    for line in report.lines(snapshot, where, options.strategy):
        print(line)
    return 0
