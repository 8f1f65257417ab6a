"""What all boards have in common: links, variables, annotations, refresh, and how panels are numbered and placed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple, Self

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as model

from genesis.alerts.settings import Alerts
from genesis.boards import links, variables
from genesis.boards.links import LinkedBoard
from genesis.boards.panels import AnyPanel
from genesis.boards.variables import Variable
from genesis.configuration import Settings
from genesis.core.duration import duration_text

TAG: Final = "genesis"
# Each refresh aborts the queries that still run: a board that refreshes faster than Prometheus answers stays blank. With fifty
# strategies and several screens, an answer takes seconds.
REFRESH: Final = "10s"
# A URL may request a refresh that is not in this list. Some versions of Grafana then take the first one: here the default.
# Others search for the first longer one and take the one before it, so the rest of the list ascends: with 250 ms at the end, a
# URL with `refresh=1h` would get it.
REFRESH_CHOICES: Final = [REFRESH, "250ms", "500ms", "1s", "2s", "5s", "15s", "30s", "1m", "5m"]


class BoardSettings(NamedTuple):
    """What the boards take from the configuration."""

    currency: str
    """The account's reporting currency, shown next to each amount."""
    strategies: Sequence[str]
    """The configured names. Each has its own colour, the same on every panel, in this order."""
    scrape_interval: timedelta
    """The shortest step of a chart: a shorter one would show the same sample twice."""
    alerts: Alerts
    """The charts of an alert's figure use the alert's window."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Pick what the boards need from the settings of the processes."""
        strategies, alerts = tuple(settings.strategies.strategies), settings.alerts
        return cls(settings.monitor.reporting_currency, strategies, alerts.scrape_interval, alerts.alerts)


class Section(NamedTuple):
    """Panels below a heading, in reading order; they fill the board's 24 columns from left to right."""

    heading: str | None
    panels: Sequence[AnyPanel]


def board(
    linked: LinkedBoard,
    settings: BoardSettings,
    sections: Iterable[Section],
    *,
    choices: Sequence[Variable] = (),
    annotations: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """Build a board in Grafana's JSON model.

    Args:
        linked: the board's title, URL and question.
        settings: what all boards take from the configuration.
        sections: the panels.
        choices: the variables that the reader may choose, besides the data source.
        annotations: the vertical lines on the charts.
    """
    frame = (
        dashboard.Dashboard(linked.title)
        .uid(linked.uid)
        .description(f"{linked.question} DO NOT EDIT: `genesis generate` writes it.")
        .tags([TAG])
        .readonly()
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .time("now-15m", "now")
        .timezone("browser")
        .refresh(REFRESH)
        .timepicker(dashboard.TimePicker().refresh_intervals(REFRESH_CHOICES))
        .links(links.link_bar(linked))
        .variables([variables.data_source(), *choices])
    )
    _place(frame, sections)
    made: dict[str, Any] = frame.build().to_json()
    made["annotations"] = {"list": list(annotations)}
    for panel in made["panels"]:
        _with_least_step(panel, duration_text(settings.scrape_interval))
    return made


def _place(frame: dashboard.Dashboard, sections: Iterable[Section]) -> None:
    number = 0
    for section in sections:
        if section.heading is not None:
            number += 1
            frame.with_row(dashboard.Row(section.heading).id(number))
        for panel in section.panels:
            number += 1
            frame.with_panel(panel.id(number))


def _with_least_step(panel: Any, step: str) -> None:
    for target in getattr(panel, "targets", None) or []:
        if target.range_val:
            target.interval = step
