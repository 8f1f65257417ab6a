"""The repository's alerts.yaml as a tree that tests may change, and the settings that it makes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from genesis.alerts.settings import AlertSettings
from genesis.settings.trading_rules import TradingRules

CONFIG = Path(__file__).parents[3] / "config"


def changed(changes: Mapping[str, object]) -> dict[str, Any]:
    """The repository's alerts.yaml, with the values at some dotted keys replaced."""
    tree: dict[str, Any] = yaml.safe_load((CONFIG / "alerts.yaml").read_text())
    for key, value in changes.items():
        node: Any = tree
        *parents, last = key.split(".")
        for parent in parents:
            node = node[int(parent) if isinstance(node, list) else parent]
        node[last] = value
    return tree


def settings(changes: Mapping[str, object] | None = None) -> AlertSettings:
    return AlertSettings.model_validate(changed(changes or {}))


def limits(changes: Mapping[str, object] | None = None) -> TradingRules:
    """The repository's trading_rules.yaml, with some keys replaced."""
    tree: dict[str, Any] = yaml.safe_load((CONFIG / "trading_rules.yaml").read_text())
    return TradingRules.model_validate({**tree, **(changes or {})})
