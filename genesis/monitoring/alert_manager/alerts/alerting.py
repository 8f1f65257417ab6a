"""Alerting itself."""

from __future__ import annotations

from collections.abc import Iterator

from genesis.core.config import TradingRules
from genesis.monitoring.alert_manager.alert import Alert
from genesis.monitoring.alert_manager.messages import Message
from genesis.monitoring.alert_manager.rules import Rule, RuleMaker
from genesis.monitoring.alert_manager.runbook import Look, Runbook

FAILED_NOTIFICATIONS = "alertmanager_notifications_failed_total"

_NOTIFICATIONS_FAILING = f"sum by (instance, integration) (rate({FAILED_NOTIFICATIONS}[2m])) > 0"


def _notifications(maker: RuleMaker, _: TradingRules) -> Iterator[Rule]:
    yield maker.state(maker.alerts.notifications_failing, _NOTIFICATIONS_FAILING)


def _watchdog(maker: RuleMaker, _: TradingRules) -> Iterator[Rule]:
    yield maker.always()


NOTIFICATIONS_FAILING = Alert(
    name="NotificationsFailing",
    rules=_notifications,
    message=Message(
        "Notifications through {integration} fail",
        "Alertmanager has not been able to deliver all notifications through {integration} in the last two minutes.",
    ),
    runbook=Runbook(
        "Alertmanager tried to notify somebody and could not. This notification came through a receiver that works.",
        (
            Look("Which integration?", f"sum by (integration) (rate({FAILED_NOTIFICATIONS}[2m])) > 0"),
            Look("What fires right now?", 'ALERTS{alertstate="firing"}'),
        ),
        "Alertmanager's log has the reason. A secret file that is missing or unreadable is the usual one: Alertmanager "
        "starts without it, and reads it at each notification, so that putting it there is enough. Otherwise the service "
        "is down, or refuses the key.",
        "A service that was away for a moment: Alertmanager tries again by itself.",
    ),
)

WATCHDOG = Alert(
    name="Watchdog",
    rules=_watchdog,
    message=Message(
        "Heartbeat",
        "Always fires. When it stops arriving, Prometheus or Alertmanager is broken, and no alert will arrive.",
    ),
    runbook=Runbook(
        "Nothing is wrong: this alert always fires, and its receiver expects it. Give that receiver to a dead man's "
        "switch, which raises the alarm when the heartbeat stops.",
        (Look("Does Prometheus fire it?", 'ALERTS{alertname="Watchdog"}'),),
        "When it stops: see whether Prometheus runs, whether it reaches Alertmanager, and whether Alertmanager reaches "
        "the receiver, in this order.",
        "Never, as long as it arrives.",
    ),
)

ALERTS = (
    NOTIFICATIONS_FAILING,
    WATCHDOG,
)
