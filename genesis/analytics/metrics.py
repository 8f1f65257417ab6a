"""How well a strategy trades: figures of its round trips."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from genesis.core.money import ratio, total, worth
from genesis.ledger.holding import Holding, TripCounts


class TradeFigures(NamedTuple):
    """Round trips, net of their fees and funding."""

    counts: TripCounts
    gross_profit: Decimal | None
    """In the reporting currency; None while a part of it has no rate."""
    gross_loss: Decimal | None
    """The sum of the losses, as a positive number."""

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


def trade_figures(holdings: Iterable[Holding], rates: Mapping[str, Decimal]) -> TradeFigures:
    """The round trips of several holdings together; `rates`: currency → what one unit is worth in the reporting currency."""
    counts = TripCounts()
    profits: list[Decimal | None] = []
    losses: list[Decimal | None] = []
    for holding in holdings:
        counts = counts.plus(holding.trips.counts)
        profits.append(worth(holding.trips.gross_profit, rates.get(holding.currency)))
        losses.append(worth(holding.trips.gross_loss, rates.get(holding.currency)))
    return TradeFigures(counts, total(profits), total(losses))
