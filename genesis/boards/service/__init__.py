"""The operator's board "Genesis itself": whether what the other boards show is complete, correct and current."""

from __future__ import annotations

from typing import Any

from genesis.boards import event_annotations, frame, links, variables
from genesis.boards.frame import BoardSettings, Section
from genesis.boards.service import alerting, durability, events, feeds, glance, processes, scrapes
from genesis.boards.service.small_panels import TILE

__all__ = ["service_board"]


def service_board(settings: BoardSettings) -> dict[str, Any]:
    """The board in Grafana's JSON model."""
    interval = settings.scrape_interval.total_seconds()
    sections = [
        Section(None, [panel.height(TILE) for panel in glance.tiles(interval)]),
        Section(
            None,
            [
                scrapes.duration(interval).height(8).span(8),
                events.taken_in().height(8).span(8),
                events.lag().height(8).span(8),
                glance.alert_table().height(7).span(12),
                glance.programs().height(7).span(12),
            ],
        ),
        Section("Scrapes, groups and series", scrapes.panels()),
        Section("Events, sources and requests", events.panels()),
        Section("Journal", durability.panels()),
        Section("Marks, strategies and books", feeds.panels()),
        Section("Rules and notifications", alerting.panels()),
        Section("Processes", processes.panels()),
    ]
    return frame.board(
        links.SERVICE,
        settings,
        sections,
        choices=[variables.strategies(), variables.most_lines()],
        annotations=[event_annotations.alerts(glance.OWN_ALERTS)],
    )
