"""The boards as they are written, and the ways through their JSON that tests need."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from genesis.boards import BoardSettings, boards
from genesis.configuration import load_settings

ROOT = Path(__file__).parents[3]
STRATEGIES = ("spread_capture", "mean_reversion", "multi_pair", "statistical_arb")
STEP = "1s"
SETTINGS = BoardSettings("USDT", STRATEGIES, timedelta(seconds=1), load_settings(ROOT / "config").alerts.alerts)
BOARDS: dict[str, dict[str, Any]] = {name: json.loads(text) for name, text in boards(SETTINGS).items()}


def panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All panels, those of collapsed rows too; the rows themselves are none."""
    for panel in board["panels"]:
        if panel["type"] == "row":
            yield from panel.get("panels", [])
        else:
            yield panel


def targets(board: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each query with its panel."""
    for panel in panels(board):
        for target in panel.get("targets", []):
            yield panel, target


def expressions(board: dict[str, Any]) -> Iterator[str]:
    """The PromQL of all panels, annotations and variables; of a variable, what it asks for the labels of."""
    yield from (target["expr"] for _, target in targets(board))
    yield from (mark["expr"] for mark in board["annotations"]["list"])
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["query"]["query"].removeprefix("label_values(").rpartition(",")[0]


def panel_of(board: dict[str, Any], title: str) -> dict[str, Any]:
    """The panel of this title."""
    return next(panel for panel in panels(board) if panel["title"] == title)


def overrides(panel: dict[str, Any], column: str) -> dict[str, Any]:
    """The properties that a column or a series is given by its name."""
    found = [rule for rule in panel["fieldConfig"]["overrides"] if rule["matcher"] == {"id": "byName", "options": column}]
    return {prop["id"]: prop["value"] for rule in found for prop in rule["properties"]}
