"""The alerts on what is worked out of the returns, round trips and fills of a strategy; each needs enough of them to fire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from genesis.alerts.settings_kinds import DurationAlert, Least, Levels, Override, RatioAlert, Severity, StrategyAlert, Timing
from genesis.core.duration import Interval, duration_text
from genesis.settings.faults import above
from genesis.settings.section import Name, Ratio, Section
from genesis.settings.statistics import Confidence

LONGEST_FILL_DELAY = timedelta(seconds=60)
"""The last bound of the histogram of the fill delay: no quantile is told above it."""

Method = Literal["historical", "parametric", "cornish_fisher"]
Multiple = Annotated[Decimal, Field(gt=0, le=1000)]
Beta = Annotated[Decimal, Field(ge=-1000, le=1000)]
Reason = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
TradeWindow = Interval | Literal["all"]


class PortfolioValueAtRiskAlert(RatioAlert):
    """The p-value of Kupiec's test of the account's value at risk, while exceedances come more often than they should."""

    lower_is_worse: ClassVar[bool] = True

    warning: Ratio
    """Fires with severity warning at this p-value and below."""
    critical: Ratio
    """Fires with severity critical at this p-value and below; must be below `warning`."""
    method: Method
    """The method whose value at risk is tested."""
    confidence: Confidence
    """Its confidence level; one of `statistics.confidence` in monitor.yaml."""
    min_forecasts: Least
    """Fewer steps than this compared with their value at risk say nothing, and fire nothing."""


class ValueAtRiskAlert(PortfolioValueAtRiskAlert, StrategyAlert):
    """The p-value of Kupiec's test of the value at risk, while exceedances come more often than they should."""


class PortfolioShortfallAlert(RatioAlert):
    """The account's expected shortfall at the horizon, as a share of its equity: what a bad day costs on average."""

    method: Method
    """The method by which it is worked out."""
    confidence: Confidence
    """Its confidence level; one of `statistics.confidence` in monitor.yaml."""
    min_observations: Least
    """Fewer returns than this in the risk window say nothing, and fire nothing."""


class ShortfallAlert(PortfolioShortfallAlert, StrategyAlert):
    """The expected shortfall at the horizon, as a share of the equity: what a bad day costs on average."""


class WinRateAlert(StrategyAlert):
    """The share of winning round trips in a window."""

    lower_is_worse: ClassVar[bool] = True

    warning: Ratio
    """Fires with severity warning at this ratio and below."""
    critical: Ratio
    """Fires with severity critical at this ratio and below; must be below `warning`."""
    window: TradeWindow
    """One of `statistics.windows` in monitor.yaml, or `all` for all since the start."""
    min_trades: Least
    """Fewer round trips than this in the window say nothing, and fire nothing."""

    @property
    def window_name(self) -> str:
        """The window as the label of its figures has it."""
        return self.window if isinstance(self.window, str) else duration_text(self.window)


class MultipleOverride(Override):
    """Thresholds of one strategy; what is left out stays at the alert's own."""

    warning: Multiple | None = None
    """The strategy's warning threshold."""
    critical: Multiple | None = None
    """The strategy's critical threshold."""


class ProfitFactorAlert(WinRateAlert):
    """Gross profit over gross loss of the round trips in a window."""

    warning: Multiple
    """Fires with severity warning at this ratio and below."""
    critical: Multiple
    """Fires with severity critical at this ratio and below; must be below `warning`."""
    overrides: Mapping[Name, MultipleOverride] = Field(default_factory=dict)
    """Strategy → its own thresholds."""


class SharpeOverride(MultipleOverride):
    """Thresholds of one strategy; what is left out stays at the alert's own."""

    warning: Ratio | None = None
    """The strategy's warning threshold."""


class SharpeAlert(Timing):
    """A strategy against its baseline: by its Sharpe ratio, and by its CUSUM."""

    warning: Ratio
    """Fires with severity warning where the probability that the true Sharpe ratio is above the baseline's is this or less."""
    critical: Multiple
    """Fires with severity critical where the CUSUM is this many times its limit."""
    overrides: Mapping[Name, SharpeOverride] = Field(default_factory=dict)
    """Strategy → its own thresholds."""
    min_observations: Least
    """Fewer returns than this in the risk window say nothing to the warning, and fire none; the CUSUM needs no number."""

    def levels(self, strategy: str | None = None) -> Levels:
        """The thresholds of a strategy; without one, or without an override, the alert's own."""
        own = self.overrides.get(strategy) if strategy is not None else None
        if own is None:
            return Levels(self.warning, self.critical)
        return Levels(own.warning or self.warning, own.critical or self.critical)


class MultipleAlert(StrategyAlert):
    """An alert on a ratio of each strategy that may be above 1."""

    warning: Multiple
    """Fires with severity warning from here on."""
    critical: Multiple
    """Fires with severity critical from here on; must be above `warning`."""
    overrides: Mapping[Name, MultipleOverride] = Field(default_factory=dict)
    """Strategy → its own thresholds."""


class CapacityAlert(MultipleAlert):
    """The capital of a strategy, in multiples of what it can use."""

    min_trades: Least
    """Fewer round trips than this since the start say nothing of the edge that the capacity hangs on, and fire nothing."""


class SlippageAlert(StrategyAlert):
    """The mean slippage of a strategy's fills over a window; better fills than decided count against worse ones."""

    window: Interval
    """How far back the mean goes, in wall time; at least four times `scrape_interval`."""
    min_fills: Least
    """Fewer fills than this in the window say nothing, and fire nothing."""


class ExpectedSlippageAlert(MultipleAlert):
    """The mean slippage of a strategy's fills over a window, in multiples of what strategies.yaml expects of it."""

    window: Interval
    """How far back the mean goes, in wall time; at least four times `scrape_interval`."""
    min_fills: Least
    """Fewer fills than this in the window say nothing, and fire nothing."""


class FillDelayAlert(DurationAlert):
    """A quantile of the event time from signal to fill, over a window."""

    critical: Interval
    """Fires with severity critical from here on; must be above `warning`, and at most 1m: no more is told."""
    quantile: Annotated[Decimal, Field(gt=0, lt=1)]
    """The share of the fills that come within the delay told."""
    window: Interval
    """How far back the fills go, in wall time; at least four times `scrape_interval`."""
    min_fills: Least
    """Fewer fills than this in the window say nothing, and fire nothing."""

    @model_validator(mode="after")
    def _can_be_told(self) -> Self:
        for name in (None, *self.overrides):
            if (most := max(self.levels(name))) > LONGEST_FILL_DELAY.total_seconds():
                whose = f"of {name} " if name is not None else ""
                raise ValueError(f"thresholds {whose}must be at most {duration_text(LONGEST_FILL_DELAY)}, not {most}s")
        return self


class BandOverride(Section):
    """The band of one strategy; what is left out stays at the alert's own."""

    low: Beta | None = None
    """Where the strategy's band begins."""
    high: Beta | None = None
    """Where the strategy's band ends."""


class Band(Section):
    """From where to where."""

    low: Beta
    high: Beta


class BetaAlert(Timing):
    """The beta of each strategy: outside its band by more than its own uncertainty."""

    severity: Severity
    """How urgent it is."""
    low: Beta
    """Where the band begins."""
    high: Beta
    """Where the band ends; must be above `low`."""
    standard_errors: Annotated[Decimal, Field(ge=0, le=10)]
    """How many of its standard errors beta must be outside the band."""
    overrides: Mapping[Name, BandOverride] = Field(default_factory=dict)
    """Strategy → its own band."""

    def band(self, strategy: str | None = None) -> Band:
        """The band of a strategy; without one, or without an override, the alert's own."""
        own = self.overrides.get(strategy, BandOverride()) if strategy is not None else BandOverride()
        return Band(
            low=own.low if own.low is not None else self.low,
            high=own.high if own.high is not None else self.high,
        )

    @model_validator(mode="after")
    def _bands_are_not_empty(self) -> Self:
        for name in (None, *self.overrides):
            if not (band := self.band(name)).low < band.high:
                raise ValueError(f"low {band.low} must be below high {band.high}" + (f" ({name})" if name is not None else ""))
        return self


class PeriodThresholds(Section):
    """Thresholds of the loss of one period."""

    warning: Ratio
    """Fires with severity warning from this loss on."""
    critical: Ratio
    """Fires with severity critical from this loss on; must be above `warning`."""

    def levels(self, strategy: str | None = None) -> Levels:
        """The thresholds, which are the same for whomever."""
        return Levels(self.warning, self.critical)

    @field_validator("critical")
    @classmethod
    def _critical_is_worse(cls, critical: Decimal, info: ValidationInfo) -> Decimal:
        return above("warning", critical, info)


class PeriodLevels(PeriodThresholds):
    """Thresholds of the loss of one period, some strategies with their own."""

    overrides: Mapping[Name, Override] = Field(default_factory=dict)
    """Strategy → its own thresholds."""

    def levels(self, strategy: str | None = None) -> Levels:
        """The thresholds of a strategy; without one, or without an override, the alert's own."""
        own = self.overrides.get(strategy, Override.model_construct()) if strategy is not None else Override.model_construct()
        return Levels(own.warning or self.warning, own.critical or self.critical)

    @model_validator(mode="after")
    def _overrides_keep_the_order(self) -> Self:
        for name in self.overrides:
            if not (levels := self.levels(name)).warning < levels.critical:
                raise ValueError(f"critical {levels.critical} must be above warning {levels.warning} ({name})")
        return self


class PortfolioPeriodLossAlert(Timing):
    """The loss of the account since the start of the week (Monday) and of the month, as a share of its equity then."""

    week: PeriodThresholds
    """Thresholds of the week's loss."""
    month: PeriodThresholds
    """Thresholds of the month's loss."""

    def periods(self) -> Iterator[tuple[str, PeriodThresholds]]:
        """Each period and its thresholds."""
        yield "week", self.week
        yield "month", self.month


class PeriodLossAlert(PortfolioPeriodLossAlert):
    """The loss of a strategy since the start of the week (Monday) and of the month, as a share of its equity then."""

    week: PeriodLevels
    """Thresholds of the week's loss."""
    month: PeriodLevels
    """Thresholds of the month's loss."""


class UndefinedAlert(Timing):
    """A figure that is not known, for a reason that waiting does not mend."""

    severity: Severity
    """How urgent it is."""
    reasons: Annotated[tuple[Reason, ...], Field(min_length=1)]
    """The reasons of `genesis_strategy_undefined_info` that somebody has to mend."""
