"""Whether a strategy is worse than its back-test: a CUSUM that alarms, and how likely its Sharpe ratio still is the baseline's.

All ratios here are of one step of the grid, in excess of the risk-free rate, and not annualised.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import NamedTuple

import msgspec

from genesis.analytics.metrics import risk_free_step
from genesis.analytics.moments import Moments
from genesis.settings.statistics import StatisticsSettings
from genesis.settings.strategies import BaselineSettings

NO_BASELINE, NO_EDGE, WARMING_UP, ZERO_VARIANCE = "no_baseline", "no_edge", "warming_up", "zero_variance"
AS_BASELINE = "as_baseline"
"""The Sharpe ratios are the same: no track record is long enough to tell them apart."""
CUSUM_FIGURES = ("degradation_cusum", "degradation_cusum_limit")
SHARPE_FIGURES = ("probabilistic_sharpe_ratio", "min_track_record_seconds")

_OVERSHOOT = 1.166
"""2 × 0.583: how far a walk of normal steps jumps over its two barriers on the mean (Siegmund, 1985)."""
_NO_DRIFT = 1e-18
"""Below this the interval is so short that the allowance has no effect."""


@dataclass(frozen=True, slots=True)
class DegradationFigures:
    """A strategy against its baseline; None where undefined."""

    cusum: float | None = None
    """By how much returns fell short of the baseline, in its standard deviations of one step; above the limit is an alarm."""
    cusum_limit: float | None = None
    probabilistic_sharpe: float | None = None
    """The probability that the true Sharpe ratio is above the baseline's."""
    track_record_seconds: float = 0.0
    """How long the record is: the steps with a return."""
    min_track_record_seconds: float | None = None
    """How long a record must be to tell the Sharpe ratio seen from the baseline's."""
    undefined: Mapping[str, str] = field(default_factory=dict)
    """Figure → reason why it is None."""


class CusumReference(NamedTuple):
    """What the CUSUM compares with, on one step of the grid."""

    mean: float
    volatility: float
    risk_free: float
    allowance: float
    """k: the shortfall that each step is allowed, in standard deviations."""

    @property
    def sharpe(self) -> float:
        return (self.mean - self.risk_free) / self.volatility

    def next(self, cusum: float, value: float) -> float:
        """The CUSUM after one more return: S' = max(0, S + (μ − r)/σ − k), Page 1954."""
        return max(0.0, cusum + (self.mean - value) / self.volatility - self.allowance)


class DegradationState(msgspec.Struct):
    """The state of a tracker that survives a restart."""

    step_seconds: float
    terms: CusumReference | None
    cusum: float = 0.0
    moments: Moments = msgspec.field(default_factory=Moments)


class DegradationTracker:
    """One strategy against its baseline, return by return. Instances are mutable, and owned by one analysis."""

    def __init__(self, baseline: BaselineSettings | None, settings: StatisticsSettings) -> None:
        """Only the step, the risk-free rate, `min_observations` and `degradation` of `settings` matter."""
        self._settings = settings
        self._terms = None if baseline is None else scaled(baseline, settings)
        self._limit = self._alarm_limit()
        self._state = DegradationState(settings.step.total_seconds(), self._terms)
        self._figures: DegradationFigures | None = None

    def observe(self, value: float) -> None:
        """Take in the return of one step; one that is not defined (NaN) changes nothing."""
        if not math.isfinite(value):
            return
        state, self._figures = self._state, None
        state.moments.add(value)
        if self._limit is not None and self._terms is not None:
            state.cusum = self._terms.next(state.cusum, value)

    def figures(self) -> DegradationFigures:
        """What is known now; worked out once after each return."""
        if self._figures is None:
            self._figures = self._work_out()
        return self._figures

    def _work_out(self) -> DegradationFigures:
        terms, moments = self._terms, self._state.moments
        seconds = moments.count * self._state.step_seconds
        if terms is None:
            undefined = dict.fromkeys((*CUSUM_FIGURES, *SHARPE_FIGURES), NO_BASELINE)
            return DegradationFigures(track_record_seconds=seconds, undefined=undefined)
        undefined = {} if self._limit is not None else dict.fromkeys(CUSUM_FIGURES, NO_EDGE)
        probability = length = None
        record = None if moments.count < self._settings.min_observations else track_record(moments, terms.risk_free)
        if record is None:
            reason = WARMING_UP if moments.count < self._settings.min_observations else ZERO_VARIANCE
            undefined |= dict.fromkeys(SHARPE_FIGURES, reason)
        else:
            probability = record.probability_above(terms.sharpe)
            length = record.min_length(terms.sharpe, float(self._settings.degradation.confidence))
            if length is None:
                undefined["min_track_record_seconds"] = AS_BASELINE
        return DegradationFigures(
            cusum=None if self._limit is None else self._state.cusum,
            cusum_limit=self._limit,
            probabilistic_sharpe=probability,
            track_record_seconds=seconds,
            min_track_record_seconds=None if length is None else length * self._state.step_seconds,
            undefined=undefined,
        )

    def state(self) -> DegradationState:
        """The argument for `restore`; later returns still change it."""
        return self._state

    def restore(self, state: DegradationState) -> None:
        """Go on from `state`. A changed baseline restarts the CUSUM; a changed step of the grid restarts everything."""
        if state.step_seconds != self._state.step_seconds:
            return
        self._figures = None
        self._state.moments = state.moments
        self._state.cusum = state.cusum if state.terms == self._terms else 0.0

    def _alarm_limit(self) -> float | None:
        if self._terms is None or not self._terms.allowance > 0:
            return None
        return alarm_limit(self._terms.allowance, self._settings.degradation.false_alarm_interval / self._settings.step)


class TrackRecord(NamedTuple):
    """A Sharpe ratio as it was seen, and how sure it is."""

    length: int
    sharpe: float
    variance: float
    """Of the estimate, times length − 1: 1 − γ₃ SR + (γ₄ − 1)/4 SR². Above 0."""

    def probability_above(self, benchmark: float) -> float:
        """The probabilistic Sharpe ratio: that the true one is above `benchmark`.

        Bailey and López de Prado, "The Sharpe ratio efficient frontier", 2012, equation 11.
        """
        z = (self.sharpe - benchmark) * math.sqrt((self.length - 1) / self.variance)
        return 0.5 * math.erfc(-z / math.sqrt(2.0))

    def min_length(self, benchmark: float, confidence: float) -> float | None:
        """The number of returns at which the probability would be `confidence`, or 1 − `confidence` below the benchmark.

        The same, equation 13; None where the two ratios are the same.
        """
        distance = abs(self.sharpe - benchmark)
        if not distance > 0:
            return None
        length = 1.0 + self.variance * (NormalDist().inv_cdf(confidence) / distance) ** 2
        return length if math.isfinite(length) else None


def track_record(moments: Moments, risk_free: float) -> TrackRecord | None:
    """The Sharpe ratio of the returns seen, with their skewness and kurtosis; None without variance.

    `risk_free` is the rate of one step.
    """
    deviation, skewness, excess = moments.deviation, moments.skewness, moments.excess_kurtosis
    if not deviation or skewness is None or excess is None:
        return None
    sharpe = (moments.mean - risk_free) / deviation
    variance = 1.0 - skewness * sharpe + (excess + 2.0) / 4.0 * sharpe**2
    return TrackRecord(moments.count, sharpe, variance) if variance > 0 else None


def scaled(baseline: BaselineSettings, settings: StatisticsSettings) -> CusumReference:
    """The baseline on one step of the grid: the mean grows with time, the volatility with its square root.

    The allowance k is half of the shift that takes the Sharpe ratio from the baseline's to `kept_sharpe` of it: a CUSUM is
    quickest to find the shift 2k. It is not above 0 where the baseline earns no more than the risk-free rate.
    """
    share = settings.step / baseline.step
    mean, volatility = baseline.mean * share, baseline.volatility * math.sqrt(share)
    risk_free = risk_free_step(float(settings.risk_free_rate), settings.steps_per_year)
    lost = 1.0 - float(settings.degradation.kept_sharpe)
    return CusumReference(mean, volatility, risk_free, 0.5 * lost * (mean - risk_free) / volatility)


def alarm_limit(allowance: float, interval: float) -> float:
    """The limit h of a CUSUM whose false alarms are `interval` steps apart on the mean, counted from 0 each time.

    Args:
        allowance: k, above 0, in standard deviations.
        interval: wanted mean number of steps, above 0.

    Siegmund's approximation for normal returns ("Sequential Analysis", 1985): interval = (e^u − u − 1) / 2k² with
    u = 2k (h + 1.166). Within 3 % of the exact run length from ten steps on, for k up to 0.5.
    """
    wanted = 2.0 * allowance * allowance * interval
    reach = _root(wanted) / (2.0 * allowance) if wanted > _NO_DRIFT else math.sqrt(interval)
    return max(0.0, reach - _OVERSHOOT)


def _root(wanted: float) -> float:
    """u above 0 with e^u − u − 1 = `wanted`, by Newton's method from above: the left side is convex and rises."""
    u = math.sqrt(2.0 * wanted) if wanted < 1.0 else 2.0 * math.log(2.0 + wanted)
    while True:
        better = u - (_excess(u) - wanted) / math.expm1(u)
        if not better < u * (1.0 - 1e-15):
            return better
        u = better


def _excess(u: float) -> float:
    """e^u − u − 1 without cancellation, for u above 0."""
    if u > 0.01:  # noqa: PLR2004 - beyond it the series would need more terms than the cancellation costs digits
        return math.expm1(u) - u
    return u * u * (0.5 + u * (1 / 6 + u * (1 / 24 + u * (1 / 120 + u / 720))))
