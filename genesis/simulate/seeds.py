"""Many runs of the simulated market, each with a strategy that decays: what rotation would have earned on them."""

from __future__ import annotations

import asyncio
import hashlib
import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from genesis import __version__
from genesis.clients.prometheus import Prometheus, Range
from genesis.configuration import Settings
from genesis.core.models import StrategyState
from genesis.logs import configure_logs
from genesis.simulate.backfill import make_blocks, prometheus_on_blocks
from genesis.simulate.market import BEGIN, SEED, Plan, record
from genesis.simulate.openmetrics import END
from genesis.simulate.past import Period, Ranges, fetch, metrics_needed, moments_of
from genesis.simulate.profit import PLANS
from genesis.simulate.simulation import Simulation, TimedStep

BATCH = 20
"""Runs that share a Prometheus."""
_QUERY_SECONDS = 300.0


class Figures(msgspec.Struct, frozen=True):
    """The result of a plan in one run."""

    pnl: float
    at_full_exposure: float | None
    max_drawdown: float
    exposure: float
    turnover: float


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one run."""

    plan: Plan
    capital: float
    plans: dict[str, Figures]
    earned: dict[str, float]
    """Strategy → its P&L as it was."""
    mean_weights: dict[str, float]
    switches: int
    steps: int
    blocked_steps: int
    paused: dict[str, int]
    """Strategy → how often it was paused while it worked: a healthy one, or the decaying one before its decay; only if > 0."""
    reduced: dict[str, int]
    """The same for how often a rule reduced it."""
    healthy_paused_ratio: float
    """The part of the healthy strategies' time that they were paused."""
    halved_after: float | None
    """Seconds from the decay until the decaying strategy had at most half of its weight at the decay; None: never."""
    reduced_after: float | None
    paused_after: float | None


class Job(NamedTuple):
    """The work of one process."""

    plans: tuple[Plan, ...]
    settings: Settings
    """Paced already."""
    folder: str | None
    """The folder of scratch files; None: the machine's default."""
    kept: str | None
    """The folder where the market's samples are kept and looked up; None: they are not kept."""


def run_all(
    plans: Sequence[Plan],
    settings: Settings,
    *,
    processes: int = 1,
    folder: Path | None = None,
    kept: Path | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Run]:
    """All runs, in the order of their plans; `settings` are paced already.

    Raises:
        GenesisError: a program is missing, or a run fails.
    """
    batches = [tuple(plans[first : first + BATCH]) for first in range(0, len(plans), BATCH)]
    jobs = [Job(batch, settings, *(None if path is None else str(path) for path in (folder, kept))) for batch in batches]
    found: dict[int, Run] = {}
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        for done in as_completed([pool.submit(run_batch, job) for job in jobs]):
            found |= {run.plan.seed: run for run in done.result()}
            progress(len(found), len(plans))
    return [found[plan.seed] for plan in plans]


def run_batch(job: Job) -> list[Run]:
    """Make runs that share a Prometheus; called in a process of its own."""
    configure_logs("ERROR")
    with tempfile.TemporaryDirectory(prefix="genesis-simulate-", dir=job.folder) as folder:
        return asyncio.run(_run_batch(job, Path(folder)))


async def _run_batch(job: Job, folder: Path) -> list[Run]:
    rotation = job.settings.rotation
    blocks = folder / "blocks" if job.kept is None else Path(job.kept) / _key(job)
    if not blocks.exists():
        await _record(job, folder, blocks)
    step = rotation.interval.total_seconds()
    period = Period.between(BEGIN.timestamp() + step, max(plan.end for plan in job.plans), step)
    async with (
        prometheus_on_blocks(blocks, folder, os.environ) as url,
        Prometheus(url, timeout=_QUERY_SECONDS) as prometheus,
    ):
        simulations = {plan.seed: Simulation(rotation) for plan in job.plans}
        for chunk in period.chunks():
            parts = by_seed(await fetch(prometheus, rotation, chunk))
            for seed, simulation in simulations.items():
                for moment in moments_of(parts.get(seed, {}), rotation, job.settings.rules, chunk):
                    simulation.take(moment)
    return [outcome(plan, simulations[plan.seed]) for plan in job.plans]


async def _record(job: Job, folder: Path, blocks: Path) -> None:
    """Run the market, and put the monitor's samples into `blocks`, completely or not at all."""
    samples, made = folder / "samples.om", folder / "made"
    rotation = job.settings.rotation
    metrics = metrics_needed(rotation)
    with samples.open("wb") as file:
        for plan in job.plans:
            await record(plan, job.settings, metrics, rotation.interval.total_seconds(), file)
        file.write(END)
    await make_blocks(samples, made, os.environ)
    samples.unlink()
    blocks.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(made, part := blocks.with_suffix(".part"), dirs_exist_ok=True)
    part.rename(blocks)


def _key(job: Job) -> str:
    """A hash of everything that the market's samples depend on."""
    settings = job.settings
    parts = [
        *(__version__, repr(job.plans), settings.monitor.model_dump_json(), settings.strategies.model_dump_json()),
        *(str(settings.rotation.interval), *sorted(metrics_needed(settings.rotation))),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def by_seed(ranges: Ranges) -> dict[int, dict[str, list[Range]]]:
    """The series of each run, by its seed; names are without the suffix of the run."""
    found: dict[int, dict[str, list[Range]]] = {}
    for key, series in ranges.items():
        for each in series:
            name, _, seed = each.labels.get("strategy", "").rpartition("#")
            seed = seed if name else each.labels.get(SEED, "")
            if seed:
                part = found.setdefault(int(seed), {})
                part.setdefault(key, []).append(Range(_plain(each.labels, f"#{seed}"), each.points))
    return found


def _plain(labels: Mapping[str, str], suffix: str) -> dict[str, str]:
    return {name: value.removesuffix(suffix) for name, value in labels.items() if name != SEED}


def outcome(plan: Plan, simulation: Simulation) -> Run:
    """The result of a run."""
    comparison, totals = simulation.comparison, simulation.totals
    healthy = [counts for name, counts in totals.items() if name != plan.decays]
    time = sum(counts.steps for counts in healthy)
    return Run(
        plan=plan,
        capital=comparison.capital,
        plans={name: _figures(simulation, name) for name in PLANS},
        earned=comparison.earned,
        mean_weights={name: counts.mean_weight for name, counts in totals.items()},
        switches=sum(counts.switches for counts in totals.values()),
        steps=simulation.steps,
        blocked_steps=simulation.blocked_steps,
        paused=_counted(plan, simulation.changes, StrategyState.PAUSED),
        reduced=_counted(plan, simulation.changes, StrategyState.REDUCED),
        healthy_paused_ratio=sum(counts.paused_steps for counts in healthy) / time if time else 0.0,
        halved_after=_halved(plan, simulation.changes),
        reduced_after=_entered(plan, simulation.changes, StrategyState.REDUCED),
        paused_after=_entered(plan, simulation.changes, StrategyState.PAUSED),
    )


def _figures(simulation: Simulation, name: str) -> Figures:
    result = simulation.comparison.results[name]
    return Figures(result.pnl, result.pnl_at_full_exposure, result.max_drawdown, result.exposure, result.turnover)


def _seconds(plan: Plan, time: datetime) -> float:
    """Seconds since the decay."""
    return (time - BEGIN).total_seconds() - plan.after


def _counted(plan: Plan, changes: Sequence[TimedStep], state: StrategyState) -> dict[str, int]:
    """How often each strategy was put into a state from a better one while it worked."""
    found: dict[str, int] = {}
    for change in changes:
        works = change.strategy != plan.decays or _seconds(plan, change.time) < 0
        before, after = change.step.before.state, change.step.after.state
        if works and after is state and before is not state and before is not StrategyState.PAUSED:
            found[change.strategy] = found.get(change.strategy, 0) + 1
    return found


def _of_decaying(plan: Plan, changes: Sequence[TimedStep]) -> Iterator[tuple[float, TimedStep]]:
    return ((_seconds(plan, change.time), change) for change in changes if change.strategy == plan.decays)


def _entered(plan: Plan, changes: Sequence[TimedStep], state: StrategyState) -> float | None:
    """Seconds from the decay until the decaying strategy entered a state; 0 if it was in that state at the decay."""
    at_decay = StrategyState.ACTIVE
    for seconds, change in _of_decaying(plan, changes):
        if seconds < 0:
            at_decay = change.step.after.state
        elif at_decay is state:
            return 0.0
        elif change.step.after.state is state:
            return seconds
    return 0.0 if at_decay is state else None


def _halved(plan: Plan, changes: Sequence[TimedStep]) -> float | None:
    weight: float | None = None
    for seconds, change in _of_decaying(plan, changes):
        if seconds < 0:
            weight = float(change.step.after.weight)
            continue
        weight = float(change.step.before.weight) if weight is None else weight
        if float(change.step.after.weight) <= weight / 2:
            return seconds
    return None
