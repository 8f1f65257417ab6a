"""rotation.yaml: what is refused, and how it is told."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from genesis.configuration import load_settings
from genesis.core.errors import ConfigError, Fault

CONFIG = Path(__file__).parents[3] / "config"


def put(tree: dict[str, Any], key: str, value: object) -> None:
    *above, last = key.split(".")
    node: Any = tree
    for part in above:
        node = node[int(part)] if isinstance(node, list) else node.setdefault(part, {})
    node[int(last) if isinstance(node, list) else last] = value


def faults_of(folder: Path, changes: Mapping[str, object]) -> tuple[Fault, ...]:
    """What is wrong with the rotation.yaml that is shipped after some of its keys were changed."""
    config = shutil.copytree(CONFIG, folder / "config")
    tree = yaml.safe_load((CONFIG / "rotation.yaml").read_text(encoding="utf-8"))
    for key, value in changes.items():
        put(tree, key, value)
    (config / "rotation.yaml").write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    try:
        load_settings(config)
    except ConfigError as error:
        return error.faults
    return ()


def test_what_is_shipped_advises_and_is_right() -> None:
    assert load_settings(CONFIG).rotation.mode == "advise"


@pytest.mark.parametrize(
    ("changed", "value", "key", "expected"),
    [
        ("mode", "force", "mode", "'advise' or 'enforce'"),
        ("interval", "0s", "interval", "longer than 0s"),
        ("timeout", "30s", "timeout", "must be shorter than interval, which is 30s"),
        ("prometheus", "localhost:9090", "prometheus", "pattern"),
        ("engine", {"url": "https://user:secret@engine"}, "engine.url", "pattern"),
        ("engine", {"url": "http://[engine/api"}, "engine.url", "is not an address"),
        ("engine", {"url": "http://engine:99999/api"}, "engine.url", "is not an address"),
        ("prometheus", "http://prometheus:nine", "prometheus", "is not an address"),
        ("engine", {"attempts": 0}, "engine.attempts", "greater than or equal to 1"),
        ("signals", {}, "signals", "at least 1 item"),
        ("signals.Sharpe", "1", "signals.Sharpe.[key]", "lower-case letters"),
        ("signals.mine", 'genesis_strategy_equity{strategy="$strategy"}', "signals.mine", "holds a variable"),
        ("signals.mine", "genesis_strategy_equity[${window}]", "signals.mine", "holds a variable"),
        ("signals.mine", "", "signals.mine", "at least 1 character"),
        ("score", [], "score", "at least 1 item"),
        ("score.0.signal", "sharp", "score.0.signal", "is none of signals: sharpe, edge"),
        ("score.0.weight", 0, "score.0.weight", "greater than 0"),
        ("score.0.worst", 0.2, "score.0", "must differ from worst"),
        ("score.0.best", float("inf"), "score.0.best", "finite number"),
        ("rules.drawdown.signal", "nothing", "rules.drawdown.signal", "is none of signals"),
        ("rules.drawdown.until", 0.2, "rules.drawdown", "must not be above at_least 0.1"),
        ("rules.drawdown.action", "stop", "rules.drawdown.action", "'pause' or 'reduce'"),
        ("rules.tier", {"signal": "edge", "action": "pause", "at_least": 1}, "rules.tier", "the policy's own"),
        ("resume.cooldown", "9m", "resume.cooldown", "must not be shorter than allocation.min_dwell, which is 10m"),
        ("daily_loss", {"no_raise_from": 0.9, "pause_from": 0.8}, "daily_loss", "must not be below no_raise_from 0.9"),
        ("allocation.min_weight", 0.6, "allocation", "must not be above max_weight 0.5"),
        ("allocation.max_weight", 1.01, "allocation.max_weight", "less than or equal to 1"),
        ("allocation.min_change", 0.00001, "allocation.min_change", "4 decimal places"),
        ("allocation.reserve", 0.96, "allocation.min_weight", "more than the reserve leaves over"),
        ("allocation.reserve", 1, "allocation.reserve", "less than 1"),
        ("allocation.max_turnover_per_day", 0.05, "allocation", "must not be below max_turnover_per_step"),
        ("allocation.correlation_penalty", -0.1, "allocation.correlation_penalty", "greater than or equal to 0"),
        ("turnover", 1, "turnover", "there is no such key"),
    ],
)
def test_a_fault_is_told_at_its_key_and_says_what_is_right(
    tmp_path: Path, changed: str, value: object, key: str, expected: str
) -> None:
    faults = faults_of(tmp_path, {changed: value})
    assert [fault for fault in faults if fault.key == key and expected in fault.expected], faults
    assert {fault.file for fault in faults} == {"rotation.yaml"}


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    changes: dict[str, object] = {"timeout": "1m", "score.0.signal": "x", "rules.drawdown.signal": "y", "signals.mine": "$a"}
    assert [fault.key for fault in faults_of(tmp_path, changes)] == [
        "signals.mine",
        "score.0.signal",
        "rules.drawdown.signal",
        "timeout",
    ]


@pytest.mark.parametrize(
    "expr",
    ['up{job=~"a$"}', 'label_replace(up, "strategy", "$1", "job", "(.*)")'],
    ids=["end of a regular expression", "group of a regular expression"],
)
def test_a_dollar_of_a_regular_expression_is_no_variable(tmp_path: Path, expr: str) -> None:
    assert faults_of(tmp_path, {"signals.mine": expr}) == ()
