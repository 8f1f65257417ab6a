"""The back-test of value at risk: how often it was exceeded, and whether that came in clusters."""

from __future__ import annotations

from math import erfc, isnan, log, sqrt

import msgspec


class Backtest(msgspec.Struct):
    """Forecasts of the loss of one step against what came, counted.

    Instances are mutable, and owned by one strategy; a copy is frozen in effect.
    """

    forecasts: int = 0
    exceedances: int = 0
    """Steps whose loss was larger than the forecast; an equal loss does not count."""
    after: list[int] = msgspec.field(default_factory=lambda: [0, 0, 0, 0])
    """Pairs of forecasts one behind the other: [held, held], [held, exceeded], [exceeded, held], [exceeded, exceeded]."""
    last: bool | None = None
    """Whether the last step exceeded its forecast; None if it had none."""

    def observe(self, forecast: float | None, value: float) -> None:
        """Compare the value at risk known before a step with its return; if one is missing, the next step makes no pair."""
        if forecast is None or isnan(value):
            self.last = None
            return
        exceeded = value < -forecast
        self.forecasts += 1
        self.exceedances += exceeded
        if self.last is not None:
            self.after[2 * self.last + exceeded] += 1
        self.last = exceeded


def kupiec_pvalue(forecasts: int, exceedances: int, tail: float) -> float:
    """Whether exceedances come as often as they should: likelihood ratio against χ² with 1 degree of freedom (Kupiec 1995).

    `tail`: the probability of an exceedance. If no step exceeds, or every step does, the observed rate is 0 or 1.
    """
    held = forecasts - exceedances
    expected = _log_power(tail, exceedances) + _log_power(1 - tail, held)
    observed = _log_power(exceedances / forecasts, exceedances) + _log_power(held / forecasts, held)
    return _chi_square_pvalue(2 * (observed - expected))


def independence_pvalue(after: list[int]) -> float | None:
    """Whether an exceedance makes the next one more, or less, likely (Christoffersen 1998, the test of independence).

    `after`: as in `Backtest`. None where all pairs begin with an exceedance, or none does: then there is nothing to compare.
    """
    held_held, held_exceeded, exceeded_held, exceeded_exceeded = after
    from_held, from_exceeded = held_held + held_exceeded, exceeded_held + exceeded_exceeded
    if not from_held or not from_exceeded:
        return None
    exceeded, held = held_exceeded + exceeded_exceeded, held_held + exceeded_held
    pairs = from_held + from_exceeded
    same = _log_power(exceeded / pairs, exceeded) + _log_power(held / pairs, held)
    apart = (
        _log_power(held_held / from_held, held_held)
        + _log_power(held_exceeded / from_held, held_exceeded)
        + _log_power(exceeded_held / from_exceeded, exceeded_held)
        + _log_power(exceeded_exceeded / from_exceeded, exceeded_exceeded)
    )
    return _chi_square_pvalue(2 * (apart - same))


def _log_power(base: float, exponent: int) -> float:
    """ln(base^exponent), with 0^0 = 1."""
    return exponent * log(base) if exponent else 0.0


def _chi_square_pvalue(statistic: float) -> float:
    """P(χ²₁ > statistic); a statistic that rounding made negative is 0."""
    return erfc(sqrt(max(0.0, statistic) / 2))
