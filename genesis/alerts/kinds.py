"""The kinds of settings that alerts share: how long they wait, two thresholds, overrides of single strategies, windows.

An alert that needs more defines its own kind in the file of its topic. A kind also says what must fit settings elsewhere:
`timing_misfits` and `statistics_misfits`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import InitErrorDetails

from genesis.core.duration import Duration, Interval, duration_text
from genesis.settings.faults import above, below, fault, refuse, threshold_text
from genesis.settings.section import Name, Ratio, Section
from genesis.settings.statistics import StatisticsSettings

Severity = Literal["info", "warning", "critical"]
Least = Annotated[int, Field(ge=1, le=10**9, strict=True)]
"""The least number that counts; YAML's `yes` is refused."""
Quantile = Annotated[Decimal, Field(gt=0, lt=1)]
Multiple = Annotated[Decimal, Field(gt=0, le=1000)]


class Misfit(NamedTuple):
    """A value of an alert that is valid by itself, and does not fit another setting."""

    key: str
    value: str
    right: str
    """What would be right."""


class AlertSection(Section):
    """The settings of one alert."""

    def timing_misfits(self, scrape_interval: timedelta | None) -> Iterator[Misfit]:
        """Durations that do not fit each other or `scrape_interval`; None if the file has no valid one."""
        return iter(())

    def statistics_misfits(self, statistics: StatisticsSettings) -> Iterator[Misfit]:
        """Keys that ask for a figure that monitor.yaml does not have: the alert could never fire."""
        return iter(())

    def overridden(self) -> Iterator[tuple[str, str]]:
        """(key, strategy) for every strategy with its own thresholds; they stand below that key."""
        return (("overrides", strategy) for strategy in getattr(self, "overrides", ()))


class Timing(AlertSection):
    """How long a condition must hold before an alert fires, and how long the alert outlives it."""

    hold: Duration = Field(alias="for")
    """How long the condition must hold before the alert fires; 0s fires at the first evaluation."""
    keep_firing_for: Duration
    """How long the alert keeps firing after the condition has ended, so that one bad second is one notification."""


class LookBack(Timing):
    """An alert on what was read within a window."""

    why_longer: ClassVar[str] = ", four times scrape_interval: a shorter one holds no increase"

    window: Interval
    """How far back it looks, in wall time; at least four times `scrape_interval`."""

    def timing_misfits(self, scrape_interval: timedelta | None) -> Iterator[Misfit]:
        """Also: a window that holds too few scrapes."""
        yield from super().timing_misfits(scrape_interval)
        if scrape_interval is not None and self.window < (least := 4 * scrape_interval):
            yield Misfit("window", duration_text(self.window), f"must be at least {duration_text(least)}{self.why_longer}")


class CounterWindow(LookBack):
    """An alert on counters that moved within a window. It outlives the program that counts by the length of the window."""

    def timing_misfits(self, scrape_interval: timedelta | None) -> Iterator[Misfit]:
        """Also: a burst that has left the window before the alert fires."""
        if self.hold >= self.window:
            right = f"must be shorter than window, which is {duration_text(self.window)}: then a burst is over"
            yield Misfit("for", duration_text(self.hold), right)
        yield from super().timing_misfits(scrape_interval)


class StateAlert(Timing):
    """Something that is either wrong or not."""

    severity: Severity
    """How urgent it is."""


class WindowAlert(CounterWindow, StateAlert):
    """Something that happened within a window, or did not."""


class Levels(NamedTuple):
    """The two thresholds of one strategy."""

    warning: Decimal
    critical: Decimal


class Override(Section):
    """Thresholds of one strategy; what is left out stays at the alert's own."""

    warning: Ratio | None = None
    """The strategy's warning threshold."""
    critical: Ratio | None = None
    """The strategy's critical threshold."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.warning is None and self.critical is None:
            raise ValueError("must give warning, critical or both; remove it to keep the alert's own thresholds")
        return self


class LeveledAlert(Timing):
    """An alert with two thresholds, `warning` and `critical`, of whatever is compared."""

    lower_is_worse: ClassVar[bool] = False
    """Whether the alert fires at the threshold and below, instead of above."""

    @field_validator("critical", check_fields=False)
    @classmethod
    def _critical_is_worse(cls, critical: Any, info: ValidationInfo) -> Any:
        return below("warning", critical, info) if cls.lower_is_worse else above("warning", critical, info)


class RatioAlert(LeveledAlert):
    """An alert on a ratio: it fires when the ratio reaches the threshold."""

    warning: Ratio
    """Fires with severity warning from here on."""
    critical: Ratio
    """Fires with severity critical from here on; must be above `warning`."""

    def levels(self, strategy: str | None = None) -> Levels:
        """The thresholds, which are the same for all strategies."""
        return Levels(self.warning, self.critical)


class StrategyAlert(RatioAlert):
    """An alert on a ratio of each strategy, some of which may have thresholds of their own."""

    overrides: Mapping[Name, Override] = Field(default_factory=dict)
    """Strategy → its own thresholds."""

    @field_validator("overrides")
    @classmethod
    def _overrides_keep_the_order(cls, overrides: Mapping[str, Override], info: ValidationInfo) -> Mapping[str, Override]:
        if "warning" not in info.data or "critical" not in info.data:
            return overrides
        refuse(cls.__name__, _order_faults(info.data, overrides, lower_is_worse=cls.lower_is_worse))
        return overrides

    def levels(self, strategy: str | None = None) -> Levels:
        """The thresholds of a strategy; without one, or without an override, the alert's own."""
        return _levels(dict(self), self.overrides.get(strategy) if strategy is not None else None)


class MultipleOverride(Override):
    """Thresholds of one strategy; what is left out stays at the alert's own."""

    warning: Multiple | None = None
    """The strategy's warning threshold."""
    critical: Multiple | None = None
    """The strategy's critical threshold."""


class MultipleAlert(StrategyAlert):
    """An alert on a ratio of each strategy that may be above 1."""

    warning: Multiple
    """Fires with severity warning from here on."""
    critical: Multiple
    """Fires with severity critical from here on; must be above `warning`."""
    overrides: Mapping[Name, MultipleOverride] = Field(default_factory=dict)
    """Strategy → its own thresholds."""


class DurationOverride(Override):
    """Thresholds of one strategy; what is left out stays at the alert's own."""

    warning: Interval | None = None  # type: ignore[assignment]  # a duration where others have a ratio
    """The strategy's warning threshold."""
    critical: Interval | None = None  # type: ignore[assignment]
    """The strategy's critical threshold."""


class DurationAlert(StrategyAlert):
    """An alert on a duration of each strategy."""

    warning: Interval  # type: ignore[assignment]  # a duration where others have a ratio
    """Fires with severity warning from here on."""
    critical: Interval  # type: ignore[assignment]
    """Fires with severity critical from here on; must be above `warning`."""
    overrides: Mapping[Name, DurationOverride] = Field(default_factory=dict)
    """Strategy → its own thresholds."""

    def levels(self, strategy: str | None = None) -> Levels:
        """In seconds."""
        return Levels(*(Decimal(str(level / timedelta(seconds=1))) for level in super().levels(strategy)))  # type: ignore[operator]


def confidence_misfits(confidence: Decimal, statistics: StatisticsSettings) -> Iterator[Misfit]:
    """A confidence level for which monitor.yaml has no figures."""
    if confidence not in statistics.confidence:
        right = f"is not in statistics.confidence in monitor.yaml; there are {', '.join(map(str, statistics.confidence))}"
        yield Misfit("confidence", str(confidence), right)


def observations_misfits(least: int, statistics: StatisticsSettings) -> Iterator[Misfit]:
    """More returns than the risk window of monitor.yaml ever holds."""
    if least > statistics.risk_points:
        right = f"is more than risk_window in monitor.yaml holds: {statistics.risk_points} steps"
        yield Misfit("min_observations", str(least), right)


def _levels(own: Mapping[str, Any], override: Override | None) -> Levels:
    if override is None:
        return Levels(own["warning"], own["critical"])
    return Levels(override.warning or own["warning"], override.critical or own["critical"])


def _order_faults(
    own: Mapping[str, Any], overrides: Mapping[str, Override], *, lower_is_worse: bool
) -> Iterator[InitErrorDetails]:
    side = "below" if lower_is_worse else "above"
    for strategy, override in overrides.items():
        warning, critical = _levels(own, override)
        if not (critical < warning if lower_is_worse else warning < critical):
            right = (
                f"critical {threshold_text(critical)} must be {side} warning {threshold_text(warning)}; "
                "what an override leaves out is the alert's own"
            )
            yield fault((strategy,), override.model_dump(mode="json", exclude_none=True), right)
