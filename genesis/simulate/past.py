"""What Prometheus had at each step of the past, as the controller would have observed it then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from math import isfinite
from typing import NamedTuple

from genesis.clients.prometheus import Prometheus, Range, Sample
from genesis.core.errors import ServerError
from genesis.metrics import catalog
from genesis.rotation.observation import Observation
from genesis.rotation.query_results import all_expressions, observation
from genesis.settings.rotation import RotationSettings
from genesis.settings.trading_rules import TradingRules
from genesis.simulate.openmetrics import named_metrics
from genesis.simulate.profit import Account

CHUNK_STEPS = 1000
"""Steps in one query: Prometheus returns 11,000 at most, and the results have to fit into memory."""

_PNL, _CAPITAL, _STEERED = "pnl", "capital", "steered"
_MONEY = {
    _PNL: f"max by (strategy) ({catalog.STRATEGY_NET_PNL.name})",
    _CAPITAL: f"max by (strategy) ({catalog.STRATEGY_CAPITAL.name})",
    _STEERED: f"max({catalog.ROTATION_ENFORCING.name}) > 0",
}
Ranges = Mapping[str, Sequence[Range]]
"""Key of an expression → its series."""


class Period(NamedTuple):
    """The steps of a simulation, at equal distances."""

    start: float
    """The time of the first step: seconds since 1970, in whole milliseconds."""
    step: float
    """Seconds between two steps, in whole milliseconds."""
    steps: int

    @classmethod
    def between(cls, start: float, end: float, step: float) -> Period:
        """All steps from `start` up to `end`."""
        return cls(start, step, max(0, (_milliseconds(end) - _milliseconds(start)) // _milliseconds(step) + 1))

    @property
    def end(self) -> float:
        """The time of the last step."""
        return self.start + (self.steps - 1) * self.step

    def chunks(self) -> Iterator[Period]:
        for first in range(0, self.steps, CHUNK_STEPS):
            yield Period(self.start + first * self.step, self.step, min(CHUNK_STEPS, self.steps - first))

    def times(self) -> Iterator[float]:
        return (self.start + number * self.step for number in range(self.steps))


class Moment(NamedTuple):
    """The data at one step of the past."""

    observation: Observation
    accounts: dict[str, Account]
    """Strategy → its money; strategies with unknown figures are left out."""
    steered: bool
    """Whether a controller moved capital at that time: the figures then show what rotation had left of a strategy."""


def metrics_needed(settings: RotationSettings) -> frozenset[str]:
    """The metrics that a simulation reads."""
    return named_metrics([*all_expressions(settings).values(), *_MONEY.values()])


async def moments(
    prometheus: Prometheus, settings: RotationSettings, rules: TradingRules, period: Period
) -> AsyncIterator[Moment]:
    """Every step, in order.

    Raises:
        ServerError: Prometheus cannot be queried, or rejects an expression.
    """
    for chunk in period.chunks():
        ranges = await fetch(prometheus, settings, chunk)
        for moment in moments_of(ranges, settings, rules, chunk):
            yield moment


async def fetch(prometheus: Prometheus, settings: RotationSettings, period: Period) -> dict[str, list[Range]]:
    """All series of a period, by the key of their expression."""
    wanted = all_expressions(settings) | _MONEY
    found = await asyncio.gather(*(_fetched(prometheus, key, promql, period) for key, promql in wanted.items()))
    return dict(zip(wanted, found, strict=True))


async def _fetched(prometheus: Prometheus, key: str, promql: str, period: Period) -> list[Range]:
    try:
        return await prometheus.query_range(promql, period.start, period.end, period.step)
    except ServerError as error:
        raise ServerError(f"{key}: {promql}: {error}", status=error.status) from error


def moments_of(ranges: Ranges, settings: RotationSettings, rules: TradingRules, period: Period) -> Iterator[Moment]:
    """The steps of a period from its series."""
    by_time = {key: _by_time(series) for key, series in ranges.items()}
    for at in period.times():
        results = {key: samples.get(_milliseconds(at), []) for key, samples in by_time.items()}
        seen = observation(settings, rules, results, time=datetime.fromtimestamp(at, UTC))
        yield Moment(seen, _accounts(results[_PNL], results[_CAPITAL]), bool(results.get(_STEERED)))


def _by_time(series: Iterable[Range]) -> dict[int, list[Sample]]:
    found: dict[int, list[Sample]] = {}
    for each in series:
        for at, value in each.points:
            found.setdefault(_milliseconds(at), []).append(Sample(each.labels, value, at))
    return found


def _accounts(pnl: Iterable[Sample], capital: Iterable[Sample]) -> dict[str, Account]:
    capitals = {sample.labels.get("strategy", ""): sample.value for sample in capital}
    return {
        name: Account(sample.value, capitals[name])
        for sample in pnl
        if (name := sample.labels.get("strategy", "")) in capitals and isfinite(sample.value) and isfinite(capitals[name])
    }


def _milliseconds(at: float) -> int:
    return round(at * 1000)
