"""Asks Prometheus everything that a decision stands on, at one moment of Prometheus's own clock."""

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
from genesis.rotation.query_results import QueryResults, asked, configured, observation
from genesis.settings.rotation import RotationSettings
from genesis.settings.trading_rules import TradingRules

FILE = "rotation.yaml"

_NEWEST = f"max(timestamp({catalog.PORTFOLIO_EQUITY.name}))"
_LOOK_AHEAD = 60.0
"""Seconds. Prometheus looks back five minutes for a sample: the newest one is found from there, also in a gap."""
_MEANINGLESS = (200, 400)
"""Statuses of an expression that no data will make right: it comes to something else than samples, or is none."""
_SERVER_FAILS = 500
_ALERTS = re.compile(r"\bALERTS\b")
_RECORDED = re.compile(r"\b[A-Za-z_]\w*(?::\w+)+")
"""Names with a colon are those of recording rules."""
_EVALUATIONS = 3
"""Intervals of a group of rules after which it counts as standing still."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What Prometheus answered, and what is wrong with it."""

    time: datetime
    """Wall time of the controller before it asked."""
    answers: QueryResults = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    """Code → words."""
    trusted: bool = True
    """False where the answers may be of another time than they seem to be."""


class Observer:
    """Asks one Prometheus, and notices clocks that jump between two looks."""

    def __init__(self, prometheus: Prometheus, settings: RotationSettings, rules: TradingRules, clock: Clock) -> None:
        self._prometheus = prometheus
        self._settings = settings
        self._rules = rules
        self._clock = clock
        self._expressions = asked(settings)
        self._longest = settings.max_clock_difference.total_seconds()
        self._looked_at: tuple[float, float] | None = None

    async def look(self) -> Answered:
        """Ask everything at one moment; what goes wrong is in the answer, and nothing is raised."""
        time, wall, since = self._clock.now(), self._clock.timestamp(), self._clock.monotonic()
        faults = dict(self._jump(wall, since))
        try:
            moment = await self._now()
        except ServerError as error:
            return Answered(time, faults={**faults, "prometheus": str(error)}, trusted=False)
        faults.update(self._difference(moment, wall, self._clock.monotonic() - since))
        outcomes, newest, rules = await asyncio.gather(
            asyncio.gather(*(self._ask(promql, moment) for promql in self._expressions.values())),
            self._ask(_NEWEST, moment + self._longest + _LOOK_AHEAD),
            self._rule_faults(moment),
        )
        answers: dict[str, list[Sample]] = {}
        for key, outcome in zip(self._expressions, outcomes, strict=True):
            if isinstance(outcome, ServerError):
                faults.update(_failure(key, outcome))
            else:
                answers[key] = outcome
        faults.update(rules)
        ahead = _ahead(newest, moment + self._longest)
        return Answered(time, answers, {**faults, **ahead}, trusted=not ahead)

    def observation(self, look: Answered, engine: EngineReport | None, faults: Mapping[str, str]) -> Observation:
        """What was seen, with what the engine reports and what is known to be wrong besides."""
        return observation(
            self._settings,
            self._rules,
            look.answers,
            time=look.time,
            engine=engine,
            faults={**look.faults, **faults},
            trusted=look.trusted,
        )

    async def _now(self) -> float:
        samples = await self._prometheus.query("time()")
        if len(samples) != 1:
            raise ServerError(f"time() comes to {len(samples)} samples: this is no Prometheus")
        return samples[0].value

    async def _ask(self, promql: str, at: float) -> list[Sample] | ServerError:
        try:
            return await self._prometheus.query(promql, at=at)
        except ServerError as error:
            return error

    def _jump(self, wall: float, monotonic: float) -> Iterator[tuple[str, str]]:
        """Whether more or less wall time has passed since the look before than time."""
        before, self._looked_at = self._looked_at, (wall, monotonic)
        if before is None:
            return
        jump = (wall - before[0]) - (monotonic - before[1])
        if abs(jump) > self._longest:
            yield "clock", f"this machine's clock jumped by {jump:+.1f} s"

    def _difference(self, moment: float, wall: float, asked_for: float) -> Iterator[tuple[str, str]]:
        difference = moment - (wall + asked_for / 2)
        if abs(difference) > self._longest + asked_for / 2:
            yield "clock", f"the clock of Prometheus is {difference:+.1f} s from this machine's"

    async def _rule_faults(self, moment: float) -> dict[str, str]:
        """What is wrong with the rules that the expressions read."""
        texts = [*self._settings.signals.values(), self._settings.correlation or ""]
        alerts = any(_ALERTS.search(text) for text in texts)
        recorded = {name for text in texts for name in _RECORDED.findall(text)}
        if not alerts and not recorded:
            return {}
        try:
            groups = await self._prometheus.rule_groups()
        except ServerError as error:
            return {"prometheus": str(error)}
        wrong = next(
            _wrong_rules(groups, moment, self._settings.max_age.total_seconds(), alerts=alerts, recorded=recorded), None
        )
        return {} if wrong is None else {"rules": wrong}


async def check_expressions(settings: RotationSettings, prometheus: Prometheus) -> None:
    """Ask every expression of rotation.yaml once; `prometheus` is not entered yet.

    Raises:
        ConfigError: Prometheus does not understand some of them; all of these are named.
        ServerError: Prometheus cannot be asked.
    """
    faults = []
    async with prometheus:
        for key, promql in configured(settings).items():
            try:
                await prometheus.query(promql)
            except ServerError as error:
                if error.status in _MEANINGLESS:
                    faults.append(Fault(FILE, key, promql, f"Prometheus: {error.reason}"))
                elif _cannot_be_asked(error):
                    raise
    if faults:
        raise ConfigError(faults)


def _wrong_rules(
    groups: Iterable[RuleGroup], moment: float, max_age: float, *, alerts: bool, recorded: Collection[str]
) -> Iterator[str]:
    """What keeps the rules from telling what is the case: those of alerts on our metrics, and the recorded ones by name."""
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
        yield "Prometheus has none of the rules that the signals read: has prometheus.yml the rule files?"


def _is_read(rule: LoadedRule, *, alerts: bool, recorded: Collection[str]) -> bool:
    if rule.type == "recording":
        return rule.name in recorded
    return alerts and "genesis_" in rule.query


def _failure(key: str, error: ServerError) -> dict[str, str]:
    """An expression that fails by itself leaves the others right; a Prometheus that fails does not."""
    return {"prometheus" if _cannot_be_asked(error) else "signals": f"{key}: {error}"}


def _cannot_be_asked(error: ServerError) -> bool:
    return error.status is None or error.status >= _SERVER_FAILS


def _ahead(newest: list[Sample] | ServerError, latest: float) -> dict[str, str]:
    """What is wrong where Prometheus has figures of times to come: its clock went back, and what it finds now is of then."""
    if isinstance(newest, ServerError):
        return {}
    ahead = max((sample.value - latest for sample in newest), default=0.0)
    return {"clock": "Prometheus has figures of times to come: its clock went back"} if ahead > 0 else {}
