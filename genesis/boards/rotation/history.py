"""The history of alerts and of notifications."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import statetimeline, timeseries

from genesis.boards import foreign, queries, style
from genesis.boards.panels import Caption, chart, legend_below, stacked, timeline
from genesis.boards.queries import PICKED_OR_NONE, series
from genesis.boards.rotation.strategies import POINTS
from genesis.boards.targets import lines
from genesis.metrics import catalog

_ROWS: Final = 12
_MOST: Final = 4 * _ROWS
"""The largest number of alerts in a timeline, on all its pages together."""
_CHOSEN: Final = f'alertname!="Watchdog",{PICKED_OR_NONE}'
_KEY: Final = "alertname, strategy, symbol"
_LEVELS: Final = (
    (0.0, "nothing", style.QUIET),
    (1.0, "pending", style.QUIET),
    (2.0, "info", style.GAIN),
    (3.0, "warning", style.WARNING),
    (4.0, "critical", style.CRITICAL),
)
_COLOURS: Final = {"info": style.GAIN, "warning": style.WARNING, "critical": style.CRITICAL}


def timeline_of_alerts() -> statetimeline.Panel:
    """Each alert as a band: when it was pending, and when it fired, by severity."""
    caption = Caption(
        "History of alerts",
        "When each alert of the account, of Genesis itself and of the selected strategies was pending, and when it fired, by "
        "severity. If there are more than 48, those that were raised longest. Twelve on each page.",
        "Not raised.",  # a timeline shows this text in the gaps of its bands
    )
    shown = f"({raised_levels()} and on ({_KEY}) {_longest()}) or ({_placeholder()} unless on () {_longest()})"
    return (
        timeline(caption, _LEVELS)
        .per_page(_ROWS)
        .max_data_points(POINTS)
        .with_target(lines(shown, "{{alertname}} {{strategy}} {{symbol}}"))
    )


def raised_levels() -> str:
    """The level of each raised alert: 1 is pending, then the severities; the highest where an alert has several."""
    firing = [
        f'{code:g} * ALERTS{{alertstate="firing",severity="{name}",{_CHOSEN}}}' for code, name, _ in reversed(_LEVELS[2:])
    ]
    return f'max by ({_KEY}) ({" or ".join(firing)} or ALERTS{{alertstate="pending",{_CHOSEN}}})'


def by_severity() -> timeseries.Panel:
    """How many alerts fire, by severity."""
    caption = Caption(
        "Firing alerts by severity",
        "How many alerts of the account, of Genesis itself and of the selected strategies fire, stacked by severity. A gap: "
        "Prometheus did not evaluate the alert rules.",
        "Prometheus does not evaluate the alert rules.",
    )
    panel = (
        legend_below(stacked(chart(caption, style.COUNT, 0))).min(0).with_target(lines(firing_by_severity(), "{{severity}}"))
    )
    for name, colour in _COLOURS.items():
        panel.override_by_name(name, [style.fixed(colour)])
    return panel


def firing_by_severity() -> str:
    """How many alerts fire, by severity, including 0; no value while the rules are not evaluated."""
    counted = f'count by (severity) (ALERTS{{alertstate="firing",{_CHOSEN}}})'
    none = f"0 * max by (severity) ({series(catalog.ALERT_THRESHOLD)})"
    return f"({counted} or {none}) and on () (({queries.watchdog()}) == 1)"


def notifications() -> timeseries.Panel:
    """Notifications by integration, and failed ones."""
    caption = Caption(
        "Notifications",
        "Notifications that Alertmanager tried to deliver in the last five minutes, and those that failed, by integration. It "
        "tries a failed one again for minutes. One notification may hold several alerts.",
        "There was no notification in this time, or Alertmanager is not scraped.",
    )
    sent, failed = (
        f"sum by (integration) (increase({series(metric)}[5m])) > 0"
        for metric in (foreign.NOTIFICATIONS, foreign.NOTIFICATIONS_FAILED)
    )
    panel = legend_below(chart(caption, style.COUNT, 0)).min(0)
    style.own_colours(panel, ("webhook", "slack", "pagerduty", "email"))
    panel.with_target(lines(sent, "{{integration}}")).with_target(lines(failed, "{{integration}} failed", "B"))
    return panel.override_by_query("B", style.dashed(style.CRITICAL))


def _placeholder() -> str:
    """A band that says why there are no alerts: without any series, a timeline shows Grafana's own text."""
    evaluated = queries.watchdog()
    quiet = f'label_replace(0 * (({evaluated}) == 1), "alertname", "No alert was raised", "", "")'
    broken = f'label_replace(({evaluated}) == 0, "alertname", "Rules are not evaluated", "", "")'
    return f"({quiet} or {broken})"


def _longest() -> str:
    raised = f"sum by ({_KEY}) (count_over_time(ALERTS{{{_CHOSEN}}}[$__range:15s] @ end()))"
    return f"topk({_MOST}, {raised})"
