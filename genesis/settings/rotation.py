"""`rotation.yaml`: how capital moves between strategies, and when it does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import InitErrorDetails

from genesis.core.duration import Duration, Interval, duration_text
from genesis.settings.faults import fault, refuse
from genesis.settings.section import Name, Ratio, Section

Port = Annotated[int, Field(ge=0, le=65535)]
Share = Annotated[Decimal, Field(ge=0, le=1, decimal_places=4)]
"""A share of the capital, in steps of a hundredth of a per cent."""
SignalValue = Annotated[float, Field(allow_inf_nan=False)]
PromQL = Annotated[str, Field(min_length=1, max_length=10_000)]
_WORD = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)


def _word(name: str) -> str:
    if not _WORD.fullmatch(name):
        raise ValueError("must be lower-case letters, digits and _, a letter first, 64 at most")
    return name


Word = Annotated[str, AfterValidator(_word)]
"""A name that becomes a label value of the controller's metrics."""


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        found = parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:  # unmatched brackets, an invalid port
        found = None
    if not found:
        raise ValueError("is not an address: write http://HOST:PORT/PATH, with a port from 1 to 65535")
    return url


_VARIABLE = re.compile(r"\$\{?[A-Za-z_]")

RESERVED = frozenset(
    {"tier", "daily_loss", "max_active", "max_weight", "reserve", "stale", "score", "recovered", "probation", "pinned"}
    | {"settled", "dwell", "turnover", "blocked", "halted", "cooldown", "stopped", "unconfirmed", "new"}
)
"""The policy's own reasons: a rule must not have such a name."""


class ScoreTerm(Section):
    """One signal's part of the score."""

    signal: Word
    """One of `signals`."""
    weight: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
    """How much it counts relative to the other terms."""
    normalisation: Literal["linear", "rank"] = "linear"
    """How the signal becomes a score of 0 to 1: linear between `worst` and `best`, or by rank among those that take part."""
    worst: SignalValue = 0.0
    """The value that scores 0, as do all values beyond it. With rank, only the order of `worst` and `best` matters."""
    best: SignalValue = 1.0
    """The value that scores 1, as do all values beyond it. Below `worst` if less is better."""

    @model_validator(mode="after")
    def _has_a_span(self) -> ScoreTerm:
        if self.worst == self.best:
            raise ValueError(f"best {self.best:g} must differ from worst: the score depends on where a value lies between them")
        return self


class Rule(Section):
    """A hard rule: reduces risk at once, whatever the scores are."""

    signal: Word
    """One of `signals`."""
    action: Literal["pause", "reduce"]
    """pause takes all capital, reduce leaves `allocation.reduced_ratio` of an equal share."""
    at_least: SignalValue
    """The rule holds from this value on."""
    until: SignalValue | None = None
    """Once it holds, it holds until the signal is below this; null: below `at_least`."""
    clears: Literal["signal", "time"] = "signal"
    """What ends it. signal: a value below `until`. time: the cooldown, for a signal that cannot recover while the strategy does
    not trade; the rule then holds again only after the signal was below `until`, or after the probation."""

    @model_validator(mode="after")
    def _ends_below_where_it_begins(self) -> Rule:
        if self.until is not None and self.until > self.at_least:
            raise ValueError(f"until {self.until:g} must not be above at_least {self.at_least:g}")
        return self

    @property
    def release(self) -> float:
        """The value below which it no longer holds."""
        return self.at_least if self.until is None else self.until


class Resume(Section):
    """When a paused strategy may trade again."""

    after: Duration = timedelta(minutes=5)
    """For this long, no rule that pauses may have held, by known figures."""
    cooldown: Duration = timedelta(minutes=30)
    """And this long must have passed since the pause; not shorter than `allocation.min_dwell`."""
    probation: Duration = timedelta(minutes=30)
    """Then it is reduced for this long, before it takes part like the others."""


class DailyLoss(Section):
    """What happens as the tier's daily loss limit is used up."""

    no_raise_from: Annotated[float, Field(gt=0, le=1)] = 0.8
    """From this share of the limit on, no weight is raised."""
    pause_from: Annotated[float, Field(gt=0, le=1)] = 1.0
    """From this share of the limit on, every strategy is paused; must not be below `no_raise_from`."""

    @model_validator(mode="after")
    def _in_order(self) -> DailyLoss:
        if self.pause_from < self.no_raise_from:
            raise ValueError(f"pause_from {self.pause_from:g} must not be below no_raise_from {self.no_raise_from:g}")
        return self


class AllocationSettings(Section):
    """Bounds of the weights, and how fast they may move. Weights are shares of the account's capital."""

    min_weight: Share = Decimal("0.05")
    """The least that a strategy that takes part has."""
    max_weight: Annotated[Share, Field(gt=0)] = Decimal("0.5")
    """The most that any strategy has."""
    reserve: Annotated[Share, Field(lt=1)] = Decimal("0.05")
    """The share that stays unallocated."""
    reduced_ratio: Ratio = Decimal("0.5")
    """The most that a reduced strategy has, as a share of an equal share."""
    correlation_penalty: Annotated[float, Field(ge=0, le=1)] = 0.5
    """How much less a strategy gets for its mean correlation with the others: this share at 1, nothing at 0 or below."""
    max_turnover_per_step: Annotated[Share, Field(gt=0)] = Decimal("0.1")
    """How much of the capital one decision may move; cuts by hard rules and limits do not count."""
    max_turnover_per_day: Annotated[Decimal, Field(gt=0, le=100, decimal_places=4)] = Decimal("0.5")
    """How much of the capital all decisions of 24 hours may move, counted in the same way."""
    min_dwell: Duration = timedelta(minutes=10)
    """The least time between raising and lowering a weight, and the reverse; hard rules and limits do not wait."""
    min_change: Share = Decimal("0.01")
    """A smaller change of a weight is not worth its costs."""
    score_margin: Annotated[float, Field(ge=0, le=1)] = 0.1
    """If not all may take part: by how much a strategy must outscore one that does, to replace it."""

    @model_validator(mode="after")
    def _bounds_in_order(self) -> AllocationSettings:
        if self.min_weight > self.max_weight:
            raise ValueError(f"min_weight {self.min_weight} must not be above max_weight {self.max_weight}")
        if self.max_turnover_per_day < self.max_turnover_per_step:
            raise ValueError("max_turnover_per_day must not be below max_turnover_per_step")
        return self


class EngineEndpoint(Section):
    """The trading engine that decisions are delivered to."""

    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s@]+$"), AfterValidator(_address)] | None = None
    """The URL that takes allocations by PUT and reports them by GET; null for an engine in the same process, or for none."""
    token_file: Path | None = None
    """The file with the bearer token that it requires."""
    timeout: Interval = timedelta(seconds=5)
    """How long it may take to answer."""
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    """How often a delivery is tried in one interval; in the next ones it is tried again."""
    tolerance: Share = Decimal("0.001")
    """Weights that differ by at most this are equal: engines round."""


class RotationSettings(Section):
    """`rotation.yaml`: the signals, the decisions that follow from them, and the bounds of those."""

    mode: Literal["advise", "enforce"] = "advise"
    """advise only reports its decisions; enforce also sends them to the engine."""
    interval: Interval = timedelta(seconds=30)
    """The time between two decisions."""
    prometheus: Annotated[str, StringConstraints(pattern=r"^https?://\S+$"), AfterValidator(_address)] = "http://127.0.0.1:9090"
    """The Prometheus that is queried."""
    timeout: Interval = timedelta(seconds=5)
    """How long it may take to answer; shorter than `interval`."""
    host: Name = "127.0.0.1"
    """The address on which the controller serves its own /metrics."""
    port: Port = 9109
    """And its TCP port; 0 takes a free one."""
    halt_file: Path = Path("data/rotation.halt")
    """While this file exists, all allocations stay as they are. A relative path starts at the working directory."""
    max_age: Interval = timedelta(seconds=15)
    """A strategy is unknown if Prometheus last read its figures longer ago than this."""
    max_clock_difference: Interval = timedelta(seconds=5)
    """How far the clocks of Prometheus and of the controller may differ, and how far a clock may jump."""
    stale_after: Interval = timedelta(minutes=5)
    """A strategy that was known, and has since been unknown for this long, is paused, if the account itself is known."""
    warm_up: Duration = timedelta(hours=1)
    """A strategy seen for less time may lack figures without an alert; meanwhile no weight is raised."""
    engine: EngineEndpoint = EngineEndpoint()
    """The engine that receives the decisions."""
    signals: Annotated[dict[Word, PromQL], Field(min_length=1)]
    """PromQL expressions by name; each gives one sample per strategy, with the label `strategy`."""
    correlation: PromQL | None = None
    """A PromQL expression for the correlation of each pair, with the labels `strategy` and `other`; null: no penalty."""
    score: Annotated[list[ScoreTerm], Field(min_length=1)]
    """The terms of the score: it is their weighted mean, from 0 to 1."""
    rules: dict[Word, Rule] = Field(default_factory=dict)
    """The hard rules by name."""
    resume: Resume = Resume()
    """How a paused strategy comes back."""
    daily_loss: DailyLoss = DailyLoss()
    """The shares of the tier's daily loss limit from which less is allowed."""
    allocation: AllocationSettings = AllocationSettings()
    """Bounds of the weights, and how fast they may move."""

    @model_validator(mode="after")
    def _fits_together(self) -> RotationSettings:
        refuse(type(self).__name__, _faults(self))
        return self


def _faults(settings: RotationSettings) -> Iterator[InitErrorDetails]:
    yield from _wrong_signals(settings)
    yield from _wrong_times(settings)
    if settings.allocation.min_weight > 1 - settings.allocation.reserve:
        yield fault(("allocation", "min_weight"), str(settings.allocation.min_weight), "is more than the reserve leaves over")


def _wrong_signals(settings: RotationSettings) -> Iterator[InitErrorDetails]:
    known = f"is none of signals: {', '.join(settings.signals)}"
    for name, expr in settings.signals.items():
        if _VARIABLE.search(expr):
            yield fault(("signals", name), expr, "holds a variable ($...): it must give all strategies at once")
    for index, term in enumerate(settings.score):
        if term.signal not in settings.signals:
            yield fault(("score", index, "signal"), term.signal, known)
    for name, rule in settings.rules.items():
        if rule.signal not in settings.signals:
            yield fault(("rules", name, "signal"), rule.signal, known)
        if name in RESERVED:
            yield fault(("rules", name), name, "is one of the policy's own reasons: choose another name")


def _wrong_times(settings: RotationSettings) -> Iterator[InitErrorDetails]:
    if settings.timeout >= settings.interval:
        right = f"must be shorter than interval, which is {duration_text(settings.interval)}"
        yield fault(("timeout",), duration_text(settings.timeout), right)
    if settings.resume.cooldown < settings.allocation.min_dwell:
        right = f"must not be shorter than allocation.min_dwell, which is {duration_text(settings.allocation.min_dwell)}"
        yield fault(("resume", "cooldown"), duration_text(settings.resume.cooldown), right)
