"""`alerts.yaml`: thresholds, receivers and routes, as frozen settings.

Every fault of the file is reported at once, those of the references between its parts included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import (
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_pascal
from pydantic_core import InitErrorDetails

from genesis.core.alert_faults import again, fault, refuse
from genesis.core.duration import Interval, duration_text
from genesis.core.figure_alerts import (
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
from genesis.core.notification_config import Delivery, Grouping, Hours, Route, Team
from genesis.core.notification_faults import notification_faults
from genesis.core.receiver_config import Receiver, Url
from genesis.core.rotation_alerts import DisagreementAlert, StuckAlert
from genesis.core.section import Name, Section
from genesis.core.service_alerts import (
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
from genesis.core.silence_alert import SilenceAlert
from genesis.core.strategy_alert import RatioAlert, StateAlert, StrategyAlert, Timing, WindowAlert

OTHERS_INTERVAL = timedelta(seconds=5)
"""How often Prometheus reads itself and Alertmanager."""

_LONGEST_INTERVAL = timedelta(minutes=1)


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


ALERT_NAMES: tuple[str, ...] = tuple(str(field.alias) for field in Alerts.model_fields.values())


class Links(Section):
    """The addresses that a notification sends its reader to."""

    runbooks: Url
    """The page of the runbooks; the alert's name in lower case is the anchor on it."""
    board: Url
    """The board of the strategies; the alert's strategy is handed to it as `var-strategy`."""


class AlertSettings(Section):
    """`alerts.yaml`: what fires when, and who is told."""

    scrape_interval: Interval
    """How often Prometheus reads the monitor; at most 1m."""
    evaluation_interval: Interval
    """How often Prometheus evaluates the alert rules; at most 1m."""
    group_by: Grouping
    """The labels by which alerts make one notification: those in which all of these are equal. Test alerts stay apart."""
    group_interval: Interval
    """How soon a change in a group that was notified before (one more alert, one resolved) is notified."""
    links: Links
    """Where a notification's links lead."""
    alerts: Alerts
    """The alerts and their thresholds."""
    receivers: Annotated[dict[Name, Receiver], Field(min_length=1)]
    """Who can be told."""
    hours: dict[Name, Hours] = Field(default_factory=dict)
    """Hours of the week, by a name that routes use."""
    teams: dict[Name, Team] = Field(default_factory=dict)
    """Strategy → who is told of its alerts instead of the routes' receivers: one of `receivers`, or one a severity."""
    default_route: Delivery
    """Takes what no route takes, so that nothing is lost."""
    routes: tuple[Route, ...]
    """Who is told of what."""

    @model_validator(mode="wrap")
    @classmethod
    def _references_lead_somewhere(cls, raw: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        faults = list(notification_faults(raw, ALERT_NAMES)) if isinstance(raw, Mapping) else []
        try:
            settings = handler(raw)
        except ValidationError as error:
            found = [*map(again, error.errors(include_url=False)), *faults]
            raise ValidationError.from_exception_data(cls.__name__, found) from None
        refuse(cls.__name__, faults)
        return settings

    @model_validator(mode="after")
    def _quotes_can_be_fresh(self) -> Self:
        found, shortest = self.alerts.strategy_silent.quoted_within, 2 * self.scrape_interval
        if found < shortest:
            right = f"must be at least {duration_text(shortest)}, twice scrape_interval: what was read is as old as that"
            key = ("alerts", "StrategySilent", "quoted_within")
            refuse(type(self).__name__, [fault(key, duration_text(found), right)])
        return self

    @model_validator(mode="after")
    def _intervals_fit(self) -> Self:
        refuse(type(self).__name__, _interval_faults(self))
        return self


def _interval_faults(settings: AlertSettings) -> Iterator[InitErrorDetails]:
    for key in ("scrape_interval", "evaluation_interval"):
        if (interval := getattr(settings, key)) > _LONGEST_INTERVAL:
            right = f"must be at most {duration_text(_LONGEST_INTERVAL)}: some rules look back two minutes"
            yield fault((key,), duration_text(interval), right)
    yield from _hold_faults(settings.alerts)
    yield from _window_faults(settings.alerts, 4 * settings.scrape_interval)
    flapping = settings.alerts.monitor_flapping
    if flapping.window <= (least := 2 * flapping.times * settings.scrape_interval):
        right = f"must be longer than {duration_text(least)}: it takes two scrapes to see one of the {flapping.times} times"
        yield fault(("alerts", "MonitorFlapping", "window"), duration_text(flapping.window), right)
    yield from _end_faults(settings.alerts)


def _hold_faults(alerts: Alerts) -> Iterator[InitErrorDetails]:
    for name, burst in (
        ("SlippageHigh", alerts.slippage_high),
        ("SlippageAboveExpected", alerts.slippage_above_expected),
        ("FillDelayHigh", alerts.fill_delay_high),
        ("EventsConflicting", alerts.events_conflicting),
        ("EventsRejected", alerts.events_rejected),
        ("EventsLate", alerts.events_late),
        ("RequestsRefused", alerts.requests_refused),
        ("JournalFailing", alerts.journal_failing),
        ("JournalSlow", alerts.journal_slow),
        ("MonitorFlapping", alerts.monitor_flapping),
        ("RulesFailing", alerts.rules_failing),
        ("RulesMissed", alerts.rules_missed),
    ):
        if burst.hold >= burst.window:
            right = f"must be shorter than window, which is {duration_text(burst.window)}: then a burst is over"
            yield fault(("alerts", name, "for"), duration_text(burst.hold), right)
    unreachable = alerts.alertmanager_unreachable
    if unreachable.hold <= unreachable.window:
        right = f"must be longer than window, which is {duration_text(unreachable.window)}: else one failed attempt is told"
        yield fault(("alerts", "AlertmanagerUnreachable", "for"), duration_text(unreachable.hold), right)


def _window_faults(alerts: Alerts, shortest: timedelta) -> Iterator[InitErrorDetails]:
    for name, window in (
        ("SlippageHigh", alerts.slippage_high.window),
        ("SlippageAboveExpected", alerts.slippage_above_expected.window),
        ("FillDelayHigh", alerts.fill_delay_high.window),
        ("EventsConflicting", alerts.events_conflicting.window),
        ("EventsRejected", alerts.events_rejected.window),
        ("EventsLate", alerts.events_late.window),
        ("RequestsRefused", alerts.requests_refused.window),
        ("JournalFailing", alerts.journal_failing.window),
        ("JournalSlow", alerts.journal_slow.window),
        ("MonitorFlapping", alerts.monitor_flapping.window),
        ("ScrapeSlow", alerts.scrape_slow.window),
    ):
        if window < shortest:
            right = f"must be at least {duration_text(shortest)}, four times scrape_interval: a shorter one holds no increase"
            yield fault(("alerts", name, "window"), duration_text(window), right)
    for name, window in (
        ("RulesFailing", alerts.rules_failing.window),
        ("RulesMissed", alerts.rules_missed.window),
        ("AlertmanagerUnreachable", alerts.alertmanager_unreachable.window),
    ):
        if window < 4 * OTHERS_INTERVAL:
            right = f"must be at least {duration_text(4 * OTHERS_INTERVAL)}: Prometheus reads itself every five seconds"
            yield fault(("alerts", name, "window"), duration_text(window), right)


def _end_faults(alerts: Alerts) -> Iterator[InitErrorDetails]:
    for muting, muted_by in (("MonitorDown", alerts.monitor_down), ("CollectorFailing", alerts.collector_failing)):
        for name, alert in _on_figures(alerts):
            if alert.keep_firing_for <= muted_by.hold:
                right = (
                    f"must be longer than alerts.{muting}.for, which is {duration_text(muted_by.hold)}: "
                    "otherwise a crash of the monitor is told as a recovery"
                )
                yield fault(("alerts", name, "keep_firing_for"), duration_text(alert.keep_firing_for), right)


def _on_figures(alerts: Alerts) -> Iterator[tuple[str, Timing]]:
    """The alerts that end with the monitor, as they look at its figures of now."""
    yield from (
        ("StrategyDrawdown", alerts.strategy_drawdown),
        ("DailyLoss", alerts.daily_loss),
        ("AttributionResidual", alerts.attribution_residual),
        ("ReconciliationBreak", alerts.reconciliation_break),
        ("EventsMissing", alerts.events_missing),
        ("ValueAtRiskExceeded", alerts.value_at_risk_exceeded),
        ("ExpectedShortfallHigh", alerts.expected_shortfall_high),
        ("WinRateLow", alerts.win_rate_low),
        ("ProfitFactorLow", alerts.profit_factor_low),
        ("SharpeDegraded", alerts.sharpe_degraded),
        ("CorrelationHigh", alerts.correlation_high),
        ("BetaOutOfBand", alerts.beta_out_of_band),
        ("CapacityNearlyUsed", alerts.capacity_nearly_used),
        ("PeriodLoss", alerts.period_loss),
        ("PortfolioDrawdown", alerts.portfolio_drawdown),
        ("PortfolioPeriodLoss", alerts.portfolio_period_loss),
        ("PortfolioValueAtRiskExceeded", alerts.portfolio_value_at_risk_exceeded),
        ("PortfolioExpectedShortfallHigh", alerts.portfolio_expected_shortfall_high),
        ("StrategySilent", alerts.strategy_silent),
        ("FiguresUndefined", alerts.figures_undefined),
        ("SeriesFolded", alerts.series_folded),
    )
