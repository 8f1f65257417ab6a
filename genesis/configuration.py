"""All files of `config/` at once, as frozen settings; every fault of every file is reported."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from genesis.alerts.settings import AlertSettings
from genesis.core.errors import ConfigError, Fault
from genesis.settings.monitor import MonitorSettings
from genesis.settings.rotation import RotationSettings
from genesis.settings.strategies import StrategiesSettings
from genesis.settings.trading_rules import TradingRules
from genesis.settings.yaml_file import read_section


class Settings(NamedTuple):
    """Everything that `config/` holds."""

    rules: TradingRules
    monitor: MonitorSettings
    strategies: StrategiesSettings
    alerts: AlertSettings
    rotation: RotationSettings


def load_settings(directory: Path) -> Settings:
    """Read and check every file of `directory`.

    Raises:
        ConfigError: with all faults of all files.
    """
    faults: list[Fault] = []
    rules = read_section(directory / "trading_rules.yaml", TradingRules, faults)
    monitor = read_section(directory / "monitor.yaml", MonitorSettings, faults)
    strategies = read_section(directory / "strategies.yaml", StrategiesSettings, faults)
    alerts = read_section(directory / "alerts.yaml", AlertSettings, faults)
    rotation = read_section(directory / "rotation.yaml", RotationSettings, faults)
    if monitor is not None and alerts is not None:
        faults.extend(alerts.statistics_faults(monitor.statistics))
    if rules is None or monitor is None or strategies is None or alerts is None or rotation is None or faults:
        raise ConfigError(faults)
    return Settings(rules, monitor, strategies, alerts, rotation)
