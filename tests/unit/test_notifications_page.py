"""docs/notifications.md: what it writes for alerts.yaml is accepted, and its messages are those that people get."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from genesis.core.alert_config import AlertSettings
from tests.unit.monitoring.alert_tree import changed

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "notifications.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_its_examples_are_accepted_in_alerts_yaml() -> None:
    tree = changed({})
    tree["receivers"] |= {name: {} for name in ("pairs_team", "makers_page", "night_desk")}
    for text in blocks("yaml"):
        example: Any = yaml.safe_load(text)
        found = {"routes": example} if isinstance(example, list) else example
        merged = {key: value if isinstance(value, list) else tree[key] | value for key, value in found.items()}
        AlertSettings.model_validate(tree | merged)


def test_its_first_lines_are_those_of_the_golden_messages() -> None:
    golden = (ROOT / "tests" / "integration" / "messages").glob("*.pagerduty.json")
    titles = {json.loads(path.read_text(encoding="utf-8"))["payload"]["summary"] for path in golden}
    (lines,) = (block.split("\n")[:-1] for block in blocks("") if block.startswith("[FIRING"))
    assert len(lines) == 5
    assert set(lines) <= titles
