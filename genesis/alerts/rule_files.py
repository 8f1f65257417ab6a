"""The rule files, as text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from genesis.alerts.alert import ConfiguredAlert
from genesis.alerts.catalog import TOPICS
from genesis.alerts.documents import document
from genesis.alerts.figure import AlertThreshold
from genesis.alerts.rules import Record, Rule
from genesis.alerts.settings import AlertSettings
from genesis.core.duration import duration_text
from genesis.settings.trading_rules import TradingRules


def thresholds(settings: AlertSettings, limits: TradingRules) -> list[AlertThreshold]:
    """Every threshold of every alert that has one, the overrides included."""
    return [threshold for alert in settings.configured(limits).values() for threshold in alert.thresholds()]


def rule_files(settings: AlertSettings, limits: TradingRules) -> dict[str, str]:
    """File name → text of the rule file, one a topic."""
    configured = settings.configured(limits)
    return {
        f"{topic}.yml": _file(topic, _rules(configured[alert.name] for alert in alerts), settings)
        for topic, alerts in TOPICS.items()
    }


def _rules(alerts: Iterable[ConfiguredAlert[Any]]) -> list[Rule | Record]:
    """The rules of one topic: records come before the rules that use them."""
    found = list(alerts)
    return [*(record for alert in found for record in alert.records()), *(rule for alert in found for rule in alert.rules())]


def _file(topic: str, rules: list[Rule | Record], settings: AlertSettings) -> str:
    interval = duration_text(settings.evaluation_interval)
    return document({"groups": [{"name": f"genesis_{topic}", "interval": interval, "rules": [rule.tree() for rule in rules]}]})
