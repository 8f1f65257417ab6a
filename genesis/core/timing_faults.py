"""What can be wrong between the durations of `alerts.yaml`: windows, intervals, how long an alert waits and outlives."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from pydantic_core import InitErrorDetails

from genesis.core.alert_faults import fault
from genesis.core.alerts import Alerts
from genesis.core.duration import duration_text
from genesis.core.strategy_alert import Timing

OTHERS_INTERVAL = timedelta(seconds=5)
"""How often Prometheus reads itself and Alertmanager."""

_LONGEST_INTERVAL = timedelta(minutes=1)


def interval_faults(alerts: Alerts, scrape: timedelta, evaluation: timedelta) -> Iterator[InitErrorDetails]:
    """The faults between the alerts and the intervals at which Prometheus reads the monitor and evaluates the rules."""
    for key, interval in (("scrape_interval", scrape), ("evaluation_interval", evaluation)):
        if interval > _LONGEST_INTERVAL:
            right = f"must be at most {duration_text(_LONGEST_INTERVAL)}: some rules look back two minutes"
            yield fault((key,), duration_text(interval), right)
    yield from _hold_faults(alerts)
    yield from _window_faults(alerts, 4 * scrape)
    flapping = alerts.monitor_flapping
    if flapping.window <= (least := 2 * flapping.times * scrape):
        right = f"must be longer than {duration_text(least)}: it takes two scrapes to see one of the {flapping.times} times"
        yield fault(("alerts", "MonitorFlapping", "window"), duration_text(flapping.window), right)
    if (fresh := alerts.strategy_silent.quoted_within) < (least := 2 * scrape):
        right = f"must be at least {duration_text(least)}, twice scrape_interval: what was read is as old as that"
        yield fault(("alerts", "StrategySilent", "quoted_within"), duration_text(fresh), right)
    yield from _end_faults(alerts)


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
    for muting, muted_by, program, muted in (
        ("MonitorDown", alerts.monitor_down, "monitor", _on_figures(alerts)),
        ("CollectorFailing", alerts.collector_failing, "monitor", _on_figures(alerts)),
        ("RotationDown", alerts.rotation_down, "rotation controller", _of_rotation(alerts)),
    ):
        for name, alert in muted:
            if alert.keep_firing_for <= muted_by.hold:
                right = (
                    f"must be longer than alerts.{muting}.for, which is {duration_text(muted_by.hold)}: "
                    f"otherwise a crash of the {program} is told as a recovery"
                )
                yield fault(("alerts", name, "keep_firing_for"), duration_text(alert.keep_firing_for), right)


def _of_rotation(alerts: Alerts) -> Iterator[tuple[str, Timing]]:
    """The alerts that end with the rotation controller."""
    yield from (
        ("RotationStuck", alerts.rotation_stuck),
        ("RotationBlocked", alerts.rotation_blocked),
        ("RotationDisagrees", alerts.rotation_disagrees),
    )


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
