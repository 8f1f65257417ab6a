"""The groups of metric families that a snapshot is told in, each a function of its own."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from genesis.core.money import ZERO
from genesis.ledger.periods import Period
from genesis.monitoring import catalog
from genesis.monitoring.catalog import Metric
from genesis.monitoring.snapshot import AccountSnapshot, MonitorSnapshot, StrategySnapshot
from genesis.monitoring.table import Table

OTHER = "other"


class Folded:
    """Which label values are told by name. The first come are; the rest are folded into `other`, where sums have a meaning."""

    def __init__(self, snapshot: MonitorSnapshot, max_strategies: int, max_symbols: int) -> None:
        names = [strategy.name for strategy in snapshot.strategies]
        symbols = dict.fromkeys(h.symbol for strategy in snapshot.strategies for h in strategy.holdings)
        symbols |= dict.fromkeys(snapshot.mark_timestamps)
        self.named = set(names[:max_strategies])
        self._symbols = set(list(symbols)[:max_symbols])
        self.counts = {"strategy": len(names) - len(self.named), "symbol": len(symbols) - len(self._symbols)}

    def strategy(self, name: str) -> str:
        return name if name in self.named else OTHER

    def symbol(self, symbol: str) -> str:
        return symbol if symbol in self._symbols else OTHER

    def known_symbol(self, symbol: str) -> bool:
        return symbol in self._symbols


def accounts(snapshot: MonitorSnapshot, folded: Folded) -> list[Table]:
    money = _Money(
        catalog.STRATEGY_CAPITAL,
        catalog.STRATEGY_EQUITY,
        catalog.STRATEGY_NET_PNL,
        catalog.STRATEGY_PNL,
        catalog.STRATEGY_PERIOD_PNL,
    )
    decline = _Decline(
        catalog.STRATEGY_DRAWDOWN_RATIO,
        catalog.STRATEGY_MAX_DRAWDOWN_RATIO,
        catalog.STRATEGY_DRAWDOWN,
        catalog.STRATEGY_UNDER_WATER_SECONDS,
        catalog.STRATEGY_LAST_RECOVERY_SECONDS,
        catalog.STRATEGY_LONGEST_RECOVERY_SECONDS,
    )
    undefined, seen = Table(catalog.STRATEGY_UNDEFINED_INFO), Table(catalog.STRATEGY_LAST_EVENT_TIMESTAMP_SECONDS)
    configured = Table(catalog.STRATEGY_CONFIGURED)
    for strategy in snapshot.strategies:
        money.add(strategy.account, folded.strategy(strategy.name))
        if strategy.name not in folded.named:
            continue
        decline.add(strategy.account, strategy.name)
        seen.add(strategy.last_event_timestamp, strategy.name)
        configured.add(int(strategy.configured), strategy.name)
        for figure, reason in strategy.undefined.items():
            undefined.add(1, strategy.name, figure, reason)
    for name in snapshot.failed:
        undefined.add(1, name, "all", "error")
    return [*money.tables, *decline.tables, undefined, configured, seen]


def positions(snapshot: MonitorSnapshot, folded: Folded) -> list[Table]:
    quantity, value = Table(catalog.STRATEGY_POSITION_QUANTITY), Table(catalog.STRATEGY_POSITION_VALUE)
    exposure = Table(catalog.STRATEGY_EXPOSURE)
    for strategy in snapshot.strategies:
        name = folded.strategy(strategy.name)
        for holding in strategy.holdings:
            if strategy.name in folded.named and folded.known_symbol(holding.symbol):
                quantity.add(holding.quantity, name, holding.symbol)
            value.add(holding.value, name, folded.symbol(holding.symbol))
        if all(holding.value is not None for holding in strategy.holdings):
            sides = _exposure(strategy)
            exposure.add(sides[0], name, "long")
            exposure.add(sides[1], name, "short")
    return [quantity, value, exposure]


def trades(snapshot: MonitorSnapshot, folded: Folded) -> list[Table]:
    fills, volume, trades = Table(catalog.STRATEGY_FILLS), Table(catalog.STRATEGY_VOLUME), Table(catalog.STRATEGY_TRADES)
    win_rate, factor = Table(catalog.STRATEGY_WIN_RATE_RATIO), Table(catalog.STRATEGY_PROFIT_FACTOR_RATIO)
    expectancy, voided = Table(catalog.STRATEGY_EXPECTANCY), Table(catalog.STRATEGY_VOIDED_FILLS)
    for strategy in snapshot.strategies:
        name = folded.strategy(strategy.name)
        for holding in strategy.holdings:
            symbol = folded.symbol(holding.symbol)
            for (side, liquidity), turnover in holding.turnover.items():
                fills.add(turnover.fills, name, symbol, side.value, liquidity.value)
                volume.add(turnover.value, name, symbol, side.value, liquidity.value)
        voided.add(strategy.voided_fills, name)
        trades.add(strategy.trades.counted.wins, name, "win")
        trades.add(strategy.trades.counted.losses, name, "loss")
        trades.add(strategy.trades.counted.evens, name, "even")
        trades.add(strategy.trades.counted.unvalued, name, "unvalued")
        if strategy.name in folded.named:
            win_rate.add(strategy.trades.win_rate, name)
            factor.add(strategy.trades.profit_factor, name)
            expectancy.add(strategy.trades.expectancy, name)
    return [fills, voided, volume, trades, win_rate, factor, expectancy]


def execution(snapshot: MonitorSnapshot, folded: Folded) -> list[Table]:
    slippage, delay = Table(catalog.STRATEGY_SLIPPAGE_RATIO), Table(catalog.STRATEGY_FILL_DELAY_SECONDS)
    for strategy in snapshot.strategies:
        name = folded.strategy(strategy.name)
        slippage.add_histogram(strategy.slippage_adverse, name, "adverse")
        slippage.add_histogram(strategy.slippage_favourable, name, "favourable")
        delay.add_histogram(strategy.fill_delay, name)
    return [slippage, delay]


def portfolio(snapshot: MonitorSnapshot, folded: Folded) -> list[Table]:
    account = snapshot.portfolio.account
    tier_now = snapshot.portfolio.tier
    money = _Money(
        catalog.PORTFOLIO_CAPITAL,
        catalog.PORTFOLIO_EQUITY,
        catalog.PORTFOLIO_NET_PNL,
        catalog.PORTFOLIO_PNL,
        catalog.PORTFOLIO_PERIOD_PNL,
    )
    decline = _Decline(
        catalog.PORTFOLIO_DRAWDOWN_RATIO,
        catalog.PORTFOLIO_MAX_DRAWDOWN_RATIO,
        catalog.PORTFOLIO_DRAWDOWN,
        catalog.PORTFOLIO_UNDER_WATER_SECONDS,
        catalog.PORTFOLIO_LAST_RECOVERY_SECONDS,
        catalog.PORTFOLIO_LONGEST_RECOVERY_SECONDS,
    )
    info, undefined = Table(catalog.PORTFOLIO_INFO), Table(catalog.PORTFOLIO_UNDEFINED_INFO)
    used, tier, limit = Table(catalog.PORTFOLIO_DAILY_LOSS_USED_RATIO), Table(catalog.TIER_INFO), Table(catalog.TIER_LIMIT)
    storage, series_folded = Table(catalog.TIER_STORAGE_INFO), Table(catalog.SERIES_FOLDED)
    if snapshot.failed:
        undefined.add(1, "all", "strategy_error")
        return [undefined]
    money.add(account)
    decline.add(account)
    info.add(1, snapshot.portfolio.currency)
    for figure, reason in snapshot.portfolio.undefined.items():
        undefined.add(1, figure, reason)
    used.add(snapshot.portfolio.daily_loss_used_ratio)
    if tier_now is not None:
        tier.add(1, tier_now.name)
        limit.add(tier_now.max_daily_loss, "max_daily_loss")
        limit.add(tier_now.max_positions, "max_positions")
        limit.add(tier_now.stop_loss_ratio, "stop_loss_ratio")
        limit.add(tier_now.position_risk_ratio, "position_risk_ratio")
        storage.add(1, tier_now.storage)
    for label, count in folded.counts.items():
        series_folded.add(count, label)
    return [*money.tables, *decline.tables, info, undefined, used, tier, limit, storage, series_folded]


def sources(snapshot: MonitorSnapshot, folded: Folded) -> list[Table]:
    missing, numbered = Table(catalog.SOURCE_MISSING_EVENTS), Table(catalog.SOURCE_NUMBERED_EVENTS)
    forgotten = Table(catalog.SOURCES_FORGOTTEN)
    for name, source in snapshot.sources.items():
        missing.add(source.missing, name)
        for order, count in source.counts.items():
            numbered.add(count, name, order.value)
    forgotten.add(snapshot.forgotten_sources)
    return [missing, numbered, forgotten]


def reconciliation(snapshot: MonitorSnapshot, folded: Folded) -> list[Table]:
    positions, cash = Table(catalog.RECONCILIATION_BREAK), Table(catalog.RECONCILIATION_CASH_BREAK)
    total, done = Table(catalog.RECONCILIATION_OPEN_BREAKS), Table(catalog.RECONCILIATION_TIMESTAMP_SECONDS)
    for found in snapshot.reconciliations:
        for item in found.breaks:
            if item.symbol:
                positions.add(item.difference, found.scope, item.strategy, item.symbol)
            else:
                cash.add(item.difference, found.scope, item.strategy, item.currency)
        total.add(found.total_breaks, found.scope)
        done.add(found.timestamp, found.scope)
    return [positions, cash, total, done]


def marks(snapshot: MonitorSnapshot, folded: Folded) -> list[Table]:
    seen = Table(catalog.MARK_TIMESTAMP_SECONDS)
    for symbol, timestamp in snapshot.mark_timestamps.items():
        if folded.known_symbol(symbol):
            seen.add(timestamp, symbol)
    return [seen]


class _Money:
    """The figures of an account that add up over accounts."""

    def __init__(self, capital: Metric, equity: Metric, net: Metric, pnl: Metric, period: Metric) -> None:
        self._capital, self._equity, self._net = Table(capital), Table(equity), Table(net)
        self._pnl, self._period = Table(pnl), Table(period)
        self.tables = [self._capital, self._equity, self._net, self._pnl, self._period]

    def add(self, account: AccountSnapshot, *labels: str) -> None:
        self._capital.add(account.capital, *labels)
        self._equity.add(account.equity, *labels)
        self._net.add(account.net_pnl, *labels)
        self._pnl.add(account.realized, *labels, "realized")
        self._pnl.add(account.unrealized, *labels, "unrealized")
        self._pnl.add(None if account.fees is None else ZERO - account.fees, *labels, "fees")
        self._pnl.add(account.funding, *labels, "funding")
        for period in Period:
            self._period.add(account.period_pnl[period], *labels, period.value)


class _Decline:
    """The drawdown figures of an account; they do not add up."""

    def __init__(self, *metrics: Metric) -> None:
        """`metrics`: ratio, deepest ratio, money, time under water, last and longest recovery."""
        self.tables = [Table(metric) for metric in metrics]

    def add(self, account: AccountSnapshot, *labels: str) -> None:
        figures = (
            account.drawdown_ratio,
            account.max_drawdown_ratio,
            account.drawdown,
            account.under_water_seconds,
            account.last_recovery_seconds,
            account.longest_recovery_seconds,
        )
        for table, figure in zip(self.tables, figures, strict=True):
            table.add(figure, *labels)


def _exposure(strategy: StrategySnapshot) -> tuple[Decimal, Decimal]:
    values = [holding.value or ZERO for holding in strategy.holdings]
    return sum((v for v in values if v > 0), ZERO), -sum((v for v in values if v < 0), ZERO)


Group = Callable[[MonitorSnapshot, Folded], list[Table]]
GROUPS: dict[str, Group] = {
    "accounts": accounts,
    "positions": positions,
    "trades": trades,
    "execution": execution,
    "portfolio": portfolio,
    "marks": marks,
    "sources": sources,
    "reconciliation": reconciliation,
}
