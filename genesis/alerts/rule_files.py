"""The rule files and their tests, as text."""

from __future__ import annotations

from genesis.alerts.alert import Alert, Inputs
from genesis.alerts.cases import cases
from genesis.alerts.cases.case import Case
from genesis.alerts.catalog import ALERTS, TOPICS
from genesis.alerts.documents import document
from genesis.alerts.rules import Record, Rule
from genesis.alerts.settings import AlertSettings
from genesis.alerts.thresholds import AlertThreshold
from genesis.core.duration import duration_text
from genesis.settings.trading_rules import TradingRules


def all_rules(settings: AlertSettings, limits: TradingRules) -> list[Rule | Record]:
    """The rules of all topics."""
    inputs = Inputs(settings, limits)
    return [rule for alerts in TOPICS.values() for rule in _rules(alerts, inputs)]


def thresholds(settings: AlertSettings, limits: TradingRules) -> list[AlertThreshold]:
    """Every threshold of every alert that has one, the overrides included."""
    inputs = Inputs(settings, limits)
    return [threshold for alert in ALERTS.values() for threshold in alert.all_thresholds(inputs)]


def rule_files(settings: AlertSettings, limits: TradingRules) -> dict[str, str]:
    """File name → text of the rule file, one a topic."""
    inputs = Inputs(settings, limits)
    return {f"{topic}.yml": _file(topic, _rules(alerts, inputs), settings) for topic, alerts in TOPICS.items()}


def rule_tests(settings: AlertSettings, limits: TradingRules) -> dict[str, str]:
    """File name → text of a test for `promtool test rules`, one an alert; the rules lie in `../rules`."""
    topics = {alert.name: topic for topic, alerts in TOPICS.items() for alert in alerts}
    by_alert: dict[str, list[Case]] = {}
    for case in cases(Inputs(settings, limits)):
        by_alert.setdefault(case.alert, []).append(case)
    return {f"{alert}.yml": _tests(topics[alert], found, settings) for alert, found in by_alert.items()}


def _rules(alerts: tuple[Alert, ...], inputs: Inputs) -> list[Rule | Record]:
    records = [record for alert in alerts for record in alert.records(inputs.settings)]
    return [*records, *(rule for alert in alerts for rule in alert.all_rules(inputs))]


def _file(topic: str, rules: list[Rule | Record], settings: AlertSettings) -> str:
    interval = duration_text(settings.evaluation_interval)
    return document({"groups": [{"name": f"genesis_{topic}", "interval": interval, "rules": [rule.tree() for rule in rules]}]})


def _tests(topic: str, cases: list[Case], settings: AlertSettings) -> str:
    # Only the alert's own group: promtool evaluates all that it reads, at every step of every case.
    return document(
        {
            "rule_files": [f"../rules/{topic}.yml"],
            "evaluation_interval": duration_text(settings.evaluation_interval),
            "tests": [case.tree(settings.evaluation_interval) for case in cases],
        }
    )
