"""Many runs of the simulated market as lines for a terminal: the distribution of rotation's results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from statistics import fmean, median, quantiles
from typing import NamedTuple

from genesis.commands.report.layout import heading, percent, span, table, wrapped
from genesis.simulate.lines import ASSUMED
from genesis.simulate.profit import EQUAL_WEIGHT, NO_ROTATION, PLANS, ROTATION
from genesis.simulate.seeds import Figures, Run

Lines = Iterator[str]
_PERCENTILES = 20
"""Twentieths: the first and the last cut are the 5th and the 95th percentile."""
_BASIS_POINTS = 10_000

NOTES = (
    *ASSUMED,
    "The market is simulated, and a strategy decays on purpose: its P&L and its fees are the paper engine's.",
    "No alert rules are evaluated: signals that read ALERTS see none.",
    "A run is shorter than a day: it may use all of max_turnover_per_day.",
)


class Spread(NamedTuple):
    """The summary of a distribution."""

    mean: float
    median: float
    low: float
    """The 5th percentile."""
    high: float
    """The 95th."""
    positive: float
    """The share of values above 0."""
    error: float
    """The standard error of the mean."""


def spread(values: Sequence[float]) -> Spread:
    """The summary of at least one value."""
    mean = fmean(values)
    cuts = quantiles(values, n=_PERCENTILES, method="inclusive") if len(values) > 1 else [mean] * (_PERCENTILES - 1)
    error = (sum((value - mean) ** 2 for value in values) / max(1, len(values) - 1) / len(values)) ** 0.5
    return Spread(mean, median(values), cuts[0], cuts[-1], sum(value > 0 for value in values) / len(values), error)


def lines(runs: Sequence[Run], heads: Sequence[str]) -> Lines:
    """The whole report; `heads`: its first lines, with the command and the settings."""
    yield from heads
    for note in NOTES:
        yield from wrapped("Note", [note])
    yield from _plans(runs)
    yield from _differences(runs)
    yield from _healthy(runs)
    yield from _decaying(runs)
    yield from _moved(runs)


def _plans(runs: Sequence[Run]) -> Lines:
    yield from heading("P&L of a run, in basis points of the capital")
    heads = ("", "mean", "median", "5 %", "95 %", "mean exposure", "max drawdown", "turnover")
    rows = []
    for plan in PLANS:
        summary = spread([_of_capital(run, run.plans[plan].pnl) for run in runs])
        plan_figures = [run.plans[plan] for run in runs]
        rows.append(
            (
                *(plan, _points(summary.mean), _points(summary.median), _points(summary.low), _points(summary.high)),
                percent(fmean(figures.exposure for figures in plan_figures)),
                _points(fmean(_of_capital(run, run.plans[plan].max_drawdown) for run in runs)),
                f"{fmean(figures.turnover for figures in plan_figures):.2f}",
            )
        )
    yield from table(heads, rows)


def _differences(runs: Sequence[Run]) -> Lines:
    yield from heading("P&L of rotation minus that of the others, in basis points of the capital")
    heads = ("", "mean", "± s.e.", "median", "5 %", "95 %", "above 0")
    rows = []
    for other in (NO_ROTATION, EQUAL_WEIGHT):
        rows.append((other, *_row(spread([_more(run, other, lambda figures: figures.pnl) for run in runs]))))
        fair = spread([_more(run, other, lambda figures: figures.at_full_exposure or 0.0) for run in runs])
        rows.append((f"{other}, fully invested", *_row(fair)))
    yield from table(heads, rows)


def _row(summary: Spread) -> tuple[str, ...]:
    figures = (summary.mean, summary.error, summary.median, summary.low, summary.high)
    return (*map(_points, figures), percent(summary.positive))


def _healthy(runs: Sequence[Run]) -> Lines:
    yield from heading("Strategies while they worked")
    paused, reduced = [sum(run.paused.values()) for run in runs], [sum(run.reduced.values()) for run in runs]
    rows = [
        (name, f"{sum(counts)}", f"{fmean(counts):.2f}", percent(sum(count > 0 for count in counts) / len(runs)))
        for name, counts in (("paused", paused), ("reduced by a rule", reduced))
    ]
    yield from table(("", "times", "a run", "of the runs"), rows)
    yield f"  healthy strategies were paused for {percent(fmean(run.healthy_paused_ratio for run in runs))} of their time"


def _decaying(runs: Sequence[Run]) -> Lines:
    decayed = [run for run in runs if run.plan.decays is not None]
    if not decayed:
        return
    yield from heading("The strategy that decayed, from then on")
    rows = []
    for name, times in (
        ("had half of its weight", [run.halved_after for run in decayed]),
        ("reduced by a rule", [run.reduced_after for run in decayed]),
        ("paused", [run.paused_after for run in decayed]),
    ):
        known = [time for time in times if time is not None]
        summary = spread(known) if known else None
        cells = (span(summary.median), span(summary.low), span(summary.high)) if summary is not None else ("-", "-", "-")
        rows.append((name, percent(len(known) / len(decayed)), *cells))
    yield from table(("", "of the runs", "after (median)", "5 %", "95 %"), rows)


def _moved(runs: Sequence[Run]) -> Lines:
    yield from heading("A run")
    switches = spread([run.switches for run in runs])
    turnover = spread([run.plans[ROTATION].turnover for run in runs])
    blocked = fmean(run.blocked_steps / run.steps if run.steps else 0.0 for run in runs)
    yield f"  changes of state: mean {switches.mean:.1f}, 5 % {switches.low:.0f}, 95 % {switches.high:.0f}"
    yield f"  turnover, in shares of the capital: mean {turnover.mean:.2f}, 5 % {turnover.low:.2f}, 95 % {turnover.high:.2f}"
    yield f"  blocked: {percent(blocked)} of the steps"


def _of_capital(run: Run, amount: float) -> float:
    return amount / run.capital if run.capital else 0.0


def _more(run: Run, other: str, figure: Callable[[Figures], float]) -> float:
    return _of_capital(run, figure(run.plans[ROTATION]) - figure(run.plans[other]))


def _points(ratio: float) -> str:
    return f"{ratio * _BASIS_POINTS:,.2f}"
