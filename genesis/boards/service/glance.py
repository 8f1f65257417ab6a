"""What the operator sees first: which programs are up, whether alerts can fire, and which alerts on Genesis fire."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import stat, statetimeline, table

from genesis.alerts.catalog import ALERTS
from genesis.alerts.messages import Board
from genesis.boards import alerts, queries, style
from genesis.boards.foreign import JOBS, PROCESS_MEMORY_BYTES, SCRAPE_DURATION_SECONDS, UP
from genesis.boards.panels import Caption, big_number, timeline, words
from genesis.boards.queries import series
from genesis.boards.service.small_panels import of_program
from genesis.boards.targets import lines, now
from genesis.metrics import catalog

_OWN: Final = "|".join(name for name, alert in ALERTS.items() if alert.board is Board.SERVICE and name != "Watchdog")
OWN_ALERTS: Final = f'alertname=~"{_OWN}",{queries.PICKED_OR_NONE}'
"""The matchers of the alerts whose notifications link to this board."""

_ACCOUNTS: Final = 'group="accounts"'

_UNKNOWN, _DOWN, _RESTORING, _UP = 0.0, 1.0, 2.0, 3.0
_STATES: Final = (
    (_UNKNOWN, "not scraped", style.QUIET),
    (_DOWN, "down", style.CRITICAL),
    (_RESTORING, "restoring", style.WARNING),
    (_UP, "up", style.GAIN),
)
_EVALUATED: Final = ((0.0, "not evaluated", style.CRITICAL), (1.0, "evaluated", style.GAIN))


def tiles(interval: float) -> list[stat.Panel]:
    """The top row; `interval` is the scrape interval in seconds."""
    return [
        _programs_now().span(8),
        _rules().span(4),
        _firing().span(4),
        _scrape(interval).span(4),
        _memory().span(4),
    ]


def programs() -> statetimeline.Panel:
    """When each program was up."""
    caption = Caption(
        "Programs over time",
        "Whether Prometheus could scrape each program. Restoring: the monitor answers, but does not export the strategies "
        "yet. Not scraped: Prometheus has no such target, for example when rotation is off.",
        "Prometheus has no targets.",
    )
    panel = timeline(caption, _STATES)
    for ref, (program, expr) in zip("ABCD", _state_of_each().items(), strict=True):
        panel.with_target(lines(expr, program, ref))
    return panel


def alert_table() -> table.Panel:
    """Alerts on Genesis itself."""
    panel = alerts.alert_table(OWN_ALERTS)
    return panel.title("Alerts on Genesis").description(
        "Pending and firing alerts which say that figures may be missing, late or wrong, or that alerts may not arrive; and "
        "for how long their condition has been true. Alerts on P&L, risk and execution are on the other boards."
    )


def _programs_now() -> stat.Panel:
    caption = Caption(
        "Programs",
        "Whether Prometheus could scrape each program the last time. Restoring: the monitor answers, but does not export the "
        "strategies yet. Not scraped: Prometheus has no such target, for example when rotation is off.",
        "Prometheus has no targets.",
    )
    return words(caption, _state_of_each(), _STATES)


def _state_of_each() -> dict[str, str]:
    """Program → PromQL of its state, one of `_STATES`; it always has a value, so that a missing target is visible."""
    ups = {program: f"max({of_program(UP, program)})" for program in JOBS}
    shown = {program: f"1 + 2 * {up} or vector({_UNKNOWN:g})" for program, up in ups.items()}
    accounts = f"count({series(catalog.COLLECTOR_SUCCESS, _ACCOUNTS)})"
    return shown | {"Monitor": f"1 + {ups['Monitor']} + ({accounts} > bool 0 or vector(0)) or vector({_UNKNOWN:g})"}


def _rules() -> stat.Panel:
    caption = Caption(
        "Alert rules",
        "Whether the Watchdog fires, as it always does while Prometheus evaluates the alert rules. The section Rules and "
        "notifications shows whether notifications are delivered.",
        "Prometheus does not answer.",
    )
    return words(caption, {"Alert rules": queries.watchdog()}, _EVALUATED)


def _firing() -> stat.Panel:
    caption = Caption(
        "Firing",
        "Alerts on Genesis itself that fire now: those of the table below, without the pending ones.",
        "No rules.",
    )
    return big_number(caption, now(queries.firing_alerts(OWN_ALERTS), "Firing"), style.COUNT, 0).thresholds(style.above(1))


def _scrape(interval: float) -> stat.Panel:
    caption = Caption(
        "Scrapes",
        "Mean duration of the monitor's scrapes in the last minute, as a share of the scrape interval. At 100 % scrapes time "
        "out and their figures are lost. The chart Scrape duration shows the thresholds of ScrapeSlow.",
        "Monitor does not answer.",
    )
    share = f"max(avg_over_time({of_program(SCRAPE_DURATION_SECONDS, 'Monitor')}[1m])) / {interval:g}"
    answered = f"max({of_program(UP, 'Monitor')}) == 1"  # a refused connection would look like a quick scrape
    share = queries.where_known(share, answered)
    return big_number(caption, now(share, "Scrape time"), style.RATIO, 1)


def _memory() -> stat.Panel:
    caption = Caption(
        "Memory",
        "Resident memory of the monitor's process. In the demo, engine and rotation run in the same process.",
        "Not exported.",
    )
    memory = f"max({of_program(PROCESS_MEMORY_BYTES, 'Monitor')})"
    return big_number(caption, now(memory, "Memory"), style.BYTES, 1)
