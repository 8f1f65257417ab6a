"""How well a strategy trades: figures of its round trips."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from genesis.core.money import ZERO, ratio
from genesis.ledger.book import TripTally


class TradeFigures(NamedTuple):
    """Round trips, net of their fees and funding."""

    wins: int
    losses: int
    evens: int
    gross_profit: Decimal
    gross_loss: Decimal
    """The sum of the losses, as a positive number."""

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


def trade_figures(tallies: Iterable[TripTally]) -> TradeFigures:
    """The round trips of several holdings together."""
    all_of_them = list(tallies)
    return TradeFigures(
        wins=sum(tally.wins for tally in all_of_them),
        losses=sum(tally.losses for tally in all_of_them),
        evens=sum(tally.evens for tally in all_of_them),
        gross_profit=sum((tally.gross_profit for tally in all_of_them), ZERO),
        gross_loss=sum((tally.gross_loss for tally in all_of_them), ZERO),
    )
