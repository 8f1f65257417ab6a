"""All files of `config/` at once, as frozen settings; every fault of every file is reported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from genesis.alerts.settings import AlertSettings
from genesis.core.duration import duration_text
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
        faults.extend(_alerts_on_nothing(monitor, alerts))
    if rules is None or monitor is None or strategies is None or alerts is None or rotation is None or faults:
        raise ConfigError(faults)
    return Settings(rules, monitor, strategies, alerts, rotation)


def _alerts_on_nothing(monitor: MonitorSettings, settings: AlertSettings) -> Iterator[Fault]:
    """Alerts that could never fire, as monitor.yaml does not have their figure worked out."""
    alerts, statistics = settings.alerts, monitor.statistics
    windows = [*map(duration_text, statistics.windows), "all"]
    for name, trades in (("WinRateLow", alerts.win_rate_low), ("ProfitFactorLow", alerts.profit_factor_low)):
        if trades.window_name not in windows:
            right = f"is none of statistics.windows in monitor.yaml; there are {', '.join(windows)}"
            yield Fault("alerts.yaml", f"alerts.{name}.window", trades.window_name, right)
    for name, risk in (
        ("ValueAtRiskExceeded", alerts.value_at_risk_exceeded),
        ("ExpectedShortfallHigh", alerts.expected_shortfall_high),
        ("PortfolioValueAtRiskExceeded", alerts.portfolio_value_at_risk_exceeded),
        ("PortfolioExpectedShortfallHigh", alerts.portfolio_expected_shortfall_high),
    ):
        if risk.confidence not in statistics.confidence:
            right = f"is not in statistics.confidence in monitor.yaml; there are {', '.join(map(str, statistics.confidence))}"
            yield Fault("alerts.yaml", f"alerts.{name}.confidence", str(risk.confidence), right)
    for name, least in (
        ("ExpectedShortfallHigh", alerts.expected_shortfall_high.min_observations),
        ("PortfolioExpectedShortfallHigh", alerts.portfolio_expected_shortfall_high.min_observations),
        ("SharpeDegraded", alerts.sharpe_degraded.min_observations),
    ):
        if least > statistics.risk_points:
            right = f"is more than risk_window in monitor.yaml holds: {statistics.risk_points} steps"
            yield Fault("alerts.yaml", f"alerts.{name}.min_observations", str(least), right)
