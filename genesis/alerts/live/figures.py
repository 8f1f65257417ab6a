"""The current figures of an alert against its thresholds, or why there are none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from math import inf, isnan

from genesis.alerts.figure import AlertThreshold
from genesis.alerts.live.definitions import Alert
from genesis.clients.prometheus import Prometheus, Sample
from genesis.metrics import catalog

_MOST = 10
"""How many series of one figure are shown."""


class Figures:
    """Queries the figures of one alert.

    Args:
        prometheus: the server.
        alert: the alert.
        strategy: only the figures of this strategy; None for all.
    """

    def __init__(self, prometheus: Prometheus, alert: Alert, strategy: str | None = None) -> None:
        self._prometheus = prometheus
        self._alert = alert
        self._strategy = strategy

    async def lines(self, severity: str) -> AsyncIterator[str]:
        """One line for each figure and threshold of a severity, the nearest to its threshold first.

        Raises:
            ServerError: Prometheus does not answer.
        """
        rule = self._alert.rules[severity]
        true = await self._query(rule.expr)
        if not rule.figure:
            yield _state(true)
            return
        holds = {sample.identity for sample in true}
        found = await self._query(rule.figure)
        against = [(sample, level) for sample in found for level in self._alert.levels(severity, sample.labels)]
        for sample, level in sorted(against, key=lambda pair: self._away(*pair))[:_MOST]:
            yield self._line(sample, level, holds=sample.identity in holds)
        if len(against) > _MOST:
            yield f"... and {len(against) - _MOST} more, further away"
        few = await self._few(severity)
        for line in few[:_MOST]:
            yield line
        if not against:
            undefined = await self._undefined()
            for line in undefined or ([] if few else ["no figure: no series has it now, so nothing fires"]):
                yield line

    def _line(self, sample: Sample, level: AlertThreshold, *, holds: bool) -> str:
        severity = level.severity
        now = f"{_shown(sample.labels)}now {self._alert.shown(severity, sample.value)}"
        if isnan(sample.value):
            return f"{now}, which never fires"
        fires = f"{now}; fires at {self._alert.sign(level)} {self._alert.shown(severity, level.value)}"
        if (away := self._away(sample, level)) > 0:
            return f"{fires}, which is {self._alert.shown(severity, away)} away"
        return f"{fires}, which is REACHED" if holds else f"{fires}, which is reached, but the rest of the rule is not true"

    def _away(self, sample: Sample, level: AlertThreshold) -> float:
        """How far a figure is from its threshold; 0 or less where it is reached."""
        if isnan(sample.value):
            return inf
        distance = level.value - sample.value
        return -distance if "<" in self._alert.sign(level) else distance

    async def _few(self, severity: str) -> list[str]:
        """The series with too few samples."""
        figure = self._alert.figure(severity)
        if figure is None or figure.sample is None:
            return []
        size, least = figure.sample
        return [
            f"too few: {_shown(sample.labels)}{size} is {sample.value:.4g}, and must be >= {least}"
            for sample in await self._query(size)
            if sample.value < least
        ]

    async def _undefined(self) -> list[str]:
        """Why figures of the rules are undefined; the figure `all` means that a strategy has none."""
        info = catalog.STRATEGY_UNDEFINED_INFO if self._alert.of_strategy else catalog.PORTFOLIO_UNDEFINED_INFO
        text = " ".join(rule.expr for rule in self._alert.loaded)
        return [
            f"{_shown(sample.labels, 'figure', 'reason')}{figure} is undefined: {sample.labels.get('reason', '?')}"
            for sample in await self._query(info.name)
            if (figure := sample.labels.get("figure", "")) == "all" or f"_{figure.removesuffix('_ratio')}" in text
        ]

    async def _query(self, promql: str) -> list[Sample]:
        """The samples of the strategy; a sample without a strategy belongs to all, and one of a pair to both."""
        found = await self._prometheus.query(promql)
        own = {self._strategy, None}
        return [
            sample
            for sample in found
            if self._strategy is None or sample.labels.get("strategy") in own or sample.labels.get("other") == self._strategy
        ]


async def live_strategies(prometheus: Prometheus) -> frozenset[str]:
    """The strategies of which the monitor exports figures."""
    found = await prometheus.query(f"group by (strategy) ({catalog.STRATEGY_CONFIGURED.name})")
    return frozenset(sample.labels["strategy"] for sample in found if "strategy" in sample.labels)


def _state(true: Iterable[Sample]) -> str:
    """For a rule without a threshold: the series for which its condition is true now."""
    names = [_shown(sample.labels).removesuffix(": ") or "all" for sample in true]
    more = f"; and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"true now for {'; '.join(names[:_MOST])}{more}" if names else "not true now"


def _shown(labels: dict[str, str], *hidden: str) -> str:
    """The labels that distinguish the series of a figure, as a prefix of its value."""
    kept = [f"{name}={value}" for name, value in labels.items() if name not in {"__name__", "instance", "job", *hidden}]
    return f"{', '.join(kept)}: " if kept else ""
