"""What Prometheus is told of how to open /metrics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from genesis.monitoring.alert_manager import prometheus_config
from genesis.settings.access import ScrapeSettings, TlsSettings
from tests.unit.alerts.alert_tree import settings

CERTIFICATE = {"certificate_file": "c.crt", "key_file": "c.key"}


def job(scrape: dict[str, str], tls: dict[str, str], folder: Path | None = None) -> dict[str, Any]:
    """The monitor's part of the configuration, without its address."""
    text = prometheus_config(
        settings(),
        monitor="monitor:9108",
        alertmanager="alertmanager:9093",
        rule_files=["rules/*.yml"],
        scrape=ScrapeSettings.model_validate(scrape),
        tls=TlsSettings.model_validate(tls),
        folder=folder,
    )
    (own,) = [config for config in yaml.safe_load(text)["scrape_configs"] if config["job_name"] == "genesis"]
    return {key: value for key, value in own.items() if key not in {"job_name", "static_configs"}}


@pytest.mark.parametrize(
    ("scrape", "tls", "access"),
    [
        ({}, {}, {}),
        ({"token_file": "t"}, {}, {"authorization": {"type": "Bearer", "credentials_file": "t"}}),
        ({"username": "u", "password_file": "p"}, {}, {"basic_auth": {"username": "u", "password_file": "p"}}),
        ({}, CERTIFICATE, {"scheme": "https", "tls_config": {"ca_file": "c.crt"}}),
        (
            {"ca_file": "ca", "server_name": "monitor", "client_certificate_file": "p.crt", "client_key_file": "p.key"},
            CERTIFICATE | {"client_ca_file": "clients"},
            {
                "scheme": "https",
                "tls_config": {"ca_file": "ca", "cert_file": "p.crt", "key_file": "p.key", "server_name": "monitor"},
            },
        ),
    ],
)
def test_prometheus_presents_what_the_monitor_asks_for_and_nothing_else(
    scrape: dict[str, str], tls: dict[str, str], access: dict[str, Any]
) -> None:
    assert job(scrape, tls) == access


def test_relative_files_are_named_from_the_folder_on_and_absolute_ones_as_they_are() -> None:
    access = job({"token_file": "t", "ca_file": "/etc/ca"}, CERTIFICATE, Path("/srv"))
    assert access["authorization"]["credentials_file"] == "/srv/t"
    assert access["tls_config"]["ca_file"] == "/etc/ca"
