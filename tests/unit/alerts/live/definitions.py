"""The repository's configuration, as the commands on alerts read it."""

from __future__ import annotations

from pathlib import Path

from genesis.alerts.live.definitions import AlertDefinitions
from genesis.alerts.live.routing import Routing
from genesis.configuration import Settings, load_settings
from genesis.monitoring.alert_manager import alertmanager_config

SETTINGS: Settings = load_settings(Path(__file__).parents[4] / "config")
BOOK = AlertDefinitions(SETTINGS.alerts, SETTINGS.rules, SETTINGS.strategies.strategies)
ROUTING = Routing(alertmanager_config(SETTINGS.alerts))
