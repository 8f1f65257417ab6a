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
from genesis.core.section import Name, Section
from genesis.core.service_alerts import DailyLossAlert, RejectedAlert, StalenessAlert, WatchdogAlert
from genesis.core.strategy_alert import StateAlert, StrategyAlert, Timing, WindowAlert

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
    figures_undefined: UndefinedAlert
    """Figures are not known, and waiting does not help."""
    reconciliation_break: StateAlert
    """A broker's statement and the books differ."""
    events_conflicting: WindowAlert
    """An event was refused because another one was taken in under its identity."""
    events_rejected: RejectedAlert
    """Events were refused because they hold what cannot be booked."""
    events_missing: StateAlert
    """A source's numbers say that an event never came."""
    journal_failing: WindowAlert
    """Events could not be made durable, and were not acknowledged."""
    storage_below_tier: StateAlert
    """The journal is in SQLite, and the account's tier wants PostgreSQL."""
    collector_failing: StateAlert
    """The monitor answers, but could not collect a group of its metrics."""
    monitor_down: StateAlert
    """Prometheus cannot read the monitor, or the monitor tells nothing of the strategies."""
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
    def _intervals_fit(self) -> Self:
        refuse(type(self).__name__, _interval_faults(self))
        return self


def _interval_faults(settings: AlertSettings) -> Iterator[InitErrorDetails]:
    alerts = settings.alerts
    for key in ("scrape_interval", "evaluation_interval"):
        if (interval := getattr(settings, key)) > _LONGEST_INTERVAL:
            right = f"must be at most {duration_text(_LONGEST_INTERVAL)}: some rules look back two minutes"
            yield fault((key,), duration_text(interval), right)
    for name, fills in (
        ("SlippageHigh", alerts.slippage_high),
        ("SlippageAboveExpected", alerts.slippage_above_expected),
        ("FillDelayHigh", alerts.fill_delay_high),
    ):
        if fills.hold >= fills.window:
            right = f"must be shorter than window, which is {duration_text(fills.window)}: then a burst is over"
            yield fault(("alerts", name, "for"), duration_text(fills.hold), right)
    shortest = 4 * settings.scrape_interval
    for name, window in (
        ("SlippageHigh", alerts.slippage_high.window),
        ("SlippageAboveExpected", alerts.slippage_above_expected.window),
        ("FillDelayHigh", alerts.fill_delay_high.window),
        ("EventsConflicting", alerts.events_conflicting.window),
        ("EventsRejected", alerts.events_rejected.window),
        ("JournalFailing", alerts.journal_failing.window),
    ):
        if window < shortest:
            right = f"must be at least {duration_text(shortest)}, four times scrape_interval: a shorter one holds no increase"
            yield fault(("alerts", name, "window"), duration_text(window), right)
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
        ("FiguresUndefined", alerts.figures_undefined),
    )
