"""The rule files and their tests, as text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from genesis.core.alert_config import AlertSettings
from genesis.core.config import TradingRules
from genesis.core.duration import duration_text
from genesis.monitoring.alert_manager.cases import Case
from genesis.monitoring.alert_manager.documents import document
from genesis.monitoring.alert_manager.event_cases import EventCases
from genesis.monitoring.alert_manager.figure_cases import FigureCases
from genesis.monitoring.alert_manager.figure_rules import figure_rules
from genesis.monitoring.alert_manager.rules import Record, Rule, service_rules, strategy_rules
from genesis.monitoring.alert_manager.service_cases import ServiceCases
from genesis.monitoring.alert_manager.strategy_cases import StrategyCases

GROUPS: Mapping[str, Callable[[AlertSettings, TradingRules], list[Rule | Record]]] = {
    "strategies": lambda alerts, _: strategy_rules(alerts),
    "figures": figure_rules,
    "service": lambda alerts, _: service_rules(alerts),
}
"""Group, and name of its file → its rules."""


def all_rules(alerts: AlertSettings, limits: TradingRules) -> list[Rule | Record]:
    """The rules of all groups."""
    return [rule for rules in GROUPS.values() for rule in rules(alerts, limits)]


def rule_files(alerts: AlertSettings, limits: TradingRules) -> dict[str, str]:
    """File name → text of the rule file."""
    return {f"{name}.yml": _file(name, rules(alerts, limits), alerts) for name, rules in GROUPS.items()}


def rule_tests(alerts: AlertSettings, limits: TradingRules) -> dict[str, str]:
    """File name → text of a test for `promtool test rules`, one an alert; the rules lie in `../rules`."""
    groups = {rule.alert: name for name, rules in GROUPS.items() for rule in rules(alerts, limits) if isinstance(rule, Rule)}
    by_alert: dict[str, list[Case]] = {}
    for case in _cases(alerts, limits):
        by_alert.setdefault(case.alert, []).append(case)
    return {f"{alert}.yml": _tests(groups[alert], cases, alerts) for alert, cases in by_alert.items()}


def _cases(alerts: AlertSettings, limits: TradingRules) -> Iterable[Case]:
    yield from StrategyCases(alerts).all()
    yield from FigureCases(alerts, limits).all()
    yield from EventCases(alerts).all()
    yield from ServiceCases(alerts).all()


def _file(name: str, rules: list[Rule | Record], alerts: AlertSettings) -> str:
    interval = duration_text(alerts.evaluation_interval)
    return document({"groups": [{"name": f"genesis_{name}", "interval": interval, "rules": [rule.tree() for rule in rules]}]})


def _tests(group: str, cases: list[Case], alerts: AlertSettings) -> str:
    # Only the alert's own group: promtool evaluates all that it reads, at every step of every case.
    return document(
        {
            "rule_files": [f"../rules/{group}.yml"],
            "evaluation_interval": duration_text(alerts.evaluation_interval),
            "tests": [case.tree(alerts.evaluation_interval) for case in cases],
        }
    )
