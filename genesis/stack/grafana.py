"""Grafana in this stack: its hardening settings, its data sources, and its administrator's password."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import Final, NamedTuple

from genesis.alerts.documents import document
from genesis.alerts.settings import AlertSettings
from genesis.core.duration import duration_text
from genesis.core.errors import StackError
from genesis.core.secret import read_secret

HOME_BOARD: Final = "portfolio.json"
SHORTEST_REFRESH: Final = "250ms"
HARDENED: Final = {
    "GF_DASHBOARDS_MIN_REFRESH_INTERVAL": SHORTEST_REFRESH,
    "GF_USERS_ALLOW_SIGN_UP": "false",
    "GF_AUTH_ANONYMOUS_ENABLED": "false",
    # Grafana sends nothing to the internet.
    "GF_ANALYTICS_REPORTING_ENABLED": "false",
    "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
    "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
    "GF_NEWS_NEWS_FEED_ENABLED": "false",
    "GF_SECURITY_DISABLE_GRAVATAR": "true",
    # The boards need only built-in plugins; Grafana downloads nothing at its start.
    "GF_PLUGINS_PREINSTALL_DISABLED": "true",
    "GF_PLUGINS_PREINSTALL_AUTO_UPDATE": "false",
}
"""docker-compose.yml sets the same; a test compares them."""

_SOURCES_WHY = """\
# The data sources of Grafana. The addresses come from the environment: docker-compose.yml sets them to the services' names, the
# native stack to the ports that it chose. A data source that is removed from this file is removed from Grafana (prune).
# timeInterval is scrape_interval of config/alerts.yaml: no chart uses a shorter step. With manageAlerts the alert list shows
# the rules of Prometheus. Prometheus evaluates them; Grafana only displays them.
"""


def data_sources(alerts: AlertSettings) -> str:
    """The text of provisioning/datasources/genesis.yml."""
    prometheus = {
        "name": "Prometheus",
        "uid": "genesis-prometheus",
        "type": "prometheus",
        "access": "proxy",
        "url": "${PROMETHEUS_URL}",
        "isDefault": True,
        "editable": False,
        "jsonData": {
            "httpMethod": "POST",
            "prometheusType": "Prometheus",
            "timeInterval": duration_text(alerts.scrape_interval),
            "manageAlerts": True,
            "alertmanagerUid": "genesis-alertmanager",
        },
    }
    alertmanager = {
        "name": "Alertmanager",
        "uid": "genesis-alertmanager",
        "type": "alertmanager",
        "access": "proxy",
        "url": "${ALERTMANAGER_URL}",
        "editable": False,
        "jsonData": {"implementation": "prometheus", "handleGrafanaManagedAlerts": False},
    }
    return document({"apiVersion": 1, "prune": True, "datasources": [prometheus, alertmanager]}, why=_SOURCES_WHY)


class Password(NamedTuple):
    """The administrator's password in a file, which Grafana reads itself, so that no process has it in its environment."""

    file: Path
    created: bool
    """Whether the file was created in this run, so that the user does not know the password yet."""
    effective: bool
    """Whether Grafana uses it: Grafana reads the password only at its first start on a data directory."""

    @property
    def setting(self) -> str:
        """The value of Grafana's setting `admin_password`."""
        return f"$__file{{{self.file}}}"

    def hint(self) -> str:
        """How to log in: with the password itself once, with its file from then on."""
        if self.created:
            return f"user admin, password {self.file.read_text(encoding='ascii')} (stored in {self.file})"
        if self.effective:
            return f"user admin, password in {self.file}"
        return f"user admin, password of the first start on this data directory; {self.file} is used only with new data"


def admin_password(given: Path | None, data: Path) -> Password:
    """The administrator's password of the Grafana on `data`: from the file `given`, or else a random one, stored with mode 600.

    Raises:
        ConfigError: the file cannot be read, others may read it, or it holds no usable password.
        StackError: a new password cannot be written, or Grafana on `data` has a password whose file is not known.
    """
    started = (data / "grafana" / "grafana.db").exists()
    kept = data / "grafana-password"
    if given is not None:
        chosen = given.absolute()
        read_secret(chosen, "--grafana-password-file", "genesis demo")
        return Password(chosen, created=False, effective=not started)
    created = not kept.exists()
    if created and started:
        raise StackError(
            f"Grafana on {data} was first started with another password: name its file with --grafana-password-file, or "
            "choose another data directory with --data"
        )
    if created:
        _write_secret(kept, secrets.token_urlsafe(18))
    read_secret(kept, "(Grafana's password)", "genesis demo")
    return Password(kept, created=created, effective=True)


def _write_secret(path: Path, text: str) -> None:
    """Create a file that only its owner can read from the start."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
    except OSError as error:
        raise StackError(f"Grafana's password cannot be written: {error}: choose another data directory with --data") from error
