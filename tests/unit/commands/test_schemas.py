"""The JSON Schemas of the configuration files: they take what the files may hold, and mark the usual mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from genesis.commands.reference import FILES
from genesis.commands.schemas import schemas

ROOT = Path(__file__).parents[3]
SCHEMAS = {name: json.loads(text) for name, text in schemas().items()}


def shipped(file: str) -> Any:
    return yaml.safe_load((ROOT / "config" / f"{file}.yaml").read_text())


def faults(file: str, tree: object) -> list[str]:
    found = jsonschema.Draft202012Validator(SCHEMAS[f"{file}.json"]).iter_errors(tree)
    return [".".join(map(str, error.absolute_path)) for error in found]


def put(tree: Any, key: str, value: object) -> None:
    *parents, last = key.split(".")
    for parent in parents:
        tree = tree[int(parent)] if isinstance(tree, list) else tree[parent]
    tree[last] = value


def test_every_file_has_a_schema_and_names_it_in_its_first_line() -> None:
    assert sorted(SCHEMAS) == sorted(file.replace(".yaml", ".json") for file in FILES)
    for file in FILES:
        first = (ROOT / "config" / file).read_text().splitlines()[0]
        assert first == f"# yaml-language-server: $schema=schemas/{file.replace('.yaml', '.json')}"


@pytest.mark.parametrize("file", ["alerts", "monitor", "strategies", "trading_rules"])
def test_a_schema_is_one_and_takes_the_shipped_file(file: str) -> None:
    schema = SCHEMAS[f"{file}.json"]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)
    assert faults(file, shipped(file)) == []


@pytest.mark.parametrize(
    ("file", "key", "value"),
    [
        ("alerts", "alerts.StrategyDrawdown.warning", "lots"),
        ("alerts", "alerts.StrategyDrawdown.warning", 5),
        ("alerts", "alerts.StrategyDrawdown.for", "30"),
        ("alerts", "alerts.StrategyDrawdown.for", 30),
        ("alerts", "alerts.StrategyDrawdown.for", ""),
        ("alerts", "alerts.StrategyDrawdown.for", "10s1m"),
        ("alerts", "alerts.MarketDataStale.warning", "0s"),
        ("alerts", "alerts.MonitorDown.severity", "urgent"),
        ("alerts", "alerts.SlippageHigh.min_fills", 0),
        ("alerts", "routes.0.match.alertname", "StrategyDrawDown"),
        ("alerts", "routes.0.match.severity", "page"),
        ("alerts", "routes.0.match.team", "a"),
        ("monitor", "port", 99999),
        ("strategies", "strategies.spread_capture.capital", "lots"),
        ("trading_rules", "tiers.small.storage", "oracle"),
    ],
)
def test_a_wrong_value_is_marked_where_it_stands(file: str, key: str, value: object) -> None:
    tree = shipped(file)
    if file == "trading_rules":
        key = key.replace("small", next(iter(tree["tiers"])))
    put(tree, key, value)
    found = faults(file, tree)
    assert found
    assert all(key.startswith(place) for place in found)


@pytest.mark.parametrize(
    ("file", "key"),
    [("alerts", "alerts.StrategyDrawDown"), ("alerts", "alerts.DailyLoss.window"), ("monitor", "jurnal")],
)
def test_a_key_that_does_not_exist_is_marked(file: str, key: str) -> None:
    tree = shipped(file)
    put(tree, key, "1m")
    assert faults(file, tree) == [key.rpartition(".")[0]]


def test_an_alert_that_is_missing_is_marked() -> None:
    tree = shipped("alerts")
    del tree["alerts"]["Watchdog"]
    assert faults("alerts", tree) == ["alerts"]


@pytest.mark.parametrize("value", [0.04, "0.04", 1, "1e-2", ".5"])
def test_a_ratio_may_be_a_number_or_a_text_that_is_one(value: object) -> None:
    tree = shipped("alerts")
    put(tree, "alerts.StrategyDrawdown.warning", value)
    assert faults("alerts", tree) == []


@pytest.mark.parametrize("value", ["0s", "250ms", "1m30s", "2w", "1d12h"])
def test_a_duration_is_written_as_prometheus_does(value: str) -> None:
    tree = shipped("alerts")
    put(tree, "alerts.StrategyDrawdown.for", value)
    assert faults("alerts", tree) == []


def test_an_editor_can_show_what_each_key_means() -> None:
    for schema in SCHEMAS.values():
        for section in (schema, *schema["$defs"].values()):
            assert section["description"]
            assert all(key.get("description") for key in section.get("properties", {}).values()), section["description"]


def test_a_default_is_what_the_file_would_have() -> None:
    monitor = SCHEMAS["monitor.json"]["$defs"]
    assert monitor["DegradationSettings"]["properties"]["false_alarm_interval"]["default"] == "30d"
    assert monitor["CapacitySettings"]["properties"]["participation_ratio"]["default"] == 0.05
