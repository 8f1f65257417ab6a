"""Which figures are not known, and the alerts on the strategy."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import table

from genesis.boards import alerts, queries, style
from genesis.boards.panels import Caption
from genesis.boards.queries import THIS, THIS_NAMED
from genesis.boards.tables import grid, reshaped
from genesis.boards.targets import rows


def panels() -> list[Any]:
    """The section."""
    return [alerts.alert_table(THIS_NAMED, hidden=["strategy"]).height(8).span(12), _undefined().height(8).span(12)]


def _undefined() -> table.Panel:
    caption = Caption(
        "Undefined figures",
        "Figures of this strategy that are left out because they cannot be computed, and why; docs/numbers.md explains the "
        "reasons.",
        "Every figure is known, or the monitor is not scraped.",
    )
    panel = grid(caption).with_target(rows(queries.undefined_figures(THIS)))
    panel.override_by_name("Reason", [style.width(170)])
    return reshaped(panel, {"figure": "Figure", "reason": "Reason"}, hidden=["Value", "strategy"])
