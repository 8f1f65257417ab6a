"""The rule files and their tests, as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from genesis.core.alert_config import AlertSettings
from genesis.core.duration import duration_text
from genesis.monitoring.alert_manager.cases import Case
from genesis.monitoring.alert_manager.documents import document
from genesis.monitoring.alert_manager.event_cases import EventCases
from genesis.monitoring.alert_manager.rules import Record, Rule, service_rules, strategy_rules
from genesis.monitoring.alert_manager.service_cases import ServiceCases
from genesis.monitoring.alert_manager.strategy_cases import StrategyCases

GROUPS: Mapping[str, Callable[[AlertSettings], list[Rule | Record]]] = {"strategies": strategy_rules, "service": service_rules}
"""Group, and name of its file → its rules."""


def rule_files(alerts: AlertSettings) -> dict[str, str]:
    """File name → text of the rule file."""
    return {f"{name}.yml": _file(name, rules(alerts), alerts) for name, rules in GROUPS.items()}


def rule_tests(alerts: AlertSettings) -> dict[str, str]:
    """File name → text of a test for `promtool test rules`, one an alert; the rules lie in `../rules`."""
    by_alert: dict[str, list[Case]] = {}
    for case in (*StrategyCases(alerts).all(), *EventCases(alerts).all(), *ServiceCases(alerts).all()):
        by_alert.setdefault(case.alert, []).append(case)
    return {f"{alert}.yml": _tests(cases, alerts) for alert, cases in by_alert.items()}


def _file(name: str, rules: list[Rule | Record], alerts: AlertSettings) -> str:
    interval = duration_text(alerts.evaluation_interval)
    return document({"groups": [{"name": f"genesis_{name}", "interval": interval, "rules": [rule.tree() for rule in rules]}]})


def _tests(cases: list[Case], alerts: AlertSettings) -> str:
    return document(
        {
            "rule_files": [f"../rules/{name}.yml" for name in GROUPS],
            "evaluation_interval": duration_text(alerts.evaluation_interval),
            "tests": [case.tree(alerts.evaluation_interval) for case in cases],
        }
    )
