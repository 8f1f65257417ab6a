"""Queries everything that a decision rests on, at one moment of Prometheus's own clock."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from genesis.clients.prometheus import LoadedRule, Prometheus, RuleGroup, Sample
from genesis.core.clock import Clock
from genesis.core.errors import ConfigError, Fault, ServerError
from genesis.metrics import catalog
from genesis.rotation.observation import EngineReport, Observation
from genesis.rotation.query_results import QueryResults, all_expressions, configured_expressions, observation
from genesis.settings.rotation import RotationSettings
from genesis.settings.trading_rules import TradingRules

FILE = "rotation.yaml"

_NEWEST = f"max(timestamp({catalog.PORTFOLIO_EQUITY.name}))"
_LOOK_AHEAD = 60.0
"""Seconds. Prometheus looks back five minutes for a sample: from this far ahead it finds the newest one even in a gap."""
_INVALID_EXPRESSION = (200, 400)
"""Statuses of an invalid expression, or of one that does not return samples: no data will make it right."""
_SERVER_FAILS = 500
_ALERTS = re.compile(r"\bALERTS\b")
_RECORDED = re.compile(r"\b[A-Za-z_]\w*(?::\w+)+")
"""A name with a colon belongs to a recording rule."""
_EVALUATIONS = 3
"""Intervals of a rule group without an evaluation after which it counts as stopped."""


@dataclass(frozen=True, slots=True)
class QueryRound:
    """The results of all queries at one moment, and their faults."""

    time: datetime
    """Wall time of the controller before the first query."""
    results: QueryResults = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    """Fault → its description."""
    trusted: bool = True
    """False if Prometheus did not answer, or if its clock went back: the results may be older than they appear."""


class Observer:
    """Queries one Prometheus, and detects clocks that jump between two rounds."""

    def __init__(self, prometheus: Prometheus, settings: RotationSettings, rules: TradingRules, clock: Clock) -> None:
        self._prometheus = prometheus
        self._settings = settings
        self._rules = rules
        self._clock = clock
        self._expressions = all_expressions(settings)
        self._longest = settings.max_clock_difference.total_seconds()
        self._queried_at: tuple[float, float] | None = None

    async def query(self) -> QueryRound:
        """Query everything at one moment; faults are part of the result, and nothing is raised."""
        time, wall, since = self._clock.now(), self._clock.timestamp(), self._clock.monotonic()
        faults = dict(self._jump(wall, since))
        try:
            moment = await self._now()
        except ServerError as error:
            return QueryRound(time, faults={**faults, "prometheus": str(error)}, trusted=False)
        faults.update(self._difference(moment, wall, self._clock.monotonic() - since))
        outcomes, newest, rules = await asyncio.gather(
            asyncio.gather(*(self._query(promql, moment) for promql in self._expressions.values())),
            self._query(_NEWEST, moment + self._longest + _LOOK_AHEAD),
            self._rule_faults(moment),
        )
        results: dict[str, list[Sample]] = {}
        for key, outcome in zip(self._expressions, outcomes, strict=True):
            if isinstance(outcome, ServerError):
                faults.update(_failure(key, outcome))
            else:
                results[key] = outcome
        faults.update(rules)
        ahead = _ahead(newest, moment + self._longest)
        return QueryRound(time, results, {**faults, **ahead}, trusted=not ahead)

    def observation(self, queries: QueryRound, engine: EngineReport | None, faults: Mapping[str, str]) -> Observation:
        """The observation from query results, the engine's report, and faults found elsewhere."""
        return observation(
            self._settings,
            self._rules,
            queries.results,
            time=queries.time,
            engine=engine,
            faults={**queries.faults, **faults},
            trusted=queries.trusted,
        )

    async def _now(self) -> float:
        samples = await self._prometheus.query("time()")
        if len(samples) != 1:
            raise ServerError(f"time() returns {len(samples)} samples: this is not a Prometheus")
        return samples[0].value

    async def _query(self, promql: str, at: float) -> list[Sample] | ServerError:
        try:
            return await self._prometheus.query(promql, at=at)
        except ServerError as error:
            return error

    def _jump(self, wall: float, monotonic: float) -> Iterator[tuple[str, str]]:
        """A fault if the wall clock advanced by more or less than the monotonic clock since the previous round."""
        before, self._queried_at = self._queried_at, (wall, monotonic)
        if before is None:
            return
        jump = (wall - before[0]) - (monotonic - before[1])
        if abs(jump) > self._longest:
            yield "clock", f"this machine's clock jumped by {jump:+.1f} s"

    def _difference(self, moment: float, wall: float, took: float) -> Iterator[tuple[str, str]]:
        difference = moment - (wall + took / 2)
        if abs(difference) > self._longest + took / 2:
            yield "clock", f"the clock of Prometheus is {difference:+.1f} s from this machine's"

    async def _rule_faults(self, moment: float) -> dict[str, str]:
        """Faults of the rules that the expressions read."""
        texts = [*self._settings.signals.values(), self._settings.correlation or ""]
        alerts = any(_ALERTS.search(text) for text in texts)
        recorded = {name for text in texts for name in _RECORDED.findall(text)}
        if not alerts and not recorded:
            return {}
        try:
            groups = await self._prometheus.rule_groups()
        except ServerError as error:
            return {"prometheus": str(error)}
        fault = next(
            _rule_fault_texts(groups, moment, self._settings.max_age.total_seconds(), alerts=alerts, recorded=recorded), None
        )
        return {} if fault is None else {"rules": fault}


async def check_expressions(settings: RotationSettings, prometheus: Prometheus) -> None:
    """Query every expression of rotation.yaml once; `prometheus` is not entered yet.

    Raises:
        ConfigError: Prometheus rejects some of them; all of these are named.
        ServerError: Prometheus cannot be queried.
    """
    faults = []
    async with prometheus:
        for key, promql in configured_expressions(settings).items():
            try:
                await prometheus.query(promql)
            except ServerError as error:
                if error.status in _INVALID_EXPRESSION:
                    faults.append(Fault(FILE, key, promql, f"Prometheus: {error.reason}"))
                elif _is_unreachable(error):
                    raise
    if faults:
        raise ConfigError(faults)


def _rule_fault_texts(
    groups: Iterable[RuleGroup], moment: float, max_age: float, *, alerts: bool, recorded: Collection[str]
) -> Iterator[str]:
    """Faults that make alerts or recorded series unreliable: of alert rules on our metrics, and of recording rules by name."""
    read = 0
    for group in groups:
        ours = [rule for rule in group.rules if _is_read(rule, alerts=alerts, recorded=recorded)]
        if not ours:
            continue
        read += 1
        since = None if group.last_evaluation is None else moment - group.last_evaluation.timestamp()
        if since is None or since > max(max_age, _EVALUATIONS * group.interval):
            yield f"Prometheus does not evaluate the rules of the group {group.name!r}"
        for rule in ours:
            if rule.health == "err":
                yield f"the rule {rule.name!r} fails: {rule.last_error}"
    if not read:
        yield "Prometheus has none of the rules that the signals read: does prometheus.yml name the rule files?"


def _is_read(rule: LoadedRule, *, alerts: bool, recorded: Collection[str]) -> bool:
    if rule.type == "recording":
        return rule.name in recorded
    return alerts and "genesis_" in rule.query


def _failure(key: str, error: ServerError) -> dict[str, str]:
    """If one expression fails, the others stay valid; if Prometheus fails, none is."""
    return {"prometheus" if _is_unreachable(error) else "signals": f"{key}: {error}"}


def _is_unreachable(error: ServerError) -> bool:
    return error.status is None or error.status >= _SERVER_FAILS


def _ahead(newest: list[Sample] | ServerError, latest: float) -> dict[str, str]:
    """A fault if Prometheus has samples from the future: its clock went back, and queries return samples from before."""
    if isinstance(newest, ServerError):
        return {}
    ahead = max((sample.value - latest for sample in newest), default=0.0)
    return {"clock": "Prometheus has samples from the future: its clock went back"} if ahead > 0 else {}
