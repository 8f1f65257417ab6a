"""The generated reference leaves nothing out."""

from __future__ import annotations

import re

import pytest
import yaml

from genesis.alerts.catalog import ALERTS
from genesis.commands import reference
from genesis.metrics.catalog import CATALOG
from genesis.metrics.metric import Kind
from genesis.settings.statistics import StatisticsSettings
from tests.unit.alerts.alert_tree import changed, limits, settings


def rows(text: str) -> list[list[str]]:
    return [re.split(r"(?<!\\)\|", line)[1:-1] for line in text.splitlines() if line.startswith("| `")]


def test_every_metric_is_listed_with_type_labels_unit_and_help() -> None:
    assert len(rows(reference.metrics())) == len(CATALOG)
    for (name, kind, labels, unit, text), metric in zip(rows(reference.metrics()), CATALOG, strict=True):
        assert name.strip(" `") == metric.name
        assert kind.strip() == metric.kind.value
        assert tuple(re.findall(r"`(\w+)`", labels)) == metric.labels
        assert unit.strip() == ("–" if metric.kind is Kind.INFO else metric.unit.value)
        assert text.strip() == metric.help


def test_metrics_are_told_by_the_process_that_has_them() -> None:
    monitor, rotation = reference.metrics().split("\n## ")[1:]
    assert {row[0].strip(" `").startswith("genesis_rotation_") for row in rows(monitor)} == {False}
    assert {row[0].strip(" `").startswith("genesis_rotation_") for row in rows(rotation)} == {True}


def test_every_key_has_a_value_a_default_and_a_meaning() -> None:
    for row in rows(reference.configuration()):
        assert len(row) == 4, row
        assert all(cell.strip() for cell in row), row


@pytest.mark.parametrize(
    ("key", "value", "default"),
    [
        ("port", "whole number, at least 0, at most 65535", "`9108`"),
        ("tiers.<name>.max_capital", "number, above 0, below 1e+15 or null", "required"),
        ("alerts.StrategyDrawdown.for", "duration", "required"),
        ("alerts.StrategyDrawdown.overrides.<name>.warning", "number, above 0, at most 1 or null", "none"),
        ("alerts.MonitorDown.severity", "`info` or `warning` or `critical`", "required"),
        ("routes[].repeat_interval", "duration, above 0s", "required"),
        ("receivers.<name>.slack.api_url_file", "path", "required"),
        ("statistics.step", "duration, above 0s", "`1m`"),
        ("statistics.windows", "list of duration, above 0s", "`[1h, 1d]`"),
        ("statistics.confidence", "list of number, above 0.5, below 1", "`[0.95, 0.99]`"),
    ],
)
def test_a_key_is_described_as_its_model_reads_it(key: str, value: str, default: str) -> None:
    found = [
        [cell.strip(" `") if not place else cell.strip() for place, cell in enumerate(row[:3])]
        for row in rows(reference.configuration())
    ]
    assert [key, value, default] in found


def test_every_default_of_the_statistics_can_be_written_as_it_is_told() -> None:
    for row in rows(reference.configuration()):
        key, default = row[0].strip(" `"), row[2].strip(" `")
        if key.startswith("statistics.") and default not in {"none", "required", "as below"}:
            nested: object = yaml.safe_load(default)
            for name in reversed(key.split(".")[1:]):
                nested = {name: nested}
            assert StatisticsSettings.model_validate(nested) == StatisticsSettings(), key


def test_every_key_that_alerts_yaml_uses_is_described() -> None:
    described = {row[0].strip(" `") for row in rows(reference.configuration())}

    def used(tree: object, prefix: str) -> set[str]:
        if isinstance(tree, list):
            return set().union(*(used(item, f"{prefix}[]") for item in tree))
        if not isinstance(tree, dict):
            return set()
        named = prefix in {"receivers", "hours", "teams"} or prefix.endswith("overrides")
        keys = {(f"{prefix}.<name>" if named else f"{prefix}.{key}".lstrip(".")): value for key, value in tree.items()}
        mine = set() if named or prefix.endswith("match") else set(keys)
        return mine.union(*(used(value, key) for key, value in keys.items()))

    assert used(changed({}), "") <= described


def test_every_alert_has_a_section_with_its_rules() -> None:
    text = reference.alerts(settings(), limits())
    for alert in ALERTS:
        assert f"\n## {alert}\n" in text
        assert f"(#{alert.lower()})" in text
    assert 'genesis_strategy_drawdown_ratio{strategy="spread_capture"} >= 0.03' in text
