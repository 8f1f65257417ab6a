"""Money and drawdown of each strategy and of the whole account, and the tier with its limits."""

from __future__ import annotations

from genesis.core.money import ZERO
from genesis.ledger.periods import PERIODS
from genesis.metrics import catalog
from genesis.metrics.catalog import Metric
from genesis.metrics.families.folded import Folded
from genesis.metrics.table import Table
from genesis.snapshot import AccountSnapshot, MonitorSnapshot


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
        for period in PERIODS:
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
