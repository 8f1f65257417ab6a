"""A figure of each strategy, or of the account, that an alert compares with thresholds, and how both are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from textwrap import indent
from typing import NamedTuple, Protocol

from genesis.alerts.kinds import LeveledAlert, Levels, Override, Severity
from genesis.alerts.promql import any_of, number, string
from genesis.core.duration import duration_text

SEVERITIES: tuple[Severity, ...] = ("warning", "critical")
ALL_SEVERITIES: tuple[Severity, ...] = ("info", *SEVERITIES)

PERCENT = "{{ $value | humanizePercentage }}"
SECONDS = "{{ $value | humanizeDuration }}"
COUNT = '{{ $value | printf "%.0f" }}'
NUMBER = '{{ $value | printf "%.4g" }}'


class AlertThreshold(NamedTuple):
    """One threshold: a ratio, a multiple, seconds, or a number of events; boards draw a line there."""

    alert: str
    severity: str
    strategy: str
    """Empty for the threshold of all strategies without one of their own."""
    value: float
    part: str = ""
    """Which one, of an alert with several: low and high of a band, week and month; else empty."""


class Leveled(Protocol):
    """Thresholds; with `overrides`, some strategies have their own."""

    def levels(self, strategy: str | None = None) -> Levels: ...


class Timed(Protocol):
    """How long a condition must hold, and how long its alert outlives it."""

    @property
    def hold(self) -> timedelta: ...

    @property
    def keep_firing_for(self) -> timedelta: ...


class TimedLevels(Leveled, Timed, Protocol):
    """An alert with thresholds."""


class Show(NamedTuple):
    """How a figure is written: the Go template of its value, and a function that writes its threshold."""

    value: str
    threshold: Callable[[Decimal], str]


def percent(ratio: Decimal) -> str:
    """0.05 → `5%`, like humanizePercentage."""
    return f"{float(ratio) * 100:.4g}%"


def plain(value: Decimal) -> str:
    """0.05 → `0.05`, like printf "%.4g"."""
    return f"{float(value):.4g}"


def delay(value: Decimal) -> str:
    """60 → `1m`, as it stands in the file."""
    return duration_text(timedelta(seconds=float(value)))


AS_RATIO, AS_NUMBER, AS_DELAY = Show(PERCENT, percent), Show(NUMBER, plain), Show(SECONDS, delay)


class SampleSize(NamedTuple):
    """How much a figure is based on: the size in PromQL, and the least size at which the figure counts."""

    size: str
    least: int

    def __str__(self) -> str:
        return f"{self.size} >= {self.least}"


class Figure(NamedTuple):
    """A figure that an alert compares with thresholds: of each strategy, or of the account."""

    config: TimedLevels
    metric: str
    """The figure in PromQL: one series a strategy, or one in all. It is absent while it is based on too little."""
    show: Show
    words: Mapping[str, str] = {}
    """Placeholder of the alert's message → its text."""
    sample: SampleSize | None = None
    """What it must be based on. Below that the figure is absent, or `guard` does not hold."""
    guard: str = ""
    """What else must hold, in PromQL."""
    lower_is_worse: bool = False
    severities: tuple[Severity, ...] = SEVERITIES
    of_strategy: bool = True
    """Whether each strategy has one; otherwise it is the figure of the account."""

    def labels(self, who: str) -> dict[str, str]:
        """The labels that name the strategy."""
        return {"strategy": who} if self.of_strategy else {}

    @property
    def sign(self) -> str:
        return "<=" if self.lower_is_worse else ">="

    def thresholds(self, alert: str) -> Iterator[AlertThreshold]:
        """Every threshold of it, the overrides included."""
        for severity in self.severities:
            yield from levels_of(alert, severity, self.config)


def overrides_of(config: Leveled) -> Mapping[str, Override]:
    """Strategy → its own thresholds; empty for thresholds of the account."""
    found: Mapping[str, Override] = getattr(config, "overrides", {})
    return found


def levels(alert: str, config: LeveledAlert) -> Iterator[AlertThreshold]:
    """The thresholds of an alert that has the same for all: a number or a duration under the name of each severity."""
    for severity in ALL_SEVERITIES:
        if (level := getattr(config, severity, None)) is not None:
            yield AlertThreshold(alert, severity, "", level.total_seconds() if isinstance(level, timedelta) else float(level))


def levels_of(alert: str, severity: Severity, config: Leveled, part: str = "") -> Iterator[AlertThreshold]:
    """The threshold of all strategies, and of each with one of its own."""
    for strategy in ("", *overrides_of(config)):
        level = getattr(config.levels(strategy or None), severity)
        yield AlertThreshold(alert, severity, strategy, float(level), part)


def selections(overrides: Iterable[str]) -> Iterator[tuple[str | None, list[str]]]:
    """Each strategy with an override, and first None for all others, with its label matchers; no strategy matches two."""
    names = list(overrides)
    yield None, [f"strategy!~{any_of(names)}"] if names else []
    for name in names:
        yield name, [f"strategy={string(name)}"]


def compared(figure: str, config: Leveled, severity: Severity, *matchers: str, sign: str = ">=") -> str:
    """The comparison of every strategy with its own threshold, in PromQL; all strategies share `matchers`."""
    return "\nor\n".join(
        f"{selected(figure, *matchers, *own)} {sign} {number(getattr(config.levels(name), severity))}"
        for name, own in selections(overrides_of(config))
    )


def selected(figure: str, *matchers: str) -> str:
    """The series of a figure with these labels."""
    return f"{figure}{{{','.join(matchers)}}}" if matchers else figure


def without(labels: str, *conditions: str) -> str:
    """The first condition where all of them hold, without `labels`, which are the same for all strategies."""
    inner = "\nand\n".join(conditions)
    return f"max without ({labels}) (\n{indent(inner, '  ')}\n)"


def threshold_text(config: Leveled, severity: Severity, show: Callable[[Decimal], str] = percent) -> str:
    """A Go template that writes the threshold of the strategy that the alert is about."""
    texts = {name: show(getattr(config.levels(name), severity)) for name in overrides_of(config)}
    return by_name(show(getattr(config.levels(), severity)), texts)


def by_name(text: str, texts: Mapping[str, str]) -> str:
    """A Go template that writes `text`, or what `texts` has for the strategy that the alert is about."""
    for name, own in reversed(list(texts.items())):
        text = f"{{{{ if eq $labels.strategy {string(name)} }}}}{own}{{{{ else }}}}{text}{{{{ end }}}}"
    return text
