"""Incoming events: how many, how late, which were refused, and which are missing."""

from __future__ import annotations

from typing import Any, Final, get_args

from grafana_foundation_sdk.builders import table, timeseries

from genesis.boards import queries, style, thresholds
from genesis.boards.panels import Caption
from genesis.boards.queries import series
from genesis.boards.service.small_panels import EVENT_WINDOW, HEIGHT, RARE_WINDOW, SPAN, chart_from_zero, durations
from genesis.boards.tables import Column, grid, joined, sorted_by
from genesis.boards.targets import lines
from genesis.core.models import AnyEvent
from genesis.metrics import catalog
from genesis.metrics.metric import Metric

# The frequent kinds; the palette has no colours for the rare ones after them.
_KINDS: Final = tuple(str(kind.__struct_config__.tag) for kind in get_args(AnyEvent))[: len(style.LINES)]
_POINTS: Final = 180
"""Points of a chart of quantiles: each point reads half a minute of every bucket of every kind."""
_ACCEPTED: Final = 'outcome="accepted"'
_NOT_ACCEPTED: Final = 'outcome!="accepted"'
_FAILED: Final = 'code!~"2.."'


def taken_in() -> timeseries.Panel:
    """The rate of accepted events."""
    caption = Caption(
        "Accepted events",
        "Accepted events per second, over the last half minute, by kind.",
        "No event arrived in the last half minute, or the monitor is not scraped.",
    )
    rate = f"sum by (kind) (rate({series(catalog.EVENTS, _ACCEPTED)}[{EVENT_WINDOW}])) > 0"
    return _of_kinds(chart_from_zero(caption, style.PER_SECOND, 1), rate)


def lag() -> timeseries.Panel:
    """How old events are when they arrive."""
    caption = Caption(
        "Event lag",
        "Wall time at arrival minus event time: 90 % of the events in the last half minute were at most this old, by kind. "
        "Logarithmic scale. Includes the transport from the market and the difference between the two clocks.",
        "No event arrived in the last half minute, or the monitor is not scraped.",
    )
    return _of_kinds(durations(caption).max_data_points(_POINTS), _quantile(0.9, catalog.EVENT_LAG_SECONDS))


def panels() -> list[Any]:
    """The panels of the section."""
    return [
        _refused().height(HEIGHT).span(SPAN),
        _late().height(HEIGHT).span(SPAN),
        _processing().height(HEIGHT).span(SPAN),
        _sources().height(6).span(12),
        _requests().height(6).span(6),
        _waiting().height(6).span(6),
    ]


def _quantile(share: float, metric: Metric) -> str:
    """The quantile by kind; `> 0` removes kinds without events, whose quantile is NaN."""
    return f"histogram_quantile({share:g}, sum by (le, kind) (rate({series(metric, part='_bucket')}[{EVENT_WINDOW}]))) > 0"


def _refused() -> timeseries.Panel:
    caption = Caption(
        "Events not booked",
        "Events in the last five minutes that changed nothing, by kind and outcome. Duplicate: the event was accepted before. "
        "Conflict: another event has the same identity. Rejected: its content cannot be booked. Late: a market event older "
        "than the mark. Dashed: where EventsRejected starts, for each kind.",
        "Every event of the last five minutes was booked, or the monitor is not scraped.",
    )
    refused = f"sum by (kind, outcome) (increase({series(catalog.EVENTS, _NOT_ACCEPTED)}[{RARE_WINDOW}])) > 0"
    panel = chart_from_zero(caption, style.COUNT, 0).with_target(lines(refused, "{{kind}} {{outcome}}"))
    return thresholds.of_account(panel, "EventsRejected", "BC")


def _late() -> timeseries.Panel:
    caption = Caption(
        "Events booked late",
        "Fills, fundings, capital flows and other account events in the last five minutes that were booked far behind the "
        "latest event time, by kind. Until they were booked, positions and P&L did not include them. Dashed: where EventsLate "
        "starts, for each kind.",
        "No event of the last five minutes was late, or the monitor is not scraped.",
    )
    late = f"sum by (kind) (increase({series(catalog.EVENTS_LATE)}[{RARE_WINDOW}])) > 0"
    panel = chart_from_zero(caption, style.COUNT, 0).with_target(lines(late, "{{kind}}"))
    return thresholds.of_account(panel, "EventsLate", "BC")


def _processing() -> timeseries.Panel:
    caption = Caption(
        "Processing time",
        "Wall time from an event's arrival until it is booked: 99 % of the events in the last half minute took at most this "
        "long, by kind. Logarithmic scale. Account events wait for the journal; market events do not.",
        "No event arrived in the last half minute, or the monitor is not scraped.",
    )
    return _of_kinds(durations(caption).max_data_points(_POINTS), _quantile(0.99, catalog.EVENT_PROCESSING_SECONDS))


def _sources() -> table.Panel:
    caption = Caption(
        "Sources",
        "One row for each source of events. Missing: sequence numbers below its highest that have not arrived. Clock: event "
        "time minus arrival; above 0 its clock is ahead, below 0 it is behind or the transport is slow. Gaps, Fillers, "
        "Repeats: numbered events since the monitor's start that left a gap, filled one, or came again. A source that does "
        "not number its events has only a clock.",
        "No source has sent anything in the last minutes.",
    )

    def ordered(order: str) -> str:
        matcher = f'order="{order}"'
        return f"sum by (source) ({series(catalog.SOURCE_NUMBERED_EVENTS, matcher)})"

    missing = [style.width(92), style.coloured_text(), *style.coloured_steps({None: "text", 1: style.CRITICAL})]
    columns = [
        Column("Missing", f"max by (source) ({series(catalog.SOURCE_MISSING_EVENTS)})", style.COUNT, 0, properties=missing),
        Column(
            "Clock",
            f"max by (source) ({series(catalog.SOURCE_CLOCK_OFFSET_SECONDS)})",
            style.SECONDS,
            2,
            properties=[style.width(92)],
        ),
        Column("Gaps", ordered("ahead"), style.COUNT, 0),
        Column("Fillers", ordered("filler"), style.COUNT, 0),
        Column("Repeats", ordered("repeated"), style.COUNT, 0),
    ]
    return sorted_by(joined(grid(caption), {"source": "Source"}, columns), "Missing", descending=True)


def _requests() -> timeseries.Panel:
    caption = Caption(
        "Refused requests",
        "Requests to the monitor's API in the last five minutes that did not succeed, by status code. 401 and 403: the token "
        "is missing or wrong. 413: too large. 429: too many at once. 503: the monitor or its journal is not ready. Dashed: "
        "where RequestsRefused starts, for each of these codes.",
        "Every request in the last five minutes succeeded, or the monitor is not scraped.",
    )
    refused = f"sum by (code) (increase({series(catalog.API_REQUESTS, _FAILED)}[{RARE_WINDOW}])) > 0"
    panel = chart_from_zero(caption, style.COUNT, 0).with_target(lines(refused, "{{code}}"))
    return thresholds.of_account(panel, "RequestsRefused", "BC")


def _waiting() -> timeseries.Panel:
    caption = Caption(
        "Waiting events",
        "Events that arrived over HTTP and are not booked yet, and events that wait for their commit to the journal. Both "
        "return to 0 while the monitor keeps up; above the bound of monitor.yaml, it answers requests with 429.",
        "The monitor is not scraped.",
    )
    panel = chart_from_zero(caption, style.COUNT, 0).with_target(
        lines(queries.account(catalog.INGEST_PENDING_EVENTS), "to be booked")
    )
    panel.with_target(lines(queries.account(catalog.JOURNAL_PENDING_EVENTS), "to be committed", "B"))
    return style.own_colours(panel, ("to be booked", "to be committed"))


def _of_kinds(panel: timeseries.Panel, expr: str) -> timeseries.Panel:
    return style.own_colours(panel.with_target(lines(expr, "{{kind}}")), _KINDS)
