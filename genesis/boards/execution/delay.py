"""How long fills take: event time from a signal to its fill."""

from __future__ import annotations

from grafana_foundation_sdk.builders import heatmap, table, timeseries

from genesis.alerts.catalog.execution import FILL_DELAY_HIGH, FillDelayAlert
from genesis.alerts.figure import percent
from genesis.boards import queries, style, thresholds
from genesis.boards.execution import fills
from genesis.boards.execution.fills import COLUMNS, PER_COLUMN, sampled
from genesis.boards.frame import BoardSettings
from genesis.boards.panels import Caption, chart, heat, powers
from genesis.boards.tables import Column, per_strategy, sorted_by
from genesis.boards.targets import buckets, lines
from genesis.core.duration import duration_text
from genesis.metrics import catalog

NO_FILLS = "No picked strategy had a fill with a signal in this time, or the monitor was not scraped."


def over_time(settings: BoardSettings) -> timeseries.Panel:
    """Each strategy's slow fills against the thresholds of the alert on them."""
    config = settings.alerts.of(FILL_DELAY_HIGH)
    caption = Caption(
        f"Fill delay, {_name(config)}",
        f"Seconds from a signal to its fill, in event time, which {percent(config.quantile)} of the fills of the last "
        f"{duration_text(config.window)} kept below, on a scale of powers of ten. Interpolated within the buckets of the "
        "histogram; one on the edge of the last bucket may be longer. Of more strategies than the board's number of lines, "
        "the slowest at its end. Dashed: where FillDelayHigh of that severity starts; a line with a strategy's name holds "
        "for that strategy instead of the default.",
        NO_FILLS,
    )
    shown = fills.most(f"({_recent(config)})", _recent(config, queries.AT_END))
    panel = powers(chart(caption, style.SECONDS)).max_data_points(COLUMNS)
    style.own_colours(panel.with_target(lines(shown, "{{strategy}}")), settings.strategies)
    return thresholds.of_strategies(panel, "FillDelayHigh", "YZ")


def distribution() -> heatmap.Panel:
    """All fills of the picked strategies by delay, over time."""
    caption = Caption(
        "Fill delay",
        "How many fills of the picked strategies came how long after their signals, in event time, and when. A row reaches "
        "from the number below its own up to its own. Counts are Prometheus's estimates, and no whole numbers.",
        NO_FILLS,
    )
    told = fills.delay_buckets(PER_COLUMN)
    return heat(caption, style.SECONDS).max_data_points(COLUMNS).with_target(buckets(told))


def by_strategy(settings: BoardSettings) -> table.Panel:
    """One row a strategy."""
    config = settings.alerts.of(FILL_DELAY_HIGH)
    slow, window = _name(config), duration_text(config.window)
    caption = Caption(
        "Fill delay by strategy",
        "Seconds from a signal to its fill, in event time: which half of the fills since start, and "
        f"{percent(config.quantile)} of them, kept below. {slow} recent: of the last {window}. Level: which threshold of "
        "FillDelayHigh that has reached; the alert also waits for fills enough.",
        "No picked strategy had a fill with a signal, or the monitor was not scraped.",
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
    """What FillDelayHigh looks at, of any number of fills."""
    return fills.delay_quantile(float(config.quantile), "strategy", sampled(config.window), at)


def _name(config: FillDelayAlert) -> str:
    """0.95 → `p95`."""
    return f"p{float(config.quantile) * 100:g}"
