"""The part of `monitor.yaml` about the grid of the returns, and the figures computed from them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import InitErrorDetails

from genesis.core.duration import Interval, duration_text
from genesis.settings.faults import Key, fault, refuse
from genesis.settings.section import Name, Ratio, Section

MOST_POINTS = 100_000
"""The longest window, in steps: 0.8 MB a strategy."""

FEWEST_ALARM_STEPS = 10
"""With fewer steps between false alarms, the limit of the CUSUM is not accurate enough."""

Count = Annotated[int, Field(ge=1)]
Confidence = Annotated[Decimal, Field(gt=Decimal("0.5"), lt=1)]


class CorrelationSettings(Section):
    """Which correlations are reported."""

    min_overlap: Annotated[int, Field(ge=3)] = 30
    """Two strategies with fewer grid points in common have no correlation."""
    all_pairs_up_to: Annotated[int, Field(ge=2)] = 20
    """With more strategies than this, only the strongest pairs are reported."""
    strongest_pairs: Count = 200
    """How many pairs are reported then, by the size of their correlation."""


class CapacitySettings(Section):
    """What limits how much capital a strategy can take."""

    participation_ratio: Ratio = Decimal("0.05")
    """The share of a symbol's daily volume that a strategy's turnover may reach."""
    depth_ratio: Ratio = Decimal("0.001")
    """How far from the mid an order may reach into the book, as a share of the price."""
    impact_coefficient: Annotated[Decimal, Field(gt=0, le=100)] = Decimal("1")
    """Y in the impact Y·σ·√(Q/V), until a strategy's own fills are enough to estimate it."""
    calibration_fills: Annotated[int, Field(ge=10)] = 200
    """How many of its own fills it takes to estimate Y from them."""


class DegradationSettings(Section):
    """When a strategy is worse than its baseline."""

    false_alarm_interval: Interval = timedelta(days=30)
    """The intended mean event time between two false alarms of a strategy that matches its baseline."""
    kept_sharpe: Annotated[Decimal, Field(ge=0, lt=1)] = Decimal("0.5")
    """The CUSUM is tuned to detect a Sharpe ratio of this share of the baseline's; 0: no edge is left."""
    confidence: Confidence = Decimal("0.95")
    """The confidence, after the minimum track record, that the Sharpe ratio differs from the baseline's."""


class StatisticsSettings(Section):
    """How figures are computed from the returns on the grid. Times are event times."""

    step: Interval = timedelta(seconds=60)
    """The time between two points of the grid, at which equity and marks are taken."""
    windows: Annotated[tuple[Interval, ...], Field(min_length=1, max_length=8)] = (timedelta(hours=1), timedelta(days=1))
    """The windows of Sharpe, Sortino, Calmar, volatility and the trade figures; each also since the start (`all`)."""
    risk_window: Interval = timedelta(days=1)
    """The window of value at risk, expected shortfall, beta, correlation and the volatility of the symbols."""
    min_observations: Annotated[int, Field(ge=3)] = 30
    """A figure from fewer returns is left out (`warming_up`)."""
    confidence: Annotated[tuple[Confidence, ...], Field(min_length=1, max_length=8)] = (Decimal("0.95"), Decimal("0.99"))
    """The confidence levels of value at risk and expected shortfall."""
    horizon: Interval = timedelta(days=1)
    """The horizon to which value at risk and expected shortfall are scaled by the square root of time."""
    risk_free_rate: Annotated[Decimal, Field(gt=-1, lt=1)] = Decimal(0)
    """The yearly risk-free rate, as a ratio."""
    benchmark: Name | None = None
    """The symbol whose returns are the benchmark of beta, alpha and the market's part of the P&L; null for none."""
    signal_expiry: Interval = timedelta(hours=1)
    """The rest of a signal that is unfilled after this counts as missed: the opportunity part of the shortfall."""
    correlation: CorrelationSettings = CorrelationSettings()
    """Correlations between strategies."""
    capacity: CapacitySettings = CapacitySettings()
    """Capacity."""
    degradation: DegradationSettings = DegradationSettings()
    """Degradation against the baseline in strategies.yaml."""

    @property
    def steps_per_year(self) -> float:
        """How many steps 365 days have."""
        return timedelta(days=365) / self.step

    @property
    def risk_points(self) -> int:
        """The risk window, in steps."""
        return self.points(self.risk_window)

    @property
    def window_points(self) -> dict[str, int]:
        """The windows by their name, in steps."""
        return {duration_text(window): self.points(window) for window in self.windows}

    @property
    def horizon_name(self) -> str:
        return duration_text(self.horizon)

    @property
    def horizon_steps(self) -> float:
        return self.horizon / self.step

    def points(self, window: timedelta) -> int:
        return window // self.step

    @model_validator(mode="after")
    def _windows_hold_points(self) -> StatisticsSettings:
        refuse(type(self).__name__, _window_faults(self))
        return self


def _window_faults(settings: StatisticsSettings) -> Iterator[InitErrorDetails]:
    step = duration_text(settings.step)
    named: list[tuple[tuple[Key, ...], timedelta]] = [(("windows", i), window) for i, window in enumerate(settings.windows)]
    for place, window in [*named, (("risk_window",), settings.risk_window)]:
        if window % settings.step:
            yield fault(place, duration_text(window), f"must be a whole number of steps of {step}")
        elif settings.points(window) < settings.min_observations:
            least = duration_text(settings.min_observations * settings.step)
            yield fault(place, duration_text(window), f"must hold min_observations steps of {step}: {least} at least")
        elif settings.points(window) > MOST_POINTS:
            yield fault(place, duration_text(window), f"must be at most {MOST_POINTS} steps of {step}")
    if settings.degradation.false_alarm_interval < FEWEST_ALARM_STEPS * settings.step:
        least = duration_text(FEWEST_ALARM_STEPS * settings.step)
        given = duration_text(settings.degradation.false_alarm_interval)
        yield fault(("degradation", "false_alarm_interval"), given, f"must hold ten steps of {step}: {least} at least")
    if len(set(settings.windows)) < len(settings.windows):
        texts = [duration_text(window) for window in settings.windows]
        yield fault(("windows",), texts, "must not hold the same value twice")
    if len(set(settings.confidence)) < len(settings.confidence):
        yield fault(("confidence",), [str(level) for level in settings.confidence], "must not hold the same value twice")
