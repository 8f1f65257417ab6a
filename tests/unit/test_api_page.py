"""docs/api.md: its routes and fields exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

from genesis.analytics.capacity import CapacityFigures
from genesis.monitoring.api import strategy_routes
from genesis.snapshot import AccountSnapshot, HoldingSnapshot, MonitorSnapshot, PortfolioSnapshot, StrategySnapshot

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
KNOWN = {"capacity", "now", "best", "break_even", "curve", "win_rate", "day", "name"}
"""Beside the fields: what the curve's answer has, a figure, a period, a field of the tier."""


def names() -> Iterator[str]:
    for kind in (MonitorSnapshot, PortfolioSnapshot, StrategySnapshot, AccountSnapshot, HoldingSnapshot, CapacityFigures):
        assert is_dataclass(kind)
        yield from (field.name for field in fields(kind))


def test_every_route_is_on_the_page_and_no_other() -> None:
    routes = {route.path.replace("{name}", "NAME") for route in strategy_routes(lambda: None)}
    assert routes == set(re.findall(r"^\| `(/api\S+)` \|", PAGE, re.MULTILINE))


def test_every_field_that_an_example_asks_for_exists() -> None:
    asked = set()
    for program in re.findall(r"jq (?:-\w )?'?([^'\n]+)'?$", PAGE, re.MULTILINE):
        asked |= {part for path in re.findall(r"\.([a-z_.]+)", program) for part in path.split(".")}
        asked |= {part for inner in re.findall(r"\{([a-z_, ]+)\}", program) for part in inner.split(", ")}
    assert len(asked) > 15
    assert asked <= {*names(), *KNOWN}
