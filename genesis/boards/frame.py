"""What all boards have in common: links, variables, marks, refresh; and how their panels are numbered and placed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple, Self

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as model

from genesis.alerts.settings import Alerts
from genesis.boards import places, variables
from genesis.boards.panels import AnyPanel
from genesis.boards.places import Place
from genesis.boards.variables import Variable
from genesis.configuration import Settings
from genesis.core.duration import duration_text

TAG: Final = "genesis"
# Each refresh aborts the queries that are still running: a board that refreshes faster than Prometheus answers stays blank.
# With fifty strategies and several screens an answer takes seconds.
REFRESH: Final = "10s"
# An address may ask for a refresh that is not in this list. Some versions of Grafana then take the first one, so the calm one
# is first. Others go through the list up to the first longer one and take the one before it, so the others ascend: with the
# quick ones at the end, an address with `refresh=1h` would get 250 ms.
REFRESH_CHOICES: Final = [REFRESH, "250ms", "500ms", "1s", "2s", "5s", "15s", "30s", "1m", "5m"]


class BoardSettings(NamedTuple):
    """What the boards take from the configuration."""

    currency: str
    """The account's reporting currency; it stands beside each sum of money."""
    strategies: Sequence[str]
    """The names known before the start. Each gets a colour of its own, the same on every panel, in this order."""
    scrape_interval: timedelta
    """No chart asks for shorter steps: they would hold no sample of their own."""
    alerts: Alerts
    """Charts of what an alert looks at look as far back as the alert does."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """What the boards take from the settings of the processes."""
        strategies, alerts = tuple(settings.strategies.strategies), settings.alerts
        return cls(settings.monitor.reporting_currency, strategies, alerts.scrape_interval, alerts.alerts)


class Section(NamedTuple):
    """Panels below a heading, in reading order; they fill the board's 24 columns from left to right."""

    heading: str | None
    panels: Sequence[AnyPanel]


def board(
    place: Place,
    settings: BoardSettings,
    sections: Iterable[Section],
    *,
    choices: Sequence[Variable] = (),
    marks: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """A board in Grafana's JSON model.

    Args:
        place: its name and address.
        settings: of the account.
        sections: what is on it.
        choices: what the reader may choose besides the data source.
        marks: its annotations.
    """
    frame = (
        dashboard.Dashboard(place.title)
        .uid(place.uid)
        .description(f"{place.about} DO NOT EDIT: `genesis generate` makes it.")
        .tags([TAG])
        .readonly()
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .time("now-15m", "now")
        .timezone("browser")
        .refresh(REFRESH)
        .timepicker(dashboard.TimePicker().refresh_intervals(REFRESH_CHOICES))
        .links(places.links(place))
        .variables([variables.data_source(), *choices])
    )
    _place(frame, sections)
    made: dict[str, Any] = frame.build().to_json()
    made["annotations"] = {"list": list(marks)}
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
