"""The board "Rotation and alerts": what rotation did and why, which alerts fire, and which fired before."""

from __future__ import annotations

from typing import Any

from genesis.boards import alerts, event_annotations, frame, links, queries, variables
from genesis.boards.frame import BoardSettings, Section
from genesis.boards.rotation import controller, history, strategies

__all__ = ["rotation_board"]


def rotation_board(settings: BoardSettings) -> dict[str, Any]:
    """The board in Grafana's JSON model."""
    sections = [
        Section(None, [panel.height(3).span(4) for panel in controller.tiles()]),
        Section(
            None,
            [
                strategies.states_over_time().height(9).span(12),
                strategies.weights_over_time(settings).height(9).span(12),
                strategies.strategies().height(8).span(24),
            ],
        ),
        Section(
            "Alerts: now and before",
            [
                alerts.alert_table(queries.PICKED_OR_NONE).height(9).span(16),
                alerts.alert_list().height(9).span(8),
                history.timeline_of_alerts().height(10).span(24),
                history.by_severity().height(7).span(12),
                history.notifications().height(7).span(12),
            ],
        ),
        Section(
            "Decisions and their reasons",
            [
                strategies.last_changes().height(8).span(12),
                controller.changes().height(8).span(12),
                strategies.scores_over_time(settings).height(8).span(12),
                strategies.difference_over_time(settings).height(8).span(12),
                strategies.rules().height(7).span(7),
                controller.blocked_over_time().height(7).span(6),
                controller.age_over_time().height(7).span(6),
                controller.deliveries().height(7).span(5),
            ],
        ),
    ]
    return frame.board(
        links.ROTATION,
        settings,
        sections,
        choices=[variables.strategies(), variables.most_lines()],
        annotations=[event_annotations.alerts(queries.PICKED_OR_NONE), *event_annotations.rotations(queries.PICKED)],
    )
