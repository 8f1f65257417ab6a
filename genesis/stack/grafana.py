"""Grafana as this stack runs it: settings that hold everywhere, where it reads from, and its administrator's password."""

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
    # Nothing leaves this machine unasked.
    "GF_ANALYTICS_REPORTING_ENABLED": "false",
    "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
    "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
    "GF_NEWS_NEWS_FEED_ENABLED": "false",
    "GF_SECURITY_DISABLE_GRAVATAR": "true",
    # What the boards need is built in; nothing is fetched at a start.
    "GF_PLUGINS_PREINSTALL_DISABLED": "true",
    "GF_PLUGINS_PREINSTALL_AUTO_UPDATE": "false",
}
"""What docker-compose.yml sets too; a test holds the two together."""

_SOURCES_WHY = """\
# Where Grafana reads from. The addresses come from the environment: docker-compose.yml sets them to the services' names, the
# native stack to the ports that it found. A data source that is taken out of this file is taken out of Grafana (prune).
# timeInterval is scrape_interval of config/alerts.yaml: no chart asks for steps that hold no sample of their own. With
# manageAlerts the alert list shows the rules of Prometheus, which decides what is an alert; Grafana only shows it.
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
    """Where the administrator's password is; Grafana reads it there itself, so that it stands in no process's environment."""

    file: Path
    made: bool
    """Whether it was made just now, and nobody knows it yet."""
    counts: bool
    """Whether Grafana will take it: it does so at its first start on its data alone."""

    @property
    def setting(self) -> str:
        """The value of Grafana's setting `admin_password`."""
        return f"$__file{{{self.file}}}"

    def told(self) -> str:
        """What the user is told: the password itself once, and the file from then on."""
        if self.made:
            return f"user admin, password {self.file.read_text(encoding='ascii')} (kept in {self.file})"
        if self.counts:
            return f"user admin, password in {self.file}"
        return f"user admin, password as at the first start on this data; {self.file} counts for new data alone"


def admin_password(given: Path | None, data: Path) -> Password:
    """The administrator's password for Grafana on `data`: of the file `given`, or else a random one, kept there with mode 600.

    Raises:
        ConfigError: the file cannot be read, others may read it, or it holds no usable password.
        StackError: a new password cannot be written, or the data's Grafana has one of which no file is known.
    """
    started = (data / "grafana" / "grafana.db").exists()
    kept = data / "grafana-password"
    if given is not None:
        chosen = given.absolute()
        read_secret(chosen, "--grafana-password-file", "genesis demo")
        return Password(chosen, made=False, counts=not started)
    made = not kept.exists()
    if made and started:
        raise StackError(
            f"{data} has a Grafana that was started with another password: name its file with --grafana-password-file, "
            "or choose another data directory with --data"
        )
    if made:
        _write_secret(kept, secrets.token_urlsafe(18))
    read_secret(kept, "(Grafana's password)", "genesis demo")
    return Password(kept, made=made, counts=True)


def _write_secret(path: Path, text: str) -> None:
    """A new file that only its owner can read from the moment it is there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
    except OSError as error:
        raise StackError(f"Grafana's password cannot be kept: {error}: choose another data directory with --data") from error
