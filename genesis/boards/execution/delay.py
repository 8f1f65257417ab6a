"""Fill delay: event time from a signal to its fill."""

from __future__ import annotations

from grafana_foundation_sdk.builders import heatmap, table, timeseries

from genesis.alerts.catalog.execution import FILL_DELAY_HIGH, FillDelayAlert
from genesis.alerts.figure import percent
from genesis.boards import queries, style, thresholds
from genesis.boards.execution import fills
from genesis.boards.execution.fills import COLUMNS, PER_COLUMN, sampled
from genesis.boards.frame import BoardSettings
from genesis.boards.panels import Caption, chart, heat, log_scale
from genesis.boards.tables import Column, per_strategy, sorted_by
from genesis.boards.targets import buckets, lines
from genesis.core.duration import duration_text
from genesis.metrics import catalog

NO_FILLS = "No selected strategy had a fill with a signal in this time, or the monitor was not scraped."


def over_time(settings: BoardSettings) -> timeseries.Panel:
    """The slow fills of each strategy against the thresholds of FillDelayHigh."""
    config = settings.alerts.of(FILL_DELAY_HIGH)
    caption = Caption(
        f"Fill delay, {_name(config)}",
        f"Event time from a signal to its fill, in seconds: {percent(config.quantile)} of the fills in the last "
        f"{duration_text(config.window)} took at most this long. Logarithmic scale. Interpolated within the buckets of the "
        "histogram; a value at the bound of the last bucket may be longer in fact. If there are more strategies than lines "
        "on the board, the slowest at the end of the time range. Dashed: where FillDelayHigh of that severity starts; a line "
        "with a strategy's name replaces the default for that strategy.",
        NO_FILLS,
    )
    shown = fills.most(f"({_recent(config)})", _recent(config, queries.AT_END))
    panel = log_scale(chart(caption, style.SECONDS)).max_data_points(COLUMNS)
    style.own_colours(panel.with_target(lines(shown, "{{strategy}}")), settings.strategies)
    return thresholds.of_strategies(panel, "FillDelayHigh", "YZ")


def distribution() -> heatmap.Panel:
    """The number of fills of the selected strategies by delay, over time."""
    caption = Caption(
        "Fill delay",
        "How many fills of the selected strategies had each delay after their signals, in event time, over time. A row is "
        "labelled with its upper bound and starts at the bound of the row below. Prometheus estimates the counts, so that "
        "they are not whole numbers.",
        NO_FILLS,
    )
    expr = fills.delay_buckets(PER_COLUMN)
    return heat(caption, style.SECONDS).max_data_points(COLUMNS).with_target(buckets(expr))


def by_strategy(settings: BoardSettings) -> table.Panel:
    """One row for each strategy."""
    config = settings.alerts.of(FILL_DELAY_HIGH)
    slow, window = _name(config), duration_text(config.window)
    caption = Caption(
        "Fill delay by strategy",
        f"Event time from a signal to its fill, in seconds: the median of all fills since start, and {slow}, which "
        f"{percent(config.quantile)} of them did not exceed. {slow} recent: the same for the last {window}. Level: which "
        f"threshold of FillDelayHigh {slow} recent has reached; the alert also waits for enough fills.",
        "No selected strategy had a fill with a signal, or the monitor was not scraped.",
    )
    recent = _recent(config)
    known = f"max by (strategy) ({queries.series(catalog.STRATEGY_CAPITAL, queries.PICKED)})"
    level = queries.level(recent, "FillDelayHigh", known)
    columns = [
        Column("Median", fills.delay_quantile(0.5, "strategy"), style.SECONDS, 2),
        Column(slow, fills.delay_quantile(float(config.quantile), "strategy"), style.SECONDS, 2),
        Column(f"{slow} recent", recent, style.SECONDS, 2),
        Column("Level", level, style.COUNT, 0, properties=style.levels()),
    ]
    return sorted_by(per_strategy(caption, columns), slow, descending=True)


def _recent(config: FillDelayAlert, at: str = "") -> str:
    """The figure of FillDelayHigh, but of any number of fills."""
    return fills.delay_quantile(float(config.quantile), "strategy", sampled(config.window), at)


def _name(config: FillDelayAlert) -> str:
    """The quantile as a name: 0.95 → `p95`."""
    return f"p{float(config.quantile) * 100:g}"
