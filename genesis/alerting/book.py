"""Every alert of a configuration: its rules, what they compare, where they are configured, and what is told of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import BaseModel

from genesis.alerting.comparison import Comparison, comparisons
from genesis.alerting.template import Template, humanize_duration, humanize_percentage
from genesis.core.alert_faults import threshold_text
from genesis.core.config import Settings
from genesis.core.errors import UnknownError
from genesis.monitoring.alert_manager.alerts import ALERTS
from genesis.monitoring.alert_manager.rule_files import all_rules
from genesis.monitoring.alert_manager.rules import Record, Rule
from genesis.monitoring.alert_manager.runbook import Runbook

WATCHDOG = "Watchdog"
"""Fires always, and is told to a dead man's switch."""
URGENCY = ("critical", "warning", "info", "none")
"""The severities, the most urgent first."""

_FROM_RULES = {"CorrelationHigh": "correlation_alert_ratio"}
"""Alert → the key of trading_rules.yaml that is its threshold."""


@dataclass(frozen=True)
class Alert:
    """One alert, whatever its severity."""

    name: str
    rules: Mapping[str, Rule]
    """Severity → the rule that fires with it; the most urgent first."""
    runbook: Runbook

    @cached_property
    def labels(self) -> frozenset[str]:
        """The labels that its texts name."""
        return frozenset(label for rule in self.rules.values() for text in templates(rule) for label in text.labels)

    @property
    def of_strategy(self) -> bool:
        """Whether it fires for one strategy at a time."""
        return "strategy" in self.labels

    def thresholds(self, severity: str, strategy: str | None = None) -> list[Comparison]:
        """What decides: those of all strategies without one of their own, or of the strategy that is named."""
        found = self.every_threshold(severity)
        if strategy is None:
            return [one for one in found if one.of_one is None]
        return [one for one in found if one.covers(strategy)]

    def every_threshold(self, severity: str) -> list[Comparison]:
        """Those of single strategies too."""
        return [one for one in comparisons(self.rules[severity].expr) if not one.guard]

    def shown(self, severity: str, value: float) -> str:
        """A figure of the alert as its messages write it."""
        unit = next((text.unit for text in templates(self.rules[severity]) if text.unit), "")
        return _UNITS.get(unit, "{:.4g}".format)(value)


class AlertBook:
    """The alerts of one configuration, by name."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        made = all_rules(settings.alerts, settings.rules)
        self.records = {rule.name: rule for rule in made if isinstance(rule, Record)}
        """Recorded figures, by name."""
        rules: dict[str, dict[str, Rule]] = {}
        for rule in made:
            if isinstance(rule, Rule):
                rules.setdefault(rule.alert, {})[rule.severity] = rule
        self.alerts = {
            name: Alert(name, dict(sorted(found.items(), key=_urgency)), ALERTS[name].runbook) for name, found in rules.items()
        }

    def find(self, name: str) -> Alert:
        """The alert of this name.

        Raises:
            UnknownError: there is none; the message says which there are.
        """
        if name not in self.alerts:
            raise UnknownError("alert", name, self.alerts)
        return self.alerts[name]

    @property
    def strategies(self) -> frozenset[str]:
        """The strategies that the configuration knows."""
        return frozenset(self._settings.strategies.strategies)

    def keys(self, alert: Alert, strategy: str | None = None) -> Iterator[tuple[str, str]]:
        """Where the alert is configured: keys of the files, and what stands there; overrides of `strategy` alone."""
        section = next(
            value for field, value in self._settings.alerts.alerts if _alias(self._settings.alerts.alerts, field) == alert.name
        )
        for key, value in _leaves(section):
            head, _, rest = key.partition(".")
            if head != "overrides" or strategy is None or rest.startswith(f"{strategy}."):
                yield f"alerts.yaml: alerts.{alert.name}.{key}", value
        if (own := _FROM_RULES.get(alert.name)) is not None:
            yield f"trading_rules.yaml: {own}", str(getattr(self._settings.rules, own))


def templates(rule: Rule) -> Iterator[Template]:
    """What the rule says, as templates."""
    return map(Template, rule.annotations.values())


def _urgency(item: tuple[str, Rule]) -> int:
    severity = item[0]
    return URGENCY.index(severity) if severity in URGENCY else len(URGENCY)


def _alias(section: BaseModel, field: str) -> str:
    return type(section).model_fields[field].alias or field


def _leaves(section: BaseModel | Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every single value of a section by its key, as the file writes it."""
    items = section.items() if isinstance(section, Mapping) else ((_alias(section, name), value) for name, value in section)
    for key, value in items:
        if isinstance(value, BaseModel | Mapping):
            yield from ((f"{key}.{rest}", text) for rest, text in _leaves(value))
        elif value is not None:
            yield key, ", ".join(map(str, value)) if isinstance(value, tuple | list) else threshold_text(value)


_UNITS = {"humanizePercentage": humanize_percentage, "humanizeDuration": humanize_duration}
