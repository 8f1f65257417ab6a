"""How well a strategy does: figures of its round trips, and of its returns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from math import expm1, isfinite, log1p, nan, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from genesis.analytics.sums import NO_SUMS, CentralSums
from genesis.core.money import ratio, total, worth
from genesis.ledger.trips import TripCounts, TripTally


class TradeFigures(NamedTuple):
    """Round trips, net of their fees and funding."""

    counts: TripCounts
    gross_profit: Decimal | None
    """In the reporting currency; None while a part of it has no rate."""
    gross_loss: Decimal | None
    """The sum of the losses, as a positive number."""
    held: TripCounts = TripCounts()
    """Microseconds that they were open: winners, losers, and the others together in `evens`."""

    @property
    def valued(self) -> int:
        """Round trips whose P&L is known."""
        return self.counts.wins + self.counts.losses + self.counts.evens

    def win_rate(self) -> float | None:
        """Winning round trips over all whose P&L is known; None without any."""
        return self.counts.wins / self.valued if self.valued else None

    def profit_factor(self) -> float | None:
        """Gross profit over gross loss; None without a loss."""
        return ratio(self.gross_profit, self.gross_loss) if self.gross_loss and self.gross_profit is not None else None

    def expectancy(self) -> float | None:
        """Mean P&L of the round trips whose P&L is known, in money; None without any."""
        if not self.valued or self.gross_profit is None or self.gross_loss is None:
            return None
        return ratio(self.gross_profit - self.gross_loss, Decimal(self.valued))

    def average_win(self) -> float | None:
        """Mean profit of the winning round trips, in money; None without one."""
        return _mean(self.gross_profit, self.counts.wins)

    def average_loss(self) -> float | None:
        """Mean loss of the losing round trips, in money, above 0; None without one."""
        return _mean(self.gross_loss, self.counts.losses)

    def holding_seconds(self) -> float | None:
        """Mean time that the round trips were open; None without any."""
        return _seconds(sum(self.held), sum(self.counts))

    def winner_holding_seconds(self) -> float | None:
        """The same of the winning ones."""
        return _seconds(self.held.wins, self.counts.wins)

    def loser_holding_seconds(self) -> float | None:
        """The same of the losing ones."""
        return _seconds(self.held.losses, self.counts.losses)


def trade_figures(tallies: Iterable[tuple[str, TripTally]], rates: Mapping[str, Decimal]) -> TradeFigures:
    """The round trips of several symbols together.

    Args:
        tallies: the currency that a symbol is quoted in, and the round trips there.
        rates: currency → what one unit is worth in the reporting currency.
    """
    wins = losses = evens = unvalued = 0
    held = held_wins = held_losses = 0
    profits: list[Decimal | None] = []
    costs: list[Decimal | None] = []
    for currency, tally in tallies:
        wins += tally.wins
        losses += tally.losses
        evens += tally.evens
        unvalued += tally.unvalued
        held += tally.held
        held_wins += tally.held_wins
        held_losses += tally.held_losses
        profits.append(worth(tally.gross_profit, rates.get(currency)))
        costs.append(worth(tally.gross_loss, rates.get(currency)))
    times = TripCounts(held_wins, held_losses, held - held_wins - held_losses)
    return TradeFigures(TripCounts(wins, losses, evens, unvalued), total(profits), total(costs), times)


def _mean(amount: Decimal | None, number: int) -> float | None:
    return ratio(amount, Decimal(number)) if number and amount is not None else None


def _seconds(microseconds: int, number: int) -> float | None:
    return microseconds / number / 1e6 if number else None


# Figures of returns: simple ones of one step, NaN where there is none, of which a year has `steps_per_year`. None: not defined.
# Each is computed from sums of the returns: the batch form takes them from all returns, a window keeps them up to date.

_FEWEST = 2  # returns that have a deviation


def volatility(returns: NDArray[np.float64], steps_per_year: float) -> float | None:
    """Standard deviation (n − 1) of a year: σ √steps. None with fewer than two returns."""
    moments = _moments(returns)
    return volatility_of(moments, steps_per_year) if moments.number >= _FEWEST else None


def volatility_of(moments: CentralSums, steps_per_year: float) -> float:
    """Of two returns at least."""
    return sqrt(moments.square / (moments.number - 1)) * sqrt(steps_per_year)


def sharpe(returns: NDArray[np.float64], steps_per_year: float, risk_free: float = 0.0) -> float | None:
    """(mean − risk-free rate of a step) / σ, times √steps. None without variance."""
    moments = _moments(returns)
    return sharpe_of(moments, steps_per_year, risk_free) if moments.number >= _FEWEST else None


def sharpe_of(moments: CentralSums, steps_per_year: float, risk_free: float) -> float | None:
    """Of two returns at least."""
    deviation = sqrt(moments.square / (moments.number - 1))
    return (moments.mean - risk_free) / deviation * sqrt(steps_per_year) if deviation else None


def sortino(returns: NDArray[np.float64], steps_per_year: float, risk_free: float = 0.0) -> float | None:
    """(mean − risk-free rate of a step) / √(mean of min(r − risk-free rate, 0)²), times √steps. None without a return below."""
    known = returns[~np.isnan(returns)]
    downside = float((np.minimum(known - risk_free, 0.0) ** 2).sum())
    return sortino_of(_moments(known), downside, steps_per_year, risk_free)


def sortino_of(moments: CentralSums, downside: float, steps_per_year: float, risk_free: float) -> float | None:
    """`downside`: Σ min(r − risk-free rate, 0)²."""
    return (moments.mean - risk_free) / sqrt(downside / moments.number) * sqrt(steps_per_year) if downside else None


def max_drawdown(returns: NDArray[np.float64]) -> float | None:
    """The deepest 1 − value / peak of the compounded returns, which start at a peak. None after a return of −1 or less."""
    known = returns[~np.isnan(returns)]
    if not len(known) or known.min() <= -1:
        return None
    levels = np.concatenate(([0.0], np.log1p(known).cumsum()))
    return -expm1(-float((np.maximum.accumulate(levels) - levels).max()))


def calmar(returns: NDArray[np.float64], steps_per_year: float) -> float | None:
    """The compounded return of a year over the deepest drawdown. None without a drawdown, or after a return of −1 or less."""
    known = returns[~np.isnan(returns)]
    deepest = max_drawdown(known)
    return calmar_of(float(np.log1p(known).sum()) / len(known), deepest, steps_per_year) if deepest else None


def calmar_of(log_return: float, drawdown: float, steps_per_year: float) -> float | None:
    """Of a mean ln(1 + r) and the deepest drawdown, above 0. None where no float holds it."""
    yearly = annual_return(log_return, steps_per_year)
    return yearly / drawdown if yearly is not None and isfinite(yearly / drawdown) else None


def annual_return(log_return: float, steps_per_year: float) -> float | None:
    """What a mean ln(1 + r) of a step comes to in a year, compounded; None where no float holds it."""
    try:
        return expm1(log_return * steps_per_year)
    except OverflowError:
        return None


def compounded(rate: float, steps_per_year: float) -> float | None:
    """What a rate of a step comes to in a year; None where it loses everything, or no float holds it."""
    return annual_return(log1p(rate), steps_per_year) if rate > -1 else None


def risk_free_step(yearly: float, steps_per_year: float) -> float:
    """The rate of a step that compounds to the yearly one."""
    return expm1(log1p(yearly) / steps_per_year)


def _moments(returns: NDArray[np.float64]) -> CentralSums:
    """The first two of the returns that are not NaN."""
    known = returns[~np.isnan(returns)]
    if not len(known):
        return NO_SUMS
    mean = float(known.mean())
    square = float(((known - mean) ** 2).sum()) if known.min() < known.max() else 0.0
    return CentralSums(len(known), mean, square, nan, nan)
