"""What the figures of an alert are now, against its thresholds; and why there are none, where there are none."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Iterator
from math import inf, isnan

from genesis.alerting.book import Alert, AlertBook
from genesis.alerting.comparison import Comparison, comparisons
from genesis.clients.prometheus import Prometheus, Sample
from genesis.monitoring import catalog

_NAME = re.compile(r"[a-z][a-z0-9_:]*genesis_[a-z0-9_:]+|genesis_[a-z0-9_]+")
_MOST = 10
"""Series of one figure that are shown."""


class Figures:
    """Asks for the figures of one alert.

    Args:
        prometheus: who is asked.
        book: the alerts.
        alert: whose figures.
        strategy: the only strategy to look at; None for all.
    """

    def __init__(self, prometheus: Prometheus, book: AlertBook, alert: Alert, strategy: str | None = None) -> None:
        self._prometheus = prometheus
        self._book = book
        self._alert = alert
        self._strategy = strategy

    async def lines(self, severity: str) -> AsyncIterator[str]:
        """The figures against the thresholds of a severity, a line each.

        Raises:
            ServerError: Prometheus cannot be asked.
        """
        rule, seen, reached = self._alert.rules[severity], False, False
        compared = self._alert.every_threshold(severity)
        if not compared:
            yield await self._state(rule.expr)
        if self._strategy is not None:
            compared = [one for one in compared if one.covers(self._strategy)]
        for one in compared:
            found = await self._against(one)
            for sample, bound in found[:_MOST]:
                seen = True
                reached = reached or (bound is not None and one.holds(sample.value, bound))
                yield self._line(severity, one, sample, bound)
            if len(found) > _MOST:
                yield f"... and {len(found) - _MOST} more, further away"
        if not seen and compared:
            async for line in self._absent(rule.expr):
                yield line
        elif seen:
            # Whether there is a position, for example, is of interest only where it keeps back what is reached.
            async for line in self._guards(one for one in comparisons(rule.expr) if reached or not one.plain):
                yield line

    async def _state(self, expr: str) -> str:
        """Of a rule that compares nothing: for what its condition holds now."""
        found = self._own(await self._prometheus.query(expr))
        names = [_shown(sample.labels).removesuffix(": ") or "all" for sample in found[:_MOST]]
        return f"now so for {'; '.join(names)}" if names else "not so now"

    async def _against(self, one: Comparison) -> list[tuple[Sample, float | None]]:
        """Each series of the figure with its bound, the nearest to it first; None where the bound is absent."""
        found = self._own(await self._prometheus.query(one.figure))
        if one.level is not None:
            bounds = dict.fromkeys((sample.identity for sample in found), one.level)
        else:
            bounds = {sample.identity: sample.value for sample in await self._prometheus.query(one.bound)}
        against = [(sample, bounds.get(sample.identity)) for sample in found]
        return sorted(against, key=lambda pair: _away(one, *pair))

    def _line(self, severity: str, one: Comparison, sample: Sample, bound: float | None) -> str:
        labels = _shown(sample.labels)
        now = f"{labels}now {self._alert.shown(severity, sample.value)}"
        if bound is None:
            return f"{now}; what it is held against is absent"
        if isnan(sample.value):
            return f"{labels}now not a number, which fires nothing"
        fires = f"{now}; fires at {one.sign} {self._alert.shown(severity, bound)}"
        if one.holds(sample.value, bound):
            return f"{fires}, which is REACHED"
        return fires if one.plain else f"{fires}, which is {self._alert.shown(severity, abs(sample.value - bound))} away"

    async def _guards(self, found: Iterable[Comparison]) -> AsyncIterator[str]:
        """What else must hold and does not, such as a least sample."""
        for one in found:
            if not one.guard or one.level is None:
                continue
            for sample in self._own(await self._prometheus.query(one.figure)):
                if not one.holds(sample.value, one.level):
                    yield f"{_shown(sample.labels)}{one.figure} is {sample.value:.4g}, and has to be {one.sign} {one.bound}"

    async def _absent(self, expr: str) -> AsyncIterator[str]:
        """Why an expression has nothing to compare: too few samples, a figure that is undefined, or nothing at all."""
        told = False
        for record in self._records(expr):
            async for line in self._guards(comparisons(record)):
                told = True
                yield f"no figure: {line}"
        names = set(_NAME.findall(expr)) | {name for record in self._records(expr) for name in _NAME.findall(record)}
        for sample in await self._undefined(names):
            told = True
            figure, reason = sample.labels.get("figure", "?"), sample.labels.get("reason", "?")
            yield f"{_shown(sample.labels, 'strategy')}{figure} is undefined: {reason}"
        if not told:
            yield "no figure: nothing has it now, so that nothing fires"

    def _records(self, expr: str) -> Iterator[str]:
        """The expressions of the recorded figures in it."""
        for name in dict.fromkeys(_NAME.findall(expr)):
            if name in self._book.records:
                yield self._book.records[name].expr

    async def _undefined(self, names: Iterable[str]) -> list[Sample]:
        """The reasons of figures that are part of these metrics' names; `all` is a strategy without any."""
        found = await self._prometheus.query(catalog.STRATEGY_UNDEFINED_INFO.name)
        return [
            sample
            for sample in self._own(found)
            if (figure := sample.labels.get("figure", "")) == "all" or any(_is_of(figure, name) for name in names)
        ]

    def _own(self, samples: list[Sample]) -> list[Sample]:
        """The samples of the strategy that is looked at; what has no strategy belongs to all, and a pair to both."""
        if self._strategy is None:
            return samples
        own = {self._strategy, None}
        return [
            sample for sample in samples if sample.labels.get("strategy") in own or sample.labels.get("other") == self._strategy
        ]


async def live_strategies(prometheus: Prometheus) -> frozenset[str]:
    """The strategies that the monitor has figures of."""
    found = await prometheus.query(f"group by (strategy) ({catalog.STRATEGY_CONFIGURED.name})")
    return frozenset(sample.labels["strategy"] for sample in found if "strategy" in sample.labels)


def _shown(labels: dict[str, str], *only: str) -> str:
    """The labels that tell series of a figure apart, before its value."""
    hidden = {"__name__", "instance", "job"}
    kept = [f"{name}={value}" for name, value in labels.items() if (name in only if only else name not in hidden)]
    return f"{', '.join(kept)}: " if kept else ""


def _away(one: Comparison, sample: Sample, bound: float | None) -> float:
    """How far a figure is from firing: below 0 where it does."""
    if bound is None or isnan(sample.value):
        return inf
    distance = abs(sample.value - bound)
    return -distance if one.holds(sample.value, bound) else distance


def _is_of(figure: str, metric: str) -> bool:
    bare = figure.removesuffix("_ratio")
    return bool(bare) and f"_{bare}" in metric
