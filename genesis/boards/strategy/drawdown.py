"""The strategy's drawdowns now and in the past, and how long it took to recover."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import stat, table, timeseries

from genesis.boards import queries, style, thresholds
from genesis.boards.panels import NO_MARK, UNDEFINED, Caption, big_number, chart, legend_below
from genesis.boards.tables import Column, grid, joined, sorted_by
from genesis.boards.targets import lines, now
from genesis.metrics import catalog

_NONE_RECOVERED = "No drawdown has recovered yet, or no scrape."


def depth() -> timeseries.Panel:
    """The drawdown over time, with the strategy's own thresholds."""
    caption = Caption(
        "Drawdown and its thresholds",
        "How far the marked equity is below its peak, drawn downwards from zero. Dashed: where StrategyDrawdown fires for "
        "this strategy. Vertical lines: an alert fired, or rotation paused, reduced or resumed the strategy.",
        UNDEFINED,
    )
    panel = (
        legend_below(chart(caption, style.RATIO, 2))
        .fill_opacity(25)
        .axis_soft_max(0)
        .with_target(lines(f"-{queries.own(catalog.STRATEGY_DRAWDOWN_RATIO)}", "drawdown"))
        .override_by_name("drawdown", [style.fixed(style.LINES[0])])
    )
    return thresholds.of_this(panel, "StrategyDrawdown", "BC", scale="-")


def panels(currency: str) -> list[Any]:
    """The panels of the section."""
    return [
        *[panel.height(3).span(6) for panel in _records(currency)],
        _episodes().height(8).span(12),
        _under_water().height(8).span(12),
    ]


def _records(currency: str) -> list[stat.Panel]:
    deepest = Caption("Deepest", "The deepest drawdown of the marked equity since start, at any tick.", NO_MARK)
    money = Caption("In money", "How far the marked equity is below its peak now.", NO_MARK)
    last = Caption(
        "Last recovery", "Event time from the trough to the new peak, for the last drawdown that recovered.", _NONE_RECOVERED
    )
    longest = Caption("Longest recovery", "The longest event time from a trough to the new peak.", _NONE_RECOVERED)
    return [
        big_number(deepest, now(queries.own(catalog.STRATEGY_MAX_DRAWDOWN_RATIO), deepest.title), style.RATIO, 2),
        big_number(money, now(queries.own(catalog.STRATEGY_DRAWDOWN), money.title), style.money(currency), 2),
        big_number(last, now(queries.own(catalog.STRATEGY_LAST_RECOVERY_SECONDS), last.title), style.CLOCK),
        big_number(longest, now(queries.own(catalog.STRATEGY_LONGEST_RECOVERY_SECONDS), longest.title), style.CLOCK),
    ]


def _episodes() -> table.Panel:
    caption = Caption(
        "Drawdown episodes",
        "The five deepest drawdowns that have recovered (rank 1 is the deepest) and the current one (open): depth as a share "
        "of the peak, time of the peak, and time from the trough back to the peak. The open one has not recovered yet.",
        "The equity never fell below a peak, or is not known yet.",
    )
    start = queries.own(catalog.STRATEGY_DRAWDOWN_EPISODE_START_TIMESTAMP_SECONDS, by="rank")
    recovery = queries.own(catalog.STRATEGY_DRAWDOWN_EPISODE_RECOVERY_SECONDS, by="rank")
    columns = [
        Column("Depth", queries.own(catalog.STRATEGY_DRAWDOWN_EPISODE_RATIO, by="rank"), style.RATIO, 2),
        Column("Peak at", f"1e3 * {start}", style.MOMENT, properties=[style.width(170)]),
        Column("Recovery", recovery, style.CLOCK),
    ]
    panel = joined(grid(caption), {"rank": "Rank"}, columns).override_by_name("Rank", [style.width(72)])
    return sorted_by(panel, "Rank")


def _under_water() -> timeseries.Panel:
    caption = Caption(
        "Time under water",
        "Event time since the last peak of the marked equity; it falls to 0 at each new peak. Dashed: the longest recovery.",
        UNDEFINED,
    )
    return (
        legend_below(chart(caption, style.SECONDS, 0))
        .fill_opacity(15)
        .min(0)
        .with_target(lines(queries.own(catalog.STRATEGY_UNDER_WATER_SECONDS), "under water"))
        .with_target(lines(queries.own(catalog.STRATEGY_LONGEST_RECOVERY_SECONDS), "longest recovery", "B"))
        .override_by_name("under water", [style.fixed(style.LINES[0])])
        .override_by_name("longest recovery", style.dashed(style.QUIET))
    )
