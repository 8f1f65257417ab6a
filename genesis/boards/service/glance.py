"""What the operator sees first: which programs are up, whether alerts can fire, and which fire on Genesis itself."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import stat, statetimeline, table

from genesis.alerts.catalog import ALERTS
from genesis.alerts.messages import Board
from genesis.boards import alerts, queries, style
from genesis.boards.foreign import JOBS, PROCESS_MEMORY_BYTES, SCRAPE_DURATION_SECONDS, UP
from genesis.boards.panels import Caption, big_number, timeline, words
from genesis.boards.queries import series
from genesis.boards.service.parts import of_program
from genesis.boards.targets import lines, now
from genesis.metrics import catalog

_OWN: Final = "|".join(name for name, alert in ALERTS.items() if alert.board is Board.SERVICE and name != "Watchdog")
OWN_ALERTS: Final = f'alertname=~"{_OWN}",{queries.PICKED_OR_NONE}'
"""The matchers of the alerts whose notifications lead to this board."""

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
    """The top line; `interval` is that of the scrapes, in seconds."""
    return [
        _programs_now().span(8),
        _rules().span(4),
        _firing().span(4),
        _scrape(interval).span(4),
        _memory().span(4),
    ]


def programs() -> statetimeline.Panel:
    """Which program was up when."""
    caption = Caption(
        "Programs over time",
        "Whether Prometheus could read each program. Restoring: the monitor answers, and tells nothing of the strategies yet. "
        "Not scraped: Prometheus has no such target; without rotation there is none for it.",
        "Prometheus has no targets.",
    )
    panel = timeline(caption, _STATES)
    for ref, (program, expr) in zip("ABCD", _state_of_each().items(), strict=True):
        panel.with_target(lines(expr, program, ref))
    return panel


def alert_table() -> table.Panel:
    """The alerts on Genesis itself."""
    panel = alerts.alert_table(OWN_ALERTS)
    return panel.title("Alerts on Genesis").description(
        "Alerts that are pending or firing and say that figures may be missing, late or wrong, or that alerts may not arrive; "
        "and for how long their condition holds. Alerts on P&L, risk and execution are on the other boards."
    )


def _programs_now() -> stat.Panel:
    caption = Caption(
        "Programs",
        "Whether Prometheus could read each program at its last scrape. Restoring: the monitor answers, and tells nothing of "
        "the strategies yet. Not scraped: Prometheus has no such target; without rotation there is none for it.",
        "Prometheus has no targets.",
    )
    return words(caption, _state_of_each(), _STATES)


def _state_of_each() -> dict[str, str]:
    """Program → its state as one of `_STATES`; never nothing, so that a target that is gone is seen."""
    ups = {program: f"max({of_program(UP, program)})" for program in JOBS}
    shown = {program: f"1 + 2 * {up} or vector({_UNKNOWN:g})" for program, up in ups.items()}
    accounts = f"count({series(catalog.COLLECTOR_SUCCESS, _ACCOUNTS)})"
    return shown | {"Monitor": f"1 + {ups['Monitor']} + ({accounts} > bool 0 or vector(0)) or vector({_UNKNOWN:g})"}


def _rules() -> stat.Panel:
    caption = Caption(
        "Alert rules",
        "Whether the Watchdog fires, as it always does while Prometheus evaluates the alert rules. Whether notifications "
        "arrive is seen further down.",
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
        "How long reading the monitor took in the last minute on average, as a share of the time between two scrapes. At 100 % "
        "scrapes are given up, and their figures are lost. The chart below has the thresholds of ScrapeSlow.",
        "It does not answer.",
    )
    share = f"max(avg_over_time({of_program(SCRAPE_DURATION_SECONDS, 'Monitor')}[1m])) / {interval:g}"
    answered = f"max({of_program(UP, 'Monitor')}) == 1"  # a refused connection is quick
    share = queries.beside(share, answered)
    return big_number(caption, now(share, "Scrape time"), style.RATIO, 1)


def _memory() -> stat.Panel:
    caption = Caption(
        "Memory",
        "Memory that the monitor's process has in RAM. In the demo, engine and rotation are in the same process.",
        "Not told.",
    )
    memory = f"max({of_program(PROCESS_MEMORY_BYTES, 'Monitor')})"
    return big_number(caption, now(memory, "Memory"), style.BYTES, 1)
