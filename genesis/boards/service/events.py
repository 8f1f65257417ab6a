"""What comes in: how much, how late, what was refused, and what never came."""

from __future__ import annotations

from typing import Any, Final, get_args

from grafana_foundation_sdk.builders import table, timeseries

from genesis.boards import queries, style, thresholds
from genesis.boards.panels import Caption
from genesis.boards.queries import series
from genesis.boards.service.parts import HEIGHT, RARE, SPAN, WINDOW, low, times
from genesis.boards.tables import Column, grid, joined, sorted_by
from genesis.boards.targets import lines
from genesis.core.models import AnyEvent
from genesis.metrics import catalog
from genesis.metrics.metric import Metric

# Those that come all day; the palette has no colours for the rare ones behind them.
_KINDS: Final = tuple(str(kind.__struct_config__.tag) for kind in get_args(AnyEvent))[: len(style.LINES)]
_POINTS: Final = 180
"""Of a chart of quantiles: each point reads half a minute of every bucket of every kind."""
_TAKEN: Final = 'outcome="accepted"'
_NOT_TAKEN: Final = 'outcome!="accepted"'
_FAILED: Final = 'code!~"2.."'


def taken_in() -> timeseries.Panel:
    """Accepted events."""
    caption = Caption(
        "Events taken in",
        "Accepted events a second, over the last half minute, by kind.",
        "No event came in the last half minute, or the monitor is not scraped.",
    )
    rate = f"sum by (kind) (rate({series(catalog.EVENTS, _TAKEN)}[{WINDOW}])) > 0"
    return _of_kinds(low(caption, style.PER_SECOND, 1), rate)


def lag() -> timeseries.Panel:
    """How old events are when they come."""
    caption = Caption(
        "Event lag",
        "Wall time at arrival less the event's own time: 9 of 10 events of the last half minute were at most so old when they "
        "came, by kind, on a scale of powers of ten. It holds the way from the market, and the difference between the two "
        "clocks.",
        "No event came in the last half minute, or the monitor is not scraped.",
    )
    return _of_kinds(times(caption).max_data_points(_POINTS), _quantile(0.9, catalog.EVENT_LAG_SECONDS))


def panels() -> list[Any]:
    """The section."""
    return [
        _refused().height(HEIGHT).span(SPAN),
        _late().height(HEIGHT).span(SPAN),
        _processing().height(HEIGHT).span(SPAN),
        _sources().height(6).span(12),
        _requests().height(6).span(6),
        _waiting().height(6).span(6),
    ]


def _quantile(share: float, metric: Metric) -> str:
    """By kind; the comparison takes away the kinds of which no event came: their quantile is NaN."""
    return f"histogram_quantile({share:g}, sum by (le, kind) (rate({series(metric, part='_bucket')}[{WINDOW}]))) > 0"


def _refused() -> timeseries.Panel:
    caption = Caption(
        "Events not booked",
        "Events of the last five minutes that changed nothing, by kind and outcome. Duplicate: it was taken in before. "
        "Conflict: another one has its identity. Rejected: it holds what cannot be booked. Late: a market event older than the "
        "mark. Dashed: where EventsRejected starts, for each kind.",
        "Every event of the last five minutes was booked, or the monitor is not scraped.",
    )
    refused = f"sum by (kind, outcome) (increase({series(catalog.EVENTS, _NOT_TAKEN)}[{RARE}])) > 0"
    panel = low(caption, style.COUNT, 0).with_target(lines(refused, "{{kind}} {{outcome}}"))
    return thresholds.of_account(panel, "EventsRejected", "BC")


def _late() -> timeseries.Panel:
    caption = Caption(
        "Events booked late",
        "Fills, fundings, capital flows and other events of the account that were booked in the last five minutes, though far "
        "behind the latest event time, by kind. Until then, positions and P&L were told without them. Dashed: where EventsLate "
        "starts, for each kind.",
        "No event of the last five minutes was late, or the monitor is not scraped.",
    )
    late = f"sum by (kind) (increase({series(catalog.EVENTS_LATE)}[{RARE}])) > 0"
    panel = low(caption, style.COUNT, 0).with_target(lines(late, "{{kind}}"))
    return thresholds.of_account(panel, "EventsLate", "BC")


def _processing() -> timeseries.Panel:
    caption = Caption(
        "Processing time",
        "Wall time from an event's arrival to its books: 99 of 100 events of the last half minute took at most so long, by "
        "kind, on a scale of powers of ten. Events of the account wait for the journal; market events do not.",
        "No event came in the last half minute, or the monitor is not scraped.",
    )
    return _of_kinds(times(caption).max_data_points(_POINTS), _quantile(0.99, catalog.EVENT_PROCESSING_SECONDS))


def _sources() -> table.Panel:
    caption = Caption(
        "Sources",
        "One row a source of events. Missing: numbers below its highest whose events never came. Clock: its event time less "
        "arrival; above 0 it is ahead, below 0 it is behind or far away. The rest counts numbered events since the monitor's "
        "start: those that left a gap, filled one, or came again. A source that does not number its events has a clock alone.",
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
        "Requests turned away",
        "Requests to the monitor's API of the last five minutes, by status code, that were not answered with success. 401 and "
        "403: the token is missing or wrong. 413: too large. 429: too many at once. 503: not ready, or the journal is not. "
        "Dashed: where RequestsRefused starts, for each of these codes.",
        "Every request of the last five minutes was answered, or the monitor is not scraped.",
    )
    refused = f"sum by (code) (increase({series(catalog.API_REQUESTS, _FAILED)}[{RARE}])) > 0"
    panel = low(caption, style.COUNT, 0).with_target(lines(refused, "{{code}}"))
    return thresholds.of_account(panel, "RequestsRefused", "BC")


def _waiting() -> timeseries.Panel:
    caption = Caption(
        "Events that wait",
        "Events that came over HTTP and are not booked yet, and events that wait for their commit to the journal. Both go back "
        "to 0 where the monitor keeps up; past the bound of monitor.yaml, requests are answered with 429.",
        "The monitor is not scraped.",
    )
    panel = low(caption, style.COUNT, 0).with_target(lines(queries.account(catalog.INGEST_PENDING_EVENTS), "to be booked"))
    panel.with_target(lines(queries.account(catalog.JOURNAL_PENDING_EVENTS), "to be committed", "B"))
    return style.own_colours(panel, ("to be booked", "to be committed"))


def _of_kinds(panel: timeseries.Panel, expr: str) -> timeseries.Panel:
    return style.own_colours(panel.with_target(lines(expr, "{{kind}}")), _KINDS)
