"""The rule files and their tests, as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from genesis.core.alert_config import AlertSettings
from genesis.core.duration import duration_text
from genesis.monitoring.alert_manager.documents import document
from genesis.monitoring.alert_manager.rules import Record, Rule, service_rules, strategy_rules

GROUPS: Mapping[str, Callable[[AlertSettings], list[Rule | Record]]] = {"strategies": strategy_rules, "service": service_rules}
"""Group, and name of its file → its rules."""


def rule_files(alerts: AlertSettings) -> dict[str, str]:
    """File name → text of the rule file."""
    return {f"{name}.yml": _file(name, rules(alerts), alerts) for name, rules in GROUPS.items()}


def _file(name: str, rules: list[Rule | Record], alerts: AlertSettings) -> str:
    interval = duration_text(alerts.evaluation_interval)
    return document({"groups": [{"name": f"genesis_{name}", "interval": interval, "rules": [rule.tree() for rule in rules]}]})
