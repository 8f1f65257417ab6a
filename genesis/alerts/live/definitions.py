"""Every alert of a configuration: its rules, its thresholds, and where they are configured."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from math import isfinite
from typing import Any

from pydantic import BaseModel

from genesis.alerts.alert import ConfiguredAlert
from genesis.alerts.figure import COUNT, PERCENT, SECONDS, AlertThreshold, Figure, delay, percent, plain
from genesis.alerts.notify.settings import URGENCIES
from genesis.alerts.rules import Record, Rule
from genesis.alerts.settings import AlertSettings
from genesis.core.errors import UnknownError
from genesis.settings.faults import threshold_text
from genesis.settings.trading_rules import TradingRules

WATCHDOG = "Watchdog"
"""Fires always and notifies a dead man's switch."""

BAND = {"low": "<", "high": ">"}
"""Part of a threshold → the comparison by which a figure leaves the band on that side."""
_MINUTE = 60
_LABEL = re.compile(r"\$labels\.(\w+)")


@dataclass(frozen=True)
class Alert:
    """One alert with all its severities."""

    definition: ConfiguredAlert[Any]

    @property
    def name(self) -> str:
        return self.definition.name

    @cached_property
    def rules(self) -> Mapping[str, Rule]:
        """Severity → the rule that fires with it; the most urgent first."""
        rules = {rule.severity: rule for rule in self.definition.rules()}
        return {severity: rules[severity] for severity in (*URGENCIES, "none") if severity in rules}

    @cached_property
    def loaded(self) -> tuple[Rule | Record, ...]:
        """All that Prometheus loads for it: its recording rules, then its alerting rules."""
        return (*self.definition.records(), *self.rules.values())

    @cached_property
    def thresholds(self) -> tuple[AlertThreshold, ...]:
        """All thresholds, those of single strategies included."""
        return tuple(self.definition.thresholds())

    @cached_property
    def labels(self) -> frozenset[str]:
        """The labels that its texts name."""
        texts = (text for rule in self.rules.values() for text in rule.annotations.values())
        return frozenset(label for text in texts for label in _LABEL.findall(text))

    @property
    def of_strategy(self) -> bool:
        """Whether each instance is about one strategy."""
        return "strategy" in self.labels

    def levels(self, severity: str, labels: Mapping[str, str]) -> list[AlertThreshold]:
        """The thresholds for a series with these labels: that of its strategy and period, or both ends of a band."""
        near = [one for one in self.thresholds if one.severity == severity and one.part in {"", labels.get("period", one.part)}]
        common = {one.part: one for one in near if not one.strategy}
        own = {one.part: one for one in near if one.strategy and one.strategy == labels.get("strategy")}
        return list((common | own).values())

    def figure(self, severity: str) -> Figure | None:
        """The figure that it compares; None if its rules do not compare one."""
        return next((one for one in self.definition.figures() if severity in one.severities), None)

    def sign(self, threshold: AlertThreshold) -> str:
        """The comparison by which a figure fires at the threshold."""
        figure = self.figure(threshold.severity)
        return BAND.get(threshold.part, figure.sign if figure is not None else ">=")

    def shown(self, severity: str, value: float) -> str:
        """A figure of the alert, formatted nearly as in its messages."""
        if not isfinite(value):
            return f"{value:g}"
        write = {PERCENT: percent, SECONDS: _age, COUNT: _count}.get(self.rules[severity].words.get("value", ""), plain)
        return write(Decimal(str(value)))


class AlertDefinitions:
    """The alerts of one configuration, by name."""

    def __init__(self, settings: AlertSettings, limits: TradingRules, strategies: Iterable[str]) -> None:
        """`strategies` are those that the configuration knows."""
        self.settings = settings
        self.limits = limits
        self.strategies = frozenset(strategies)
        self.alerts = {name: Alert(definition) for name, definition in settings.configured(limits).items()}

    def find(self, name: str) -> Alert:
        """The alert of this name.

        Raises:
            UnknownError: it does not exist; the message names similar ones.
        """
        if name not in self.alerts:
            raise UnknownError("alert", name, self.alerts)
        return self.alerts[name]

    def keys(self, alert: Alert, strategy: str | None = None) -> Iterator[tuple[str, str]]:
        """Where the alert is configured: keys of the files and their values. With `strategy`, only its overrides."""
        for key, value in _leaves(alert.definition.settings):
            head, _, rest = key.partition(".")
            if head != "overrides" or strategy is None or rest.startswith(f"{strategy}."):
                yield f"alerts.yaml: alerts.{alert.name}.{key}", value
        if own := alert.definition.alert.trading_rule:
            yield f"trading_rules.yaml: {own}", str(getattr(self.limits, own))


def _age(value: Decimal) -> str:
    whole = round(abs(value), 0 if abs(value) >= _MINUTE else 3)
    return f"{'-' if value < 0 else ''}{delay(whole)}"


def _count(value: Decimal) -> str:
    return f"{value:.0f}"


def _alias(section: BaseModel, field: str) -> str:
    return type(section).model_fields[field].alias or field


def _leaves(section: BaseModel | Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every value of a section with its full key, formatted as in the file."""
    items = section.items() if isinstance(section, Mapping) else ((_alias(section, name), value) for name, value in section)
    for key, value in items:
        if isinstance(value, BaseModel | Mapping):
            yield from ((f"{key}.{rest}", text) for rest, text in _leaves(value))
        elif value is not None:
            yield key, ", ".join(map(str, value)) if isinstance(value, tuple | list) else threshold_text(value)
