"""The money and the drawdown of one strategy, or of the whole account, for the snapshot."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from genesis.core.money import ZERO, total, worth
from genesis.ledger.book import Book, Rates
from genesis.ledger.currency import NO_CONVERSION, NO_MARK, Unvalued
from genesis.ledger.ledger import Ledger
from genesis.snapshot import AccountSnapshot

_EQUITY_FIGURES = ("unrealized", "net_pnl", "equity", "drawdown", "drawdown_ratio", "under_water_seconds")


class Kinds(NamedTuple):
    """Money by kind, in the reporting currency; None if a part of it has no rate."""

    realized: Decimal | None
    fees: Decimal | None
    funding: Decimal | None


NOTHING = Kinds(ZERO, ZERO, ZERO)


def kinds_of(book: Book, rates: Rates) -> Kinds:
    """A book's money by kind; call it in `EXACT` arithmetic."""
    foreign = [(amounts, rates.get(currency)) for currency, amounts in book.foreign.items()]
    return Kinds(
        realized=total((book.realized, *(worth(amounts.realized, rate) for amounts, rate in foreign))),
        fees=total((book.fees, *(worth(amounts.fees, rate) for amounts, rate in foreign))),
        funding=total((book.funding, *(worth(amounts.funding, rate) for amounts, rate in foreign))),
    )


def account_figures(book: Book | Ledger, kinds: Kinds, now: datetime | None) -> AccountSnapshot:
    """The money of a book, or of the whole ledger; an unknown figure is None, with its reason in `undefined`."""
    undefined: dict[str, str] = {}
    reason = unvalued_reason(book.unvalued)
    known = reason is None
    net = book.net_pnl
    undefined |= {kind: NO_CONVERSION for kind, amount in kinds._asdict().items() if amount is None}
    realized, fees, funding = kinds
    unrealized = None
    if net is not None and realized is not None and fees is not None and funding is not None:
        unrealized = net - realized + fees - funding
    periods = {
        period: net - start if net is not None and start is not None else None for period, start in book.period_starts.items()
    }
    for period, pnl in periods.items():
        if pnl is None:
            undefined[f"{period.value}_pnl"] = reason or "no_mark_at_period_start"
    drawdown = book.drawdown
    open_ratio = drawdown.ratio(book.equity) if drawdown is not None and known else None
    if reason is not None:
        undefined |= dict.fromkeys(_EQUITY_FIGURES, reason)
    elif open_ratio is None:
        undefined["drawdown_ratio"] = "no_capital"
    max_ratio = drawdown.max_ratio() if drawdown is not None else None
    if max_ratio is None:
        undefined["max_drawdown_ratio"] = "no_capital"
    if drawdown is None or drawdown.last_recovery_seconds is None:
        undefined |= dict.fromkeys(("last_recovery_seconds", "longest_recovery_seconds"), "no_closed_drawdown")
    return AccountSnapshot(
        capital=book.capital,
        realized=realized,
        unrealized=unrealized,
        fees=fees,
        funding=funding,
        net_pnl=net,
        equity=book.equity if known else None,
        period_pnl=periods,
        drawdown=drawdown.peak - book.equity if drawdown is not None and known else None,
        drawdown_ratio=open_ratio,
        max_drawdown_ratio=max_ratio,
        under_water_seconds=(
            drawdown.under_water_seconds(book.equity, now) if drawdown is not None and known and now is not None else None
        ),
        last_recovery_seconds=drawdown.last_recovery_seconds if drawdown is not None else None,
        longest_recovery_seconds=drawdown.longest_recovery_seconds if drawdown is not None else None,
        open_episode=drawdown.open_episode() if drawdown is not None else None,
        worst_episodes=tuple(drawdown.worst) if drawdown is not None else (),
        undefined=undefined,
    )


def unvalued_reason(unvalued: Collection[Unvalued]) -> str | None:
    """Why the equity is unknown; None if it is known."""
    reasons = {item.reason for item in unvalued}
    return NO_MARK if NO_MARK in reasons else min(reasons, default=None)
