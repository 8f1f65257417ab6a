"""`AlertSettings` → Prometheus's own configuration: what it reads, which rules, which Alertmanager."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from genesis.alerts.documents import document
from genesis.alerts.rules import JOB, OTHERS_INTERVAL, ROTATION_JOB
from genesis.alerts.settings import AlertSettings
from genesis.core.duration import duration_text
from genesis.settings.access import ScrapeSettings, TlsSettings

INSTANCE = "monitor"
"""The `instance` of the monitor, whatever its port: a monitor that comes back on another port continues its series."""


def prometheus_config(
    alerts: AlertSettings,
    *,
    monitor: str,
    alertmanager: str,
    rule_files: Sequence[str],
    prometheus: str = "localhost:9090",
    rotation: str | None = None,
    scrape: ScrapeSettings | None = None,
    tls: TlsSettings | None = None,
    folder: Path | None = None,
) -> str:
    """The text of prometheus.yml; addresses are `host:port`, `rule_files` are paths or globs as Prometheus sees them.

    `rotation` is the address of the rotation controller. Without it none is read, and no alert on rotation fires.

    `scrape` and `tls` say what the monitor asks of a scrape: credentials and certificates stay in their files, which are
    named as they are there, or from `folder` on where it is given and they are relative.
    """
    others = duration_text(OTHERS_INTERVAL)
    access = _access(scrape or ScrapeSettings(), tls or TlsSettings(), folder or Path())
    return document(
        {
            "global": {
                "scrape_interval": duration_text(alerts.scrape_interval),
                "evaluation_interval": duration_text(alerts.evaluation_interval),
            },
            "rule_files": list(rule_files),
            "alerting": {"alertmanagers": [_targets(alertmanager)]},
            "scrape_configs": [
                {"job_name": JOB, **access, **_targets(monitor, instance=INSTANCE)},
                *([{"job_name": ROTATION_JOB, **_targets(rotation, instance="rotation")}] if rotation else []),
                {"job_name": "prometheus", "scrape_interval": others, **_targets(prometheus)},
                {"job_name": "alertmanager", "scrape_interval": others, **_targets(alertmanager)},
            ],
        }
    )


def _targets(address: str, *, instance: str | None = None) -> dict[str, Any]:
    labels = {"labels": {"instance": instance}} if instance else {}
    return {"static_configs": [{"targets": [address], **labels}]}


def _access(scrape: ScrapeSettings, tls: TlsSettings, folder: Path) -> dict[str, Any]:
    """The part of Prometheus's `http_config` that opens the monitor's /metrics."""
    access: dict[str, Any] = {}
    if tls.enabled:
        access["scheme"] = "https"
        files = {
            "ca_file": scrape.ca_file or tls.certificate_file,
            "cert_file": scrape.client_certificate_file,
            "key_file": scrape.client_key_file,
        }
        access["tls_config"] = {key: str(folder / path) for key, path in files.items() if path is not None}
        if scrape.server_name is not None:
            access["tls_config"]["server_name"] = scrape.server_name
    if scrape.token_file is not None:
        access["authorization"] = {"type": "Bearer", "credentials_file": str(folder / scrape.token_file)}
    elif scrape.username is not None:
        access["basic_auth"] = {"username": scrape.username, "password_file": str(folder / str(scrape.password_file))}
    return access
