"""The tests of the rules: below, at and above each threshold, too few samples, absence, the end; files as in `alerts/`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from genesis.alerts.alert import ConfiguredAlert
from genesis.alerts.cases import (
    account,
    alerting,
    books,
    capacity,
    degradation,
    events,
    execution,
    feeds,
    journal,
    losses,
    monitor,
    risk,
    rotation,
    trades,
)
from genesis.alerts.cases.case import Case
from genesis.alerts.cases.maker import CaseMaker
from genesis.alerts.settings import AlertSettings

CASES: Mapping[str, Callable[[CaseMaker], Iterator[Case]]] = {
    "StrategyDrawdown": losses.drawdown,
    "DrawdownUnknown": losses.drawdown_unknown,
    "DailyLoss": losses.daily_loss,
    "DailyLossUnknown": losses.daily_loss_unknown,
    "PeriodLoss": losses.period_loss,
    "PortfolioDrawdown": account.drawdown,
    "PortfolioPeriodLoss": account.period_loss,
    "PortfolioValueAtRiskExceeded": account.value_at_risk,
    "PortfolioExpectedShortfallHigh": account.shortfall,
    "AttributionResidual": books.residual,
    "ReconciliationBreak": books.reconciliation,
    "FiguresUndefined": books.undefined,
    "ValueAtRiskExceeded": risk.value_at_risk,
    "ExpectedShortfallHigh": risk.shortfall,
    "CorrelationHigh": risk.correlation,
    "BetaOutOfBand": risk.beta,
    "WinRateLow": trades.win_rate,
    "ProfitFactorLow": trades.profit_factor,
    "SharpeDegraded": degradation.sharpe,
    "SlippageHigh": execution.slippage,
    "SlippageAboveExpected": execution.expected_slippage,
    "FillDelayHigh": execution.fill_delay,
    "CapacityNearlyUsed": capacity.used,
    "MarketDataStale": feeds.stale,
    "StrategySilent": feeds.silent,
    "EventsConflicting": events.conflicting,
    "EventsRejected": events.rejected,
    "EventsLate": events.late,
    "RequestsRefused": events.turned_away,
    "EventsMissing": events.missing,
    "JournalFailing": journal.failing,
    "JournalSlow": journal.slow,
    "StorageBelowTier": journal.storage,
    "CollectorFailing": monitor.collector,
    "MonitorDown": monitor.down,
    "MonitorFlapping": monitor.flapping,
    "ScrapeSlow": monitor.slow,
    "SeriesFolded": monitor.folded,
    "RotationDown": rotation.down,
    "RotationStuck": rotation.stuck,
    "RotationBlocked": rotation.blocked,
    "RotationDisagrees": rotation.disagrees,
    "RotationHalted": rotation.halted,
    "RotationLeaderless": rotation.leaderless,
    "RulesFailing": alerting.failing,
    "RulesMissed": alerting.missed,
    "AlertmanagerUnreachable": alerting.unreachable,
    "ConfigurationRefused": alerting.refused,
    "NotificationsFailing": alerting.notifications,
    "Watchdog": alerting.watchdog,
}
"""Alert → what makes its cases."""


def cases(settings: AlertSettings, configured: Mapping[str, ConfiguredAlert[Any]]) -> Iterator[Case]:
    """The cases of every alert."""
    for name, alert in configured.items():
        yield from CASES[name](CaseMaker(alert, settings))
