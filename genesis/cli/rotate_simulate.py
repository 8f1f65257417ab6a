"""`genesis rotate simulate`: what the policy would have done in the past, and what it would have earned."""

# ruff: noqa: PLC0415 - a sub-command loads only what it runs

from __future__ import annotations

import argparse
import asyncio
import shlex
import sys
from pathlib import Path

from genesis.cli.arguments import Commands, Environ, above_zero, add_command, say
from genesis.configuration import Settings, load_settings
from genesis.core.clock import SystemClock
from genesis.core.duration import parse_duration
from genesis.core.errors import GenesisError

_CHANGES = 40


def add_simulate(verbs: Commands) -> None:
    """`simulate` among the verbs of `genesis rotate`."""
    simulate = add_command(
        verbs, "simulate", _simulate, "run the policy on the past: its changes, its P&L, and the P&L without it", "WARNING"
    )
    source = simulate.add_mutually_exclusive_group(required=True)
    source.add_argument("--from", dest="url", metavar="URL", help="the data of the Prometheus at URL")
    source.add_argument(
        "--journal", metavar="WHERE", help="a journal's events: file or postgresql://...; a monitor may have it open"
    )
    source.add_argument("--seeds", type=above_zero(int), metavar="N", help="N runs of the simulated market")
    _add_past(simulate)
    _add_market(simulate)
    simulate.add_argument("--scratch", type=Path, metavar="DIR", help="for temporary files (default: the machine's)")


def _add_past(simulate: argparse.ArgumentParser) -> None:
    past = simulate.add_argument_group("with --from and --journal")
    past.add_argument(
        "--since",
        metavar="T",
        help="2025-01-31T08:00:00Z, or 6h for six hours ago (default: --from: 1d; --journal: its first event)",
    )
    past.add_argument("--until", metavar="T", help="the same forms (default: --from: now; --journal: its last event)")
    past.add_argument("--step", metavar="T", help="time between two decisions (default: interval of rotation.yaml)")
    past.add_argument(
        "--steps", type=_count, default=_CHANGES, metavar="N", help=f"list the last N changes (default: {_CHANGES})"
    )


def _add_market(simulate: argparse.ArgumentParser) -> None:
    market = simulate.add_argument_group("with --seeds")
    market.add_argument(
        "--first-seed", type=int, default=1, metavar="N", help="seed of the first run; the next runs count up (default: 1)"
    )
    market.add_argument("--minutes", type=above_zero(float), default=15.0, metavar="M", help="length of each run (default: 15)")
    market.add_argument("--decays", metavar="NAME", help="the strategy that decays (default: each seed draws one)")
    market.add_argument(
        "--fault",
        choices=["edge", "execution", "none"],
        default="edge",
        help="edge: half of its trades are on the wrong side; execution: it churns, as in the demo (default: edge)",
    )
    market.add_argument(
        "--pace", type=above_zero(float), default=12.0, metavar="X", help="divide the times of rotation.yaml by X (default: 12)"
    )
    market.add_argument(
        "--keep",
        type=Path,
        metavar="DIR",
        help="keep the market's samples in DIR, so that a run with other settings can use them again",
    )
    market.add_argument(
        "--processes", type=above_zero(int), default=1, metavar="N", help="how many processes run at a time (default: 1)"
    )


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of lines")
    return int(text)


def _simulate(options: argparse.Namespace, environ: Environ) -> int:
    settings = load_settings(options.config)
    if options.seeds is not None:
        return _on_seeds(options, settings)
    for line in asyncio.run(_of_the_past(options, settings, environ)):
        say(line)
    return 0


async def _of_the_past(options: argparse.Namespace, settings: Settings, environ: Environ) -> list[str]:
    from datetime import timedelta

    from genesis.database.address import journal_address
    from genesis.simulate import simulate

    clock = SystemClock()
    now = clock.now()
    try:
        step = settings.rotation.interval if options.step is None else parse_duration(options.step)
    except ValueError as error:
        raise GenesisError(f"--step: {options.step!r} {error}") from error
    if step < timedelta(milliseconds=1):
        raise GenesisError(f"--step: {options.step!r} must be longer than 0s")
    since, until = (
        None if text is None else simulate.moment_of(text, now, option)
        for option, text in (("--since", options.since), ("--until", options.until))
    )
    if options.url is not None:
        period = simulate.period_of(since or now - timedelta(days=1), until or now, step)
        return await simulate.from_prometheus(options.url, settings, period, changes=options.steps)
    return await simulate.from_journal(
        journal_address(settings.monitor, options.journal),
        settings,
        step,
        changes=options.steps,
        clock=clock,
        since=since,
        until=until,
        scratch=options.scratch,
        environ=environ,
    )


def _on_seeds(options: argparse.Namespace, settings: Settings) -> int:
    from genesis.simulate.market import healthy, plan
    from genesis.simulate.simulate import on_seeds

    def progress(done: int, total: int) -> None:
        print(f"{done} of {total} runs", file=sys.stderr, flush=True)

    seeds = range(options.first_seed, options.first_seed + options.seeds)
    if options.fault == "none":
        plans = [healthy(seed, options.minutes) for seed in seeds]
    else:
        plans = [plan(seed, options.minutes, options.decays, options.fault) for seed in seeds]
    command = shlex.join(["genesis", *sys.argv[1:]])
    for line in on_seeds(
        plans,
        settings,
        pace=options.pace,
        command=command,
        processes=options.processes,
        scratch=options.scratch,
        kept=options.keep,
        progress=progress,
    ):
        say(line)
    return 0
