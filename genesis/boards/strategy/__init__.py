"""The board "Strategy": where one strategy's P&L comes from, its positions and drawdowns, and whether it has degraded."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import table

from genesis.boards import alerts, event_annotations, frame, links, queries, style, variables
from genesis.boards.frame import BoardSettings, Section
from genesis.boards.panels import Caption
from genesis.boards.strategy import attribution, degradation, drawdown, glance, positions, ratios, trades
from genesis.boards.tables import grid, reshaped
from genesis.boards.targets import rows

__all__ = ["strategy_board"]


def strategy_board(settings: BoardSettings) -> dict[str, Any]:
    """The board in Grafana's JSON model."""
    currency = settings.currency
    sections = [
        Section(None, [panel.height(3).span(4) for panel in glance.tiles(currency)]),
        Section(
            None,
            [
                attribution.by_kind(currency).height(7).span(12),
                drawdown.depth().height(7).span(12),
                attribution.by_symbol().height(10).span(9),
                attribution.by_component().height(10).span(10),
                attribution.by_cause().height(10).span(5),
            ],
        ),
        Section("Positions", positions.panels(currency)),
        Section("Drawdowns", drawdown.panels(currency)),
        Section("Trades", trades.panels()),
        Section("Rolling ratios", ratios.panels()),
        Section("Degradation", degradation.panels()),
        Section("Alerts and undefined figures", _alerts_and_undefined()),
    ]
    return frame.board(
        links.STRATEGY,
        settings,
        sections,
        choices=[variables.strategy(), variables.window()],
        annotations=[event_annotations.alerts(queries.THIS_NAMED), *event_annotations.rotations(queries.THIS)],
    )


def _alerts_and_undefined() -> list[Any]:
    alert_table = alerts.alert_table(queries.THIS_NAMED, hidden=["strategy"])
    return [alert_table.height(8).span(12), _undefined().height(8).span(12)]


def _undefined() -> table.Panel:
    caption = Caption(
        "Undefined figures",
        "Figures of this strategy that cannot be computed, with the reason; docs/numbers.md explains the reasons.",
        "Every figure is known, or the monitor is not scraped.",
    )
    panel = grid(caption).with_target(rows(queries.undefined_figures(queries.THIS)))
    panel.override_by_name("Reason", [style.width(170)])
    return reshaped(panel, {"figure": "Figure", "reason": "Reason"}, hidden=["Value", "strategy"])
