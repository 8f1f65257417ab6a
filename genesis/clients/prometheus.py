"""The HTTP API of Prometheus: queries, alerts that are pending or firing, and loaded rules."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from genesis.clients.server import Server
from genesis.core.errors import ServerError

DEFAULT_URL = "http://127.0.0.1:9090"
_OK = 200


class Sample(NamedTuple):
    """One series at one moment; a scalar has no labels."""

    labels: dict[str, str]
    value: float
    at: float
    """Seconds since 1970."""

    @property
    def identity(self) -> frozenset[tuple[str, str]]:
        """The labels without the name of the metric: PromQL joins on these."""
        return frozenset((name, value) for name, value in self.labels.items() if name != "__name__")


class Range(NamedTuple):
    """One series over a time range."""

    labels: dict[str, str]
    points: list[tuple[float, float]]
    """(seconds since 1970, value), in order; a step without a value has no point."""


class RuleAlert(msgspec.Struct, frozen=True, rename="camel"):
    """An instance of an alert in Prometheus."""

    state: Literal["pending", "firing"]
    labels: dict[str, str]
    annotations: dict[str, str]
    active_at: datetime
    """Since when its condition has held."""
    value: str = "NaN"

    @property
    def name(self) -> str:
        return self.labels.get("alertname", "")


class LoadedRule(msgspec.Struct, frozen=True, rename="camel"):
    """An alerting or recording rule that Prometheus evaluates."""

    name: str
    query: str
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    duration: float = 0
    """Seconds for which the condition must hold."""
    keep_firing_for: float = 0
    """Seconds for which the alert outlives its condition."""
    health: str = "unknown"
    """ok, err, or unknown before the first evaluation."""
    last_error: str = ""
    type: str = "alerting"
    """alerting or recording."""


class RuleGroup(msgspec.Struct, frozen=True, rename="camel"):
    """Rules that are evaluated together."""

    rules: list[LoadedRule]
    name: str = ""
    interval: float = 0
    """Seconds between two evaluations."""
    last_evaluation: datetime | None = None
    """By Prometheus's clock; in the year 1 before the first one."""


class Prometheus(Server):
    """A Prometheus, 2.42 or newer."""

    def __init__(self, url: str = DEFAULT_URL, *, option: str = "--prometheus", timeout: float = 5.0) -> None:
        super().__init__("Prometheus", option, url, timeout)

    async def query(self, promql: str, *, at: float | None = None) -> list[Sample]:
        """The result of an expression, one sample a series. Quote label values in it with `promql.string`.

        `at`: seconds since 1970, to the millisecond; None is now, by Prometheus's clock.

        Raises:
            ServerError: Prometheus does not answer, or refuses the expression.
        """
        moment = {} if at is None else {"time": f"{at:.3f}"}
        answer = await self.ask("POST", "/api/v1/query", form={"query": promql, **moment})
        result = self.decoded(_QUERY, answer).data
        try:
            if result.result_type == "vector":
                return [Sample(series.metric, *_point(series.value)) for series in self.decoded(_VECTOR, result.result)]
            if result.result_type == "scalar":
                return [Sample({}, *_point(self.decoded(_POINT, result.result)))]
        except ValueError as error:
            raise ServerError(f"the answer of {self.shown} is not one of {self.name} ({error})") from error
        wrong = f"returns a {result.result_type}, not samples of one moment"
        raise ServerError(f"{promql}: {wrong}", status=_OK, reason=wrong)

    async def query_range(self, promql: str, start: float, end: float, step: float) -> list[Range]:
        """The result of an expression at `start`, `start + step` and so on, up to `end` inclusive; in seconds since 1970.

        Prometheus has millisecond resolution, and returns at most 11,000 points a series.

        Raises:
            ServerError: Prometheus does not answer, or refuses the expression or the range.
        """
        form = {"query": promql, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:.3f}"}
        result = self.decoded(_QUERY, await self.ask("POST", "/api/v1/query_range", form=form)).data
        if result.result_type != "matrix":
            raise ServerError(f"{promql}: returns a {result.result_type}, not samples over a range")
        series = self.decoded(_MATRIX, result.result)
        return [Range(one.metric, [(at, float(value)) for at, value in one.values]) for one in series]

    async def alerts(self) -> list[RuleAlert]:
        """The pending and firing alerts."""
        return self.decoded(_ALERTS, await self.ask("GET", "/api/v1/alerts")).data.alerts

    async def rules(self) -> list[LoadedRule]:
        """The rules that it has loaded."""
        return [rule for group in await self.rule_groups() for rule in group.rules]

    async def rule_groups(self) -> list[RuleGroup]:
        """The groups of rules that it evaluates."""
        return self.decoded(_RULES, await self.ask("GET", "/api/v1/rules")).data.groups

    async def formatted(self, promql: str) -> str:
        """An expression in Prometheus's own layout; expressions that differ only in layout become equal."""
        return self.decoded(_FORMATTED, await self.ask("POST", "/api/v1/format_query", form={"query": promql})).data


class _Series(msgspec.Struct):
    metric: dict[str, str]
    value: tuple[float, str]


class _Curve(msgspec.Struct):
    metric: dict[str, str]
    values: list[tuple[float, str]]


class _Result(msgspec.Struct, rename="camel"):
    result_type: str
    result: msgspec.Raw


class _QueryAnswer(msgspec.Struct):
    data: _Result


class _AlertList(msgspec.Struct):
    alerts: list[RuleAlert]


class _AlertAnswer(msgspec.Struct):
    data: _AlertList


class _GroupList(msgspec.Struct):
    groups: list[RuleGroup]


class _RulesAnswer(msgspec.Struct):
    data: _GroupList


class _FormattedAnswer(msgspec.Struct):
    data: str


def _point(point: tuple[float, str]) -> tuple[float, float]:
    """Value and time of a pair as Prometheus writes it: the value is a text, such as 0.5, NaN or +Inf."""
    at, value = point
    return float(value), at


_QUERY = msgspec.json.Decoder(_QueryAnswer)
_VECTOR = msgspec.json.Decoder(list[_Series])
_MATRIX = msgspec.json.Decoder(list[_Curve])
_POINT = msgspec.json.Decoder(tuple[float, str])
_ALERTS = msgspec.json.Decoder(_AlertAnswer)
_FORMATTED = msgspec.json.Decoder(_FormattedAnswer)
_RULES = msgspec.json.Decoder(_RulesAnswer)
