"""`AlertSettings` → alertmanager.yml: who is notified, how, and what mutes what."""

from __future__ import annotations

from genesis.alerts.catalog.alerting import WATCHDOG
from genesis.alerts.documents import document
from genesis.alerts.notify.inhibition import inhibit_rules
from genesis.alerts.notify.receivers import receiver_tree
from genesis.alerts.notify.routes import routing_tree, time_intervals
from genesis.alerts.settings import AlertSettings

TEMPLATES = "templates/*.tmpl"
"""Where the templates are, relative to the folder of alertmanager.yml."""


def alertmanager_config(alerts: AlertSettings, sink_url: str | None = None) -> str:
    """The text of alertmanager.yml.

    With `sink_url`, the routes stay as they are, and every receiver becomes a webhook to `{sink_url}/{receiver name}`.
    """
    intervals = time_intervals(alerts)
    # When Prometheus is gone, the Watchdog ends. Its receiver must not take that message for a heartbeat.
    heartbeat = alerts.alerts.of(WATCHDOG).receiver
    return document(
        {
            "route": routing_tree(alerts),
            **({"time_intervals": intervals} if intervals else {}),
            "inhibit_rules": inhibit_rules(),
            "receivers": [
                receiver_tree(name, receiver, sink_url, ends=name != heartbeat) for name, receiver in alerts.receivers.items()
            ],
            "templates": [TEMPLATES],
        }
    )
