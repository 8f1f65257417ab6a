"""How well a strategy trades: figures of its round trips."""

from __future__ import annotations

from decimal import Decimal

from genesis.core.money import ZERO, ratio
from genesis.ledger.book import RoundTrip


class TradeTally:
    """Counts and sums of round trips, net of their fees and funding."""

    __slots__ = ("evens", "gross_loss", "gross_profit", "losses", "wins")

    def __init__(self) -> None:
        self.wins = 0
        self.losses = 0
        self.evens = 0
        self.gross_profit = ZERO
        self.gross_loss = ZERO
        """The sum of the losses, as a positive number."""

    def add(self, trip: RoundTrip) -> None:
        """Count a closed round trip; one that broke even is neither a win nor a loss."""
        if trip.pnl > 0:
            self.wins += 1
            self.gross_profit += trip.pnl
        elif trip.pnl < 0:
            self.losses += 1
            self.gross_loss -= trip.pnl
        else:
            self.evens += 1

    @property
    def total(self) -> int:
        return self.wins + self.losses + self.evens

    def win_rate(self) -> float | None:
        """Winning round trips over all; None without any."""
        return self.wins / self.total if self.total else None

    def profit_factor(self) -> float | None:
        """Gross profit over gross loss; None without a loss."""
        return ratio(self.gross_profit, self.gross_loss) if self.gross_loss else None

    def expectancy(self) -> float | None:
        """Mean P&L of a round trip, in money; None without any."""
        return ratio(self.gross_profit - self.gross_loss, Decimal(self.total)) if self.total else None
