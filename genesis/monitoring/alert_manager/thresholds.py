"""`AlertSettings` → the thresholds as figures, so that a board draws the line that pages."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from genesis.core.alert_config import AlertSettings
from genesis.monitoring.alert_manager.rules import SEVERITIES


class AlertThreshold(NamedTuple):
    """One threshold: a ratio, seconds, or a number of events."""

    alert: str
    severity: str
    strategy: str
    """Empty for the threshold of all strategies without one of their own."""
    value: float


def thresholds(settings: AlertSettings) -> list[AlertThreshold]:
    """Every threshold of every alert that has one, the overrides included."""
    alerts = settings.alerts
    found = []
    for severity in SEVERITIES:
        for name, plain in (("DailyLoss", alerts.daily_loss), ("MarketDataStale", alerts.market_data_stale)):
            found.append(AlertThreshold(name, severity, "", _number(getattr(plain, severity))))
        found.append(AlertThreshold("EventsRejected", severity, "", float(getattr(alerts.events_rejected, severity))))
        for name, config in (("StrategyDrawdown", alerts.strategy_drawdown), ("SlippageHigh", alerts.slippage_high)):
            for strategy in ("", *config.overrides):
                value = getattr(config.levels(strategy or None), severity)
                found.append(AlertThreshold(name, severity, strategy, _number(value)))
    return found


def _number(value: Decimal | timedelta) -> float:
    return value.total_seconds() if isinstance(value, timedelta) else float(value)
