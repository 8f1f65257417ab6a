"""`AlertSettings` → Prometheus's own configuration: what it reads, which rules, which Alertmanager."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from genesis.core.alert_config import AlertSettings
from genesis.core.duration import duration_text
from genesis.monitoring.alert_manager.documents import document
from genesis.monitoring.alert_manager.rules import JOB

# The programs around the monitor tell of themselves; NotificationsFailing looks back two minutes on it.
_OTHERS_INTERVAL = "5s"

INSTANCE = "monitor"
"""The monitor's `instance`, whatever its port: one that comes back elsewhere goes on with its series, not beside them."""


def prometheus_config(
    alerts: AlertSettings,
    *,
    monitor: str,
    alertmanager: str,
    rule_files: Sequence[str],
    prometheus: str = "localhost:9090",
) -> str:
    """The text of prometheus.yml; addresses are `host:port`, `rule_files` are paths or globs as Prometheus sees them."""
    return document(
        {
            "global": {
                "scrape_interval": duration_text(alerts.scrape_interval),
                "evaluation_interval": duration_text(alerts.evaluation_interval),
            },
            "rule_files": list(rule_files),
            "alerting": {"alertmanagers": [_targets(alertmanager)]},
            "scrape_configs": [
                {"job_name": JOB, **_targets(monitor, instance=INSTANCE)},
                {"job_name": "prometheus", "scrape_interval": _OTHERS_INTERVAL, **_targets(prometheus)},
                {"job_name": "alertmanager", "scrape_interval": _OTHERS_INTERVAL, **_targets(alertmanager)},
            ],
        }
    )


def _targets(address: str, *, instance: str | None = None) -> dict[str, Any]:
    labels = {"labels": {"instance": instance}} if instance else {}
    return {"static_configs": [{"targets": [address], **labels}]}
