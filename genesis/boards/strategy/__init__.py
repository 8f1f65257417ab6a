"""The board "Strategy": where the P&L of one strategy comes from, what it holds and lost, and whether it is what it was."""

from __future__ import annotations

from typing import Any

from genesis.boards import event_annotations, frame, places, queries, variables
from genesis.boards.frame import BoardSettings, Section
from genesis.boards.strategy import alerting, attribution, degradation, drawdown, glance, positions, ratios, trades

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
        Section("Alerts, and what is not known", alerting.panels()),
    ]
    return frame.board(
        places.STRATEGY,
        settings,
        sections,
        choices=[variables.strategy(), variables.window()],
        marks=[event_annotations.alerts(queries.THIS_NAMED), *event_annotations.rotations(queries.THIS)],
    )
