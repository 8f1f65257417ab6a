"""Books and tallies → the frozen snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

import structlog

from genesis.analytics.metrics import trade_figures
from genesis.core.config import TradingRules
from genesis.core.money import ZERO, ratio
from genesis.ledger.book import Book
from genesis.ledger.ledger import Ledger
from genesis.ledger.periods import Period
from genesis.monitoring.accounts import Accounts, StrategyRecord
from genesis.monitoring.snapshot import (
    AccountSnapshot,
    HoldingSnapshot,
    MonitorSnapshot,
    PortfolioSnapshot,
    StrategySnapshot,
    TradesSnapshot,
)

_log = structlog.get_logger(__name__)

_TRIP_FIGURES = ("win_rate", "expectancy")
_EQUITY_FIGURES = ("unrealized", "net_pnl", "equity", "drawdown", "drawdown_ratio", "under_water_seconds")


def summarise(accounts: Accounts, *, mark_seen: Mapping[str, float], rules: TradingRules, currency: str) -> MonitorSnapshot:
    """The picture of the whole account. A strategy that cannot be summarised is left out, and named in `failed`."""
    ledger, out = accounts.ledger, dict(accounts.failed)
    strategies = []
    for name, book in ledger.books.items():
        if name in out:
            continue
        try:
            strategies.append(_strategy(book, accounts.records[name], ledger))
        except Exception as error:
            _log.exception("summary failed: the strategy is left out", strategy=name)
            out[name] = f"{type(error).__name__}: {error}"
    return MonitorSnapshot(
        time=ledger.time,
        strategies=tuple(strategies),
        portfolio=_portfolio(ledger, rules, currency),
        mark_timestamps=dict(mark_seen),
        failed=out,
    )


def _strategy(book: Book, record: StrategyRecord, ledger: Ledger) -> StrategySnapshot:
    tally = trade_figures(holding.trips for holding in book.holdings.values())
    account = _account(book, ledger.time)
    trades = TradesSnapshot(
        wins=tally.wins,
        losses=tally.losses,
        evens=tally.evens,
        gross_profit=tally.gross_profit,
        gross_loss=tally.gross_loss,
        win_rate=tally.win_rate(),
        profit_factor=tally.profit_factor(),
        expectancy=tally.expectancy(),
    )
    undefined = dict(account.undefined)
    if not tally.total:
        undefined |= dict.fromkeys((*_TRIP_FIGURES, "profit_factor"), "no_round_trips")
    elif not tally.gross_loss:
        undefined["profit_factor"] = "no_losses"
    return StrategySnapshot(
        name=book.strategy,
        account=account,
        holdings=tuple(_holdings(book, ledger)),
        trades=trades,
        slippage_adverse=record.adverse.counts(),
        slippage_favourable=record.favourable.counts(),
        fill_delay=record.delay.counts(),
        last_event_timestamp=record.last_event_timestamp,
        undefined=undefined,
    )


def _holdings(book: Book, ledger: Ledger) -> list[HoldingSnapshot]:
    snapshots = []
    for symbol, holding in book.holdings.items():
        if not holding.turnover:
            continue  # funding alone makes no position
        mark = ledger.marks.get(symbol)
        price = mark.price if mark is not None else None
        snapshots.append(
            HoldingSnapshot(
                symbol=symbol,
                quantity=holding.quantity,
                value=holding.quantity * price if price is not None else None if holding.quantity else ZERO,
                unrealized=holding.unrealized(price) if price is not None else None if holding.quantity else ZERO,
                turnover={(side, kind): sums for side, kinds in holding.turnover.items() for kind, sums in kinds.items()},
            )
        )
    return snapshots


def _portfolio(ledger: Ledger, rules: TradingRules, currency: str) -> PortfolioSnapshot:
    account = _account(_AccountView(ledger), ledger.time)
    undefined = dict(account.undefined)
    tier = rules.tier_of(account.equity) if account.equity is not None else None
    if tier is None:
        undefined["tier"] = "no_mark" if account.equity is None else "below_smallest_tier"
    day = account.period_pnl[Period.DAY]
    used = ratio(max(ZERO, -day), tier.max_daily_loss) if tier is not None and day is not None else None
    if used is None:
        undefined["daily_loss_used_ratio"] = undefined.get("tier") or undefined["day_pnl"]
    return PortfolioSnapshot(currency=currency, account=account, tier=tier, daily_loss_used_ratio=used, undefined=undefined)


class _AccountView:
    """The whole ledger, looked at as one book."""

    def __init__(self, ledger: Ledger) -> None:
        books = ledger.books.values()
        self.capital = ledger.capital
        self.equity = ledger.equity
        self.realized = sum((book.realized for book in books), ZERO)
        self.fees = sum((book.fees for book in books), ZERO)
        self.funding = sum((book.funding for book in books), ZERO)
        self.net_pnl = ledger.net_pnl
        self.unmarked = ledger.unmarked
        self.drawdown = ledger.drawdown
        self.period_starts = ledger.period_starts

    @property
    def unrealized(self) -> Decimal | None:
        return None if self.net_pnl is None else self.net_pnl - self.realized + self.fees - self.funding


def _account(book: Book | _AccountView, now: datetime | None) -> AccountSnapshot:
    """The money of a book; what is not known is None, with its reason."""
    undefined: dict[str, str] = {}
    known = not book.unmarked
    net = book.net_pnl
    periods = {
        period: net - start if net is not None and start is not None else None for period, start in book.period_starts.items()
    }
    for period, pnl in periods.items():
        if pnl is None:
            undefined[f"{period.value}_pnl"] = "no_mark" if net is None else "no_mark_at_period_start"
    drawdown = book.drawdown
    open_ratio = drawdown.ratio(book.equity) if drawdown is not None and known else None
    if not known:
        undefined |= dict.fromkeys(_EQUITY_FIGURES, "no_mark")
    elif open_ratio is None:
        undefined |= dict.fromkeys(("drawdown_ratio",), "no_capital")
    max_ratio = drawdown.max_ratio() if drawdown is not None else None
    if max_ratio is None:
        undefined["max_drawdown_ratio"] = "no_capital"
    if drawdown is None or drawdown.last_recovery_seconds is None:
        undefined |= dict.fromkeys(("last_recovery_seconds", "longest_recovery_seconds"), "no_closed_drawdown")
    return AccountSnapshot(
        capital=book.capital,
        realized=book.realized,
        unrealized=book.unrealized,
        fees=book.fees,
        funding=book.funding,
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
        undefined=undefined,
    )
