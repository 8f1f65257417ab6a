"""The `genesis` command: one sub-command a verb. It reads arguments, calls, and prints; nothing else is decided here."""

# ruff: noqa: PLC0415 - a sub-command loads only what it runs: the monitor needs no engine, and nothing but `generate` the boards

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from genesis import __version__
from genesis.core.clock import SystemClock
from genesis.core.config import MonitorSettings, load_settings
from genesis.core.errors import GenesisError
from genesis.logs import configure_logs
from genesis.signals import stop_event

if TYPE_CHECKING:
    from genesis.ledger.address import Address

FAILURE = 1
TROUBLE = 2
INTERRUPTED = 130

_Number = TypeVar("_Number", int, float)
_say = partial(print, flush=True)


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """Run one sub-command; its exit code. What is wrong is one message on stderr, not a traceback."""
    environ = os.environ if environ is None else environ
    # Read when numpy is loaded: otherwise its BLAS starts a thread a core, each with room of its own, for arrays this small.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        options = parser(environ).parse_args(arguments)
        configure_logs(options.log_level)
        command: Callable[[argparse.Namespace, Mapping[str, str]], int] = options.command
        return command(options, environ)
    except GenesisError as error:
        print(f"genesis: {error}", file=sys.stderr)
        return FAILURE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # `genesis replay ... | head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE


def parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    """The whole command line. GENESIS_HOST and GENESIS_PORT of `environ` stand in for --host and --port."""
    top = argparse.ArgumentParser(prog="genesis", description="Live strategy performance monitoring for trading engines.")
    top.add_argument("--version", action="version", version=f"genesis {__version__}")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")

    demo = _command(
        commands, "demo", _demo, "run engine, monitor, Prometheus and Alertmanager on this machine, and watch", "WARNING"
    )
    demo.add_argument("--speed", type=_above_zero(float), default=1.0, metavar="X", help="times real time (default: 1)")
    demo.add_argument("--seed", type=int, default=1, metavar="N", help="the simulated market's seed (default: 1)")
    demo.add_argument("--duration", type=_above_zero(float), metavar="S", help="stop after S seconds (default: at Ctrl-C)")
    demo.add_argument(
        "--market", type=Path, metavar="DIR", help="trade on the recorded market in DIR instead of a simulated one"
    )
    demo.add_argument("--data", type=Path, metavar="DIR", help="write to DIR and keep it (default: a temporary directory)")
    demo.add_argument("--no-stack", action="store_true", help="engine and monitor only")
    demo.add_argument("--free-ports", action="store_true", help="use any free ports, not the usual ones")
    _address(demo, environ)

    monitor = _command(commands, "monitor", _monitor, "serve the journal's account at /metrics until SIGTERM or Ctrl-C")
    monitor.add_argument("--journal", metavar="WHERE", help="file or postgresql://... (default: as monitor.yaml says)")
    _address(monitor, environ)

    replay = _command(commands, "replay", _replay, "book a file of recorded fills and tell what it comes to", "WARNING")
    replay.add_argument("--fills", type=Path, required=True, metavar="FILE", help="CSV, plain or gzip")
    replay.add_argument("--journal", metavar="WHERE", help="keep the fills in this journal (default: in memory only)")
    replay.add_argument("--currency", metavar="CODE", help="the fills' reporting currency (default: as monitor.yaml says)")

    reconcile = _command(
        commands, "reconcile", _reconcile, "compare a broker's statement with the books; exit code 1 tells of breaks", "WARNING"
    )
    reconcile.add_argument("--statement", type=Path, required=True, metavar="FILE", help="CSV: docs/reconciliation.md")
    asked = reconcile.add_mutually_exclusive_group()
    asked.add_argument(
        "--url", metavar="URL", help="the running monitor, which tells and alerts (default: as monitor.yaml says)"
    )
    asked.add_argument("--journal", metavar="WHERE", help="compare with this journal instead, and tell nobody else")
    reconcile.add_argument(
        "--token-file", type=Path, metavar="FILE", help="the token of ingest (default: as monitor.yaml says)"
    )
    reconcile.add_argument(
        "--ca-file",
        type=Path,
        metavar="FILE",
        help="the authority of the monitor's certificate (default: as monitor.yaml says)",
    )
    reconcile.add_argument(
        "--strategy",
        action="append",
        default=[],
        metavar="NAME",
        help="the statement is of this strategy alone; may be repeated",
    )
    reconcile.add_argument(
        "--cash",
        choices=["wallet", "settled"],
        default="wallet",
        help="settled: open positions were paid for (default: wallet)",
    )
    reconcile.add_argument(
        "--tolerance", default="0", metavar="X", help="cash that differs by no more is no break (default: 0)"
    )

    baseline = _command(
        commands, "baseline", _baseline, "make a strategy's baseline from the returns of its back-test", "WARNING"
    )
    baseline.add_argument("--returns", type=Path, required=True, metavar="FILE", help="CSV, plain or gzip: times and returns")
    baseline.add_argument("--column", metavar="NAME", help="of the returns (default: the only one beside the times)")
    baseline.add_argument("--step", metavar="T", help="between two returns, for example 1d (default: the times' median)")
    baseline.add_argument("--strategy", metavar="NAME", help="write its name above the block")
    baseline.add_argument("--output", type=Path, metavar="FILE", help="write to a new file (default: standard output)")

    report = _command(
        commands, "report", _report, "print the figures of /metrics from a journal; a monitor may have it open", "WARNING"
    )
    report.add_argument("--journal", metavar="WHERE", help="file or postgresql://... (default: as monitor.yaml says)")
    report.add_argument("--password-file", type=Path, metavar="FILE", help="of the database (default: as monitor.yaml says)")
    report.add_argument("--strategy", action="append", default=[], metavar="NAME", help="only this one; may be repeated")

    _journal_commands(commands)

    generate = _command(commands, "generate", _generate, "write rules, configurations, boards and reference docs again")
    generate.add_argument("--check", action="store_true", help="write nothing; fail if a file is not up to date")

    _command(commands, "check", _check, "check configuration and generated files")

    found = _command(commands, "programs", _programs, "say where Prometheus, Alertmanager and their tools are")
    found.add_argument("--install", action="store_true", help="install what is missing with apt; silent when all is there")
    found.add_argument("--tests", action="store_true", help="also what only the tests need: PostgreSQL")
    return top


def _journal_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "check a journal, fingerprint its books, write its events out, move it to another database"
    top = commands.add_parser("journal", help=text, description=f"{text[0].upper()}{text[1:]}.")
    verbs = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _command(verbs, "verify", _journal_verify, "check file, sequence, events and books; a monitor may have it open")
    _command(verbs, "digest", _journal_digest, "print the number of events and the digest of the books that they make")
    export = _command(verbs, "export", _journal_export, "write the events as lines of JSON, as POST /api/v1/events takes them")
    export.add_argument("--output", type=Path, metavar="FILE", help="a new file (default: standard output)")
    copy = _command(
        verbs, "copy", _journal_copy, "copy to an empty journal, checking that the books agree; stop the monitor first"
    )
    copy.add_argument(
        "--to", required=True, metavar="WHERE", help="the empty journal: file or postgresql://USER@HOST:PORT/NAME"
    )
    for verb in verbs.choices.values():
        verb.add_argument("--journal", metavar="WHERE", help="file or postgresql://... (default: as monitor.yaml says)")
        verb.add_argument("--password-file", type=Path, metavar="FILE", help="of the database (default: as monitor.yaml says)")


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace, Mapping[str, str]], int],
    text: str,
    log_level: str = "INFO",
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    command.set_defaults(command=run)
    command.add_argument("--config", type=Path, default=Path("config"), metavar="DIR", help="settings (default: config)")
    command.add_argument(
        "--log-level", default=log_level, choices=["DEBUG", "INFO", "WARNING", "ERROR"], help=f"default: {log_level}"
    )
    return command


def _address(command: argparse.ArgumentParser, environ: Mapping[str, str]) -> None:
    command.add_argument(
        "--host", default=environ.get("GENESIS_HOST"), metavar="H", help="listen here (default: as monitor.yaml says)"
    )
    # A default that is a string goes through `type` as well, so that a wrong variable is a usage error too.
    command.add_argument("--port", type=_port, default=environ.get("GENESIS_PORT"), metavar="P", help="0 takes any free port")


def _above_zero(number: type[_Number]) -> Callable[[str], _Number]:
    def parse(text: str) -> _Number:
        value = number(text)
        if not 0 < value < float("inf"):
            raise argparse.ArgumentTypeError(f"{text!r} is not above 0")
        return value

    return parse


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 0 to 65535")
    return int(text)


def _demo(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    from genesis.demo.demo import Demo, DemoOptions
    from genesis.stack.native import ANY_PORTS, USUAL_PORTS

    settings = load_settings(options.config)
    chosen = DemoOptions(
        seed=options.seed,
        speed=options.speed,
        duration=options.duration,
        market=options.market,
        data=options.data,
        stack=not options.no_stack,
        host=options.host,
        port=0 if options.free_ports and options.port is None else options.port,
        ports=ANY_PORTS if options.free_ports else USUAL_PORTS,
        grafana_files=options.config.absolute().parent / "grafana",
    )
    asyncio.run(_until_signal(Demo(settings, chosen, say=_say, clock=SystemClock(), environ=environ).run))
    return 0


def _monitor(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    from genesis.app import MonitorApp

    app = MonitorApp(
        load_settings(options.config), journal=options.journal, host=options.host, port=options.port, clock=SystemClock()
    )

    async def serve(stop: asyncio.Event) -> None:
        async with app:
            gc.collect()
            gc.freeze()  # what is there now stays: a full collection amid a scrape need not look at half a million objects
            await stop.wait()

    asyncio.run(_until_signal(serve))
    return 0


def _replay(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    from genesis.ingest.recorded_fills import read_fills
    from genesis.ledger.address import configured
    from genesis.replay import replay, report_lines

    settings = load_settings(options.config)
    if options.currency:
        monitor = settings.monitor.model_copy(update={"reporting_currency": options.currency})
        settings = settings._replace(monitor=monitor)
    journal = configured(settings.monitor, options.journal) if options.journal else None
    report = asyncio.run(replay(read_fills(options.fills), settings, journal, SystemClock()))
    for line in report_lines(report):
        _say(line)
    return 0


def _report(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    from genesis.report import report

    where, monitor = _journal_of(options)
    settings = load_settings(options.config)._replace(monitor=monitor)
    snapshot = asyncio.run(report.read(where, settings, SystemClock()))
    for line in report.lines(snapshot, where, options.strategy):
        print(line)
    return 0


def _reconcile(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    try:
        return _compare(options)
    except GenesisError as error:  # 1 is for breaks
        print(f"genesis: {error}", file=sys.stderr)
        return TROUBLE


def _compare(options: argparse.Namespace) -> int:
    from genesis import reconcile
    from genesis.core.statement import CashBasis, Terms
    from genesis.ingest.statement_http import tolerance
    from genesis.ledger.address import configured

    settings = load_settings(options.config).monitor
    statement = reconcile.read_file(options.statement)
    terms = Terms(
        strategies=tuple(sorted(set(options.strategy))), cash=CashBasis(options.cash), tolerance=tolerance(options.tolerance)
    )
    if options.journal is not None:
        where = configured(settings, options.journal)
        found = asyncio.run(reconcile.look_up(where, settings, statement, terms, SystemClock()))
    else:
        given = {"url": options.url, "token_file": options.token_file, "ca_file": options.ca_file}
        monitor = reconcile.configured_monitor(settings)
        monitor = monitor._replace(**{key: value for key, value in given.items() if value is not None})
        found = asyncio.run(reconcile.ask(monitor, statement, terms))
    for line in reconcile.report_lines(found):
        _say(line)
    return FAILURE if found.total_breaks else 0


def _baseline(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    from genesis import baseline

    step = None if options.step is None else baseline.checked_step(options.step)
    made = baseline.baseline(baseline.read_returns(options.returns, options.column), step)
    text = baseline.yaml_block(made, options.strategy)
    if options.output is None:
        _say(text, end="")
        return 0
    baseline.write(options.output, text)
    for note in made.notes:
        _say(note)
    _say(f"written: {options.output}: for strategies.yaml, below the strategy's name")
    return 0


def _journal_verify(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    from genesis import journal_command

    where, settings = _journal_of(options)
    verdict = asyncio.run(journal_command.verify(where, settings, SystemClock()))
    for fault in verdict.faults:
        print(f"FAULT: {fault}", file=sys.stderr)
    if verdict.faults:
        print(f"genesis: journal {where}: is not sound; restore a backup, and keep this one", file=sys.stderr)
        return FAILURE
    snapshot = (
        "no snapshot" if verdict.snapshot is None else f"the snapshot at event {verdict.snapshot} leads to the same books"
    )
    _say(f"ok: journal {where}: {verdict.events} events in sequence, digest {verdict.digest}, {snapshot}")
    return 0


def _journal_digest(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    from genesis import journal_command

    events, digest = asyncio.run(journal_command.fingerprint(*_journal_of(options), SystemClock()))
    _say(f"{events} {digest}")
    return 0


def _journal_export(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    from genesis import journal_command

    where, _ = _journal_of(options)
    if options.output is None:
        asyncio.run(journal_command.export(where, sys.stdout.buffer.write))
        sys.stdout.buffer.flush()
        return 0
    with journal_command.new_file(options.output) as file:
        events = asyncio.run(journal_command.export(where, file.write))
    _say(f"written: {options.output}: {events} events")
    return 0


def _journal_copy(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    from genesis import journal_command
    from genesis.ledger.address import configured

    source, settings = _journal_of(options)
    target = configured(settings, options.to)
    events, digest = asyncio.run(journal_command.copy(source, target, settings, SystemClock()))
    _say(f"copied: {events} events from {source} to {target}, digest {digest} on both sides")
    _say(f"Next: `journal: {target}` in monitor.yaml, and start the monitor. {source} is as it was; keep it as a backup.")
    return 0


def _journal_of(options: argparse.Namespace) -> tuple[Address, MonitorSettings]:
    """The journal that the options name, and the settings for its books."""
    from genesis.ledger.address import configured

    settings = load_settings(options.config).monitor
    if options.password_file is not None:
        settings = settings.model_copy(update={"journal_password_file": options.password_file})
    return configured(settings, options.journal), settings


def _generate(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    from genesis import generate

    settings, root = load_settings(options.config), options.config.absolute().parent
    if not options.check:
        for path in generate.write(root, settings):
            _say(f"written: {path}")
        return 0
    drifted = generate.check(root, settings)
    for path in drifted:
        print(f"not up to date: {path}: run `genesis generate`", file=sys.stderr)
    return FAILURE if drifted else 0


def _check(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    from genesis.check import check_files

    settings = load_settings(options.config)
    _say(f"ok: {options.config}")
    failed = False
    for note, fault in check_files(settings, options.config.absolute().parent, environ):
        _say(f"ok: {note}" if fault is None else f"FAULT: {note}\n{fault}")
        failed = failed or fault is not None
    return FAILURE if failed else 0


def _programs(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    from genesis.stack import programs

    wanted = programs.TESTED if options.tests else programs.ALL
    if options.install:
        programs.install(wanted, environ, _say)
        return 0
    found = {program: programs.find(program, environ) for program in (*wanted, programs.GRAFANA)}
    for program, path in found.items():
        _say(f"{program.name:<14}{path or '-'}")
    programs.require(wanted, environ)
    return 0


async def _until_signal(run: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    with stop_event(_say) as stop:
        await run(stop)
