"""The repository's configuration, as the commands on alerts read it."""

from __future__ import annotations

from pathlib import Path

from genesis.alerting.book import AlertDefinitions
from genesis.alerting.routing import Routing
from genesis.core.config import Settings, load_settings
from genesis.monitoring.alert_manager import alertmanager_config

SETTINGS: Settings = load_settings(Path(__file__).parents[3] / "config")
BOOK = AlertDefinitions(SETTINGS)
ROUTING = Routing(alertmanager_config(SETTINGS.alerts))
