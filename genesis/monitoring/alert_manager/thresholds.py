"""`AlertSettings` → the thresholds as figures, so that a board draws the line that pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from genesis.core.alert_config import AlertSettings
from genesis.core.config import TradingRules
from genesis.core.figure_alerts import BetaAlert, PeriodLossAlert
from genesis.monitoring.alert_manager.figure_rules import figures
from genesis.monitoring.alert_manager.rules import SEVERITIES, Leveled


class AlertThreshold(NamedTuple):
    """One threshold: a ratio, a multiple, seconds, or a number of events."""

    alert: str
    severity: str
    strategy: str
    """Empty for the threshold of all strategies without one of their own."""
    value: float
    part: str = ""
    """Which one, of an alert with several: low and high of a band, week and month; else empty."""


def thresholds(settings: AlertSettings, limits: TradingRules) -> list[AlertThreshold]:
    """Every threshold of every alert that has one, the overrides included."""
    alerts = settings.alerts
    found = []
    for severity in SEVERITIES:
        for name, plain in (("DailyLoss", alerts.daily_loss), ("MarketDataStale", alerts.market_data_stale)):
            found.append(AlertThreshold(name, severity, "", _number(getattr(plain, severity))))
        found.append(AlertThreshold("EventsRejected", severity, "", float(getattr(alerts.events_rejected, severity))))
        for name, config in (("StrategyDrawdown", alerts.strategy_drawdown), ("SlippageHigh", alerts.slippage_high)):
            found += _by_strategy(name, severity, config)
    for figure in figures(settings):
        for severity in figure.severities:
            found += _by_strategy(figure.alert, severity, figure.config)
    level = _number(limits.correlation_alert_ratio)
    found.append(AlertThreshold("CorrelationHigh", alerts.correlation_high.severity, "", level))
    return [*found, *_bands(alerts.beta_out_of_band), *_periods(alerts.period_loss)]


def _by_strategy(alert: str, severity: str, config: Leveled, part: str = "") -> Iterator[AlertThreshold]:
    for strategy in ("", *config.overrides):
        level = getattr(config.levels(strategy or None), severity)
        yield AlertThreshold(alert, severity, strategy, _number(level), part)


def _bands(config: BetaAlert) -> Iterator[AlertThreshold]:
    for strategy in ("", *config.overrides):
        for part, bound in config.band(strategy or None):
            yield AlertThreshold("BetaOutOfBand", config.severity, strategy, _number(bound), part)


def _periods(config: PeriodLossAlert) -> Iterator[AlertThreshold]:
    for severity in SEVERITIES:
        for period, levels in config.periods():
            yield from _by_strategy("PeriodLoss", severity, levels, period)


def _number(value: Decimal | timedelta) -> float:
    return value.total_seconds() if isinstance(value, timedelta) else float(value)
