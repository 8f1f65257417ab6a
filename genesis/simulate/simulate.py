"""`genesis rotate simulate`: on a Prometheus, on a journal, or on seeds of the simulated market."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from genesis.clients.prometheus import Prometheus
from genesis.configuration import Settings
from genesis.core.clock import Clock
from genesis.core.duration import parse_duration
from genesis.core.errors import GenesisError
from genesis.database.address import Address
from genesis.settings.strategies import BaselineSettings, StrategySettings
from genesis.simulate import distribution, lines, replayed
from genesis.simulate.backfill import prometheus_on
from genesis.simulate.market import Plan, with_fifth
from genesis.simulate.pace import paced_monitor, paced_rotation
from genesis.simulate.past import Period, metrics_needed, moments
from genesis.simulate.seeds import run_all
from genesis.simulate.simulation import Simulation, simulated

_QUERY_SECONDS = 300.0
FIFTH = "market_making"
_FIFTH = StrategySettings(
    capital=Decimal(5000),
    baseline=BaselineSettings(step=timedelta(minutes=1), observations=114, mean=0.000124, volatility=0.000297),
)
"""The paper engine's strategy that the demo does not have; its baseline is from six runs of 20 minutes (seeds 1 to 6)."""
_ALERTS_NOTE = "alerts show what fired on the account as it was, not on the account as rotation would have changed it"


def moment_of(text: str, now: datetime, option: str) -> datetime:
    """A time in RFC 3339 (UTC if it has no zone), or a duration before `now`, such as 6h.

    Raises:
        GenesisError: it is neither; the message names `option`.
    """
    try:
        return now - parse_duration(text)
    except ValueError:
        pass
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        right = "is neither a time such as 2025-01-31T08:00:00Z nor a duration such as 6h"
        raise GenesisError(f"{option}: {text!r} {right}") from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def period_of(since: datetime, until: datetime, step: timedelta) -> Period:
    """The steps between two times.

    Raises:
        GenesisError: there is no step between them.
    """
    seconds = step.total_seconds()
    start, end = -(-since.timestamp() // seconds) * seconds, until.timestamp()
    if start > end:
        raise GenesisError(f"--since {since:%Y-%m-%dT%H:%M:%SZ} must be before --until {until:%Y-%m-%dT%H:%M:%SZ}")
    return Period.between(start, end, seconds)


async def from_prometheus(
    url: str, settings: Settings, period: Period, *, changes: int, notes: Sequence[str] = (_ALERTS_NOTE,)
) -> list[str]:
    """Run the policy on a Prometheus's data of a period; returns the report as lines.

    Raises:
        GenesisError: it cannot be queried, rejects an expression, or has no strategy in that period.
    """
    step = timedelta(seconds=period.step)
    rotation = simulated(settings.rotation, step)
    simulation = Simulation(rotation)
    async with Prometheus(url, option="--from", timeout=_QUERY_SECONDS) as prometheus:
        async for moment in moments(prometheus, rotation, settings.rules, period):
            simulation.take(moment)
    if simulation.empty_steps == simulation.steps:
        raise GenesisError(
            f"Prometheus at {url}: has no strategy at any of the {period.steps} steps: check --since and --until"
        )
    return list(lines.lines(simulation, settings.rotation, step, changes=changes, notes=notes))


async def from_journal(
    where: Address,
    settings: Settings,
    step: timedelta,
    *,
    changes: int,
    clock: Clock,
    since: datetime | None = None,
    until: datetime | None = None,
    scratch: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> list[str]:
    """Run the policy on a journal's events, by way of a monitor and a Prometheus; returns the report as lines.

    Raises:
        GenesisError: the journal cannot be read, or Prometheus or promtool is missing.
    """
    with tempfile.TemporaryDirectory(prefix="genesis-simulate-", dir=scratch) as name:
        folder = Path(name)
        samples = folder / "samples.om"
        with samples.open("wb") as file:
            metrics = metrics_needed(settings.rotation)
            recorded = await replayed.record(
                where, settings, metrics, step.total_seconds(), file, since=since, until=until, clock=clock
            )
        notes = (f"{recorded.events:,} events of the journal", *replayed.NOTES)
        async with prometheus_on(samples, folder, environ) as url:
            return await from_prometheus(url, settings, recorded.period, changes=changes, notes=notes)


def on_seeds(
    plans: Sequence[Plan],
    settings: Settings,
    *,
    pace: float,
    command: str,
    processes: int = 1,
    scratch: Path | None = None,
    kept: Path | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[str]:
    """Run the policy on runs of the simulated market; returns the report as lines.

    Args:
        plans: the runs, at least one.
        settings: as in the configuration.
        pace: the divisor of its times.
        command: what the user typed, for the report.
        processes: how many run at a time.
        scratch: the folder of scratch files; None: the machine's default.
        kept: the folder where the market's samples are kept and looked up, so that other settings of rotation can use them.
        progress: called with (finished runs, all runs).

    Raises:
        GenesisError: Prometheus or promtool is missing, or a run fails.
    """
    paced = paced_monitor(with_fifth(settings, FIFTH, _FIFTH), pace)
    rotation = paced_rotation(settings.rotation, pace)
    runs = run_all(plans, paced._replace(rotation=rotation), processes=processes, folder=scratch, kept=kept, progress=progress)
    first = plans[0]
    heads = [
        command,
        f"{len(plans)} runs (seeds {first.seed} to {plans[-1].seed}) of {first.minutes:g} minutes, a decision each "
        f"{rotation.interval.total_seconds():g} s; settings {lines.digest(settings.rotation)}, their times divided by {pace:g}",
    ]
    return distribution.lines(runs, heads)
