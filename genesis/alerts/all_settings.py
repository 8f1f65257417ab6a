"""The alerts of `alerts.yaml`, by the name that they fire under; their kinds are in the files beside this one."""

from __future__ import annotations

from pydantic import (
    ConfigDict,
)
from pydantic.alias_generators import to_pascal

from genesis.alerts.figure_settings import (
    BetaAlert,
    CapacityAlert,
    ExpectedSlippageAlert,
    FillDelayAlert,
    PeriodLossAlert,
    PortfolioPeriodLossAlert,
    PortfolioShortfallAlert,
    PortfolioValueAtRiskAlert,
    ProfitFactorAlert,
    SharpeAlert,
    ShortfallAlert,
    SlippageAlert,
    UndefinedAlert,
    ValueAtRiskAlert,
    WinRateAlert,
)
from genesis.alerts.rotation_settings import DisagreementAlert, StuckAlert
from genesis.alerts.service_settings import (
    DailyLossAlert,
    FlappingAlert,
    JournalSlowAlert,
    LateAlert,
    MissedAlert,
    RejectedAlert,
    ScrapeSlowAlert,
    StalenessAlert,
    TurnedAwayAlert,
    WatchdogAlert,
)
from genesis.alerts.settings_kinds import RatioAlert, StateAlert, StrategyAlert, WindowAlert
from genesis.alerts.silence_settings import SilenceAlert
from genesis.settings.section import Section


class Alerts(Section):
    """The alerts, by the name that they fire under."""

    model_config = ConfigDict(alias_generator=to_pascal)

    strategy_drawdown: StrategyAlert
    """How far a strategy's marked equity is below its peak."""
    daily_loss: DailyLossAlert
    """How much of the tier's daily loss limit is used."""
    slippage_high: SlippageAlert
    """What fills cost against the price that was decided on."""
    market_data_stale: StalenessAlert
    """How old the mark of a held symbol is."""
    strategy_silent: SilenceAlert
    """Nothing comes from a strategy, while its market moves."""
    drawdown_unknown: StateAlert
    """A strategy has capital, but its drawdown cannot be told."""
    daily_loss_unknown: StateAlert
    """The account has capital, but how much of the daily loss limit is used cannot be told."""
    attribution_residual: StateAlert
    """A strategy's net P&L is not the sum of its parts."""
    value_at_risk_exceeded: ValueAtRiskAlert
    """Losses exceed the value at risk more often than they should."""
    expected_shortfall_high: ShortfallAlert
    """A bad day would cost more than the budget."""
    win_rate_low: WinRateAlert
    """Too few round trips win."""
    profit_factor_low: ProfitFactorAlert
    """What round trips win is too little for what others lose."""
    sharpe_degraded: SharpeAlert
    """A strategy is worse than its baseline."""
    slippage_above_expected: ExpectedSlippageAlert
    """Fills cost more than strategies.yaml expects."""
    fill_delay_high: FillDelayAlert
    """Fills come late."""
    correlation_high: StateAlert
    """Two strategies are the same bet; the limit is `correlation_alert_ratio` of trading_rules.yaml."""
    beta_out_of_band: BetaAlert
    """A strategy moves with the market otherwise than it is meant to."""
    capacity_nearly_used: CapacityAlert
    """A strategy has nearly as much capital as it can use."""
    period_loss: PeriodLossAlert
    """The loss of a strategy's week or month."""
    portfolio_drawdown: RatioAlert
    """How far the account's marked equity is below its peak."""
    portfolio_period_loss: PortfolioPeriodLossAlert
    """The loss of the account's week or month."""
    portfolio_value_at_risk_exceeded: PortfolioValueAtRiskAlert
    """The account's losses exceed its value at risk more often than they should."""
    portfolio_expected_shortfall_high: PortfolioShortfallAlert
    """A bad day of the account would cost more than the budget."""
    figures_undefined: UndefinedAlert
    """Figures are not known, and waiting does not help."""
    reconciliation_break: StateAlert
    """A broker's statement and the books differ."""
    events_conflicting: WindowAlert
    """An event was refused because another one was taken in under its identity."""
    events_rejected: RejectedAlert
    """Events were refused because they hold what cannot be booked."""
    events_late: LateAlert
    """Account events were booked, but long after they happened."""
    requests_refused: TurnedAwayAlert
    """Senders are turned away before their events are read."""
    events_missing: StateAlert
    """A source's numbers say that an event never came."""
    journal_failing: WindowAlert
    """Events could not be made durable, and were not acknowledged."""
    journal_slow: JournalSlowAlert
    """Events are long on their way into the journal."""
    storage_below_tier: StateAlert
    """The journal is in SQLite, and the account's tier wants PostgreSQL."""
    collector_failing: StateAlert
    """The monitor answers, but could not collect a group of its metrics."""
    monitor_down: StateAlert
    """Prometheus cannot read the monitor, or the monitor tells nothing of the strategies."""
    monitor_flapping: FlappingAlert
    """The monitor is lost again and again, each time too briefly for MonitorDown."""
    scrape_slow: ScrapeSlowAlert
    """Reading the monitor takes nearly as long as Prometheus waits."""
    series_folded: StateAlert
    """There are more strategies or symbols than the monitor tells by name."""
    rotation_down: StateAlert
    """Prometheus cannot read the rotation controller; never fires where none is configured."""
    rotation_stuck: StuckAlert
    """The rotation controller answers, but decides nothing any more."""
    rotation_blocked: StateAlert
    """The rotation controller takes no step that adds risk."""
    rotation_disagrees: DisagreementAlert
    """The engine gives a strategy another weight than was decided on."""
    rotation_halted: StateAlert
    """Somebody halted rotation, and nobody let it go on."""
    rotation_leaderless: StateAlert
    """Rotation controllers answer, and none of them decides."""
    rules_failing: WindowAlert
    """Prometheus could not evaluate rules."""
    rules_missed: MissedAlert
    """Prometheus leaves out evaluations of rules, as they take too long."""
    alertmanager_unreachable: WindowAlert
    """Prometheus cannot hand its alerts to an Alertmanager."""
    configuration_refused: StateAlert
    """Prometheus or Alertmanager could not load its new configuration, and runs on the old one."""
    notifications_failing: StateAlert
    """Alertmanager cannot deliver."""
    watchdog: WatchdogAlert
    """Always fires."""

    def of(self, name: str) -> Section:
        """The settings of the alert of this name."""
        found: Section = next(getattr(self, field) for field, info in Alerts.model_fields.items() if info.alias == name)
        return found


ALERT_NAMES: tuple[str, ...] = tuple(str(field.alias) for field in Alerts.model_fields.values())
