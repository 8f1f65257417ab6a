"""Slippage of the fills against their decision prices: the distribution, by strategy and by symbol."""

from __future__ import annotations

from typing import Any, Final

from grafana_foundation_sdk.builders import heatmap, table, timeseries
from grafana_foundation_sdk.models import common as common_model
from grafana_foundation_sdk.models import dashboard as model

from genesis.alerts.catalog.execution import SLIPPAGE_ABOVE_EXPECTED, SLIPPAGE_HIGH
from genesis.boards import queries, style, thresholds
from genesis.boards.execution import fills
from genesis.boards.execution.fills import COLUMNS, PER_COLUMN, sampled
from genesis.boards.frame import BoardSettings
from genesis.boards.panels import Caption, chart, heat, legend_below, signed, threshold_line
from genesis.boards.tables import Column, grid, joined, per_strategy, sorted_by, strategy_column
from genesis.boards.targets import buckets, lines
from genesis.core.duration import duration_text
from genesis.metrics import catalog

MAKER: Final = 'liquidity="maker"'
NO_FILLS: Final = "No selected strategy had a fill with a decision price in this time, or the monitor was not scraped."
_QUANTILES: Final = ((0.5, "Median", style.LINES[0]), (0.9, "p90", style.LINES[1]), (0.99, "p99", style.LINES[3]))


def distribution() -> heatmap.Panel:
    """The number of fills of the selected strategies by slippage, over time."""
    caption = Caption(
        "Slippage of the fills",
        "How many fills of the selected strategies had each slippage against their signals' prices, in basis points, over "
        "time. Above 0 it cost money; below 0 the fill was better than the decision price. A row is labelled with its upper "
        "bound and starts at the bound of the row below. Prometheus estimates the counts, so that they are not whole numbers.",
        NO_FILLS,
    )
    expr = fills.in_basis_points(fills.slippage_buckets(window=PER_COLUMN))
    # If `le` is the first label, Grafana takes 0 for the lowest bound of a histogram.
    expr = f'label_replace({expr}, "direction", "both", "", "")'
    rows = heatmap.RowsHeatmapOptions().layout(common_model.HeatmapCellLayout.LE)
    return heat(caption, style.BASIS_POINTS).rows_frame(rows).max_data_points(COLUMNS).with_target(buckets(expr))


def quantiles(settings: BoardSettings) -> timeseries.Panel:
    """The same distribution as quantiles, against the expected slippage."""
    window = settings.alerts.of(SLIPPAGE_HIGH).window
    caption = Caption(
        "Slippage against expected",
        f"Quantiles of the slippage of all fills of the selected strategies in the last {duration_text(window)}, and their "
        "mean, in basis points; above 0 it cost money. Interpolated within the buckets of the histogram. Dashed: the mean "
        "that strategies.yaml expects, weighted by each strategy's fills.",
        NO_FILLS,
    )
    panel = legend_below(signed(chart(caption, style.BASIS_POINTS, 2))).axis_centered_zero(False).max_data_points(COLUMNS)
    for ref, (quantile, name, colour) in zip("ABC", _QUANTILES, strict=True):
        panel.with_target(lines(fills.slippage_quantile(quantile, window=sampled(window)), name, ref))
        panel.override_by_name(name, [style.fixed(colour)])
    panel.with_target(lines(fills.mean_slippage(window=sampled(window)), "Mean", "D"))
    panel.override_by_name("Mean", [style.fixed(style.LINES[2]), model.DynamicConfigValue("custom.lineWidth", 3)])
    return threshold_line(panel, "E", fills.expected_slippage(sampled(window)), "Expected", style.QUIET)


def by_strategy(settings: BoardSettings) -> table.Panel:
    """One row for each strategy."""
    window, compared = settings.alerts.of(SLIPPAGE_HIGH).window, settings.alerts.of(SLIPPAGE_ABOVE_EXPECTED).window
    caption = Caption(
        "Slippage by strategy",
        "Slippage in basis points; above 0 it cost money. Mean (weighted by value), quantiles and Better (share of the fills "
        f"at the signal's price or better) since start. Recent: mean per fill in the last {duration_text(window)}. Level: "
        "which threshold of SlippageHigh Recent has reached; the alert also waits for enough fills. Ratio: mean per fill in "
        f"the last {duration_text(compared)}, divided by what strategies.yaml expects.",
        "No strategy is known: none has an event yet, or the monitor was not scraped.",
    )
    recent = fills.mean_slippage("strategy", sampled(window))
    known = f"max by (strategy) ({queries.series(catalog.STRATEGY_CAPITAL, queries.PICKED)})"
    level = queries.level(f"1e-4 * ({recent})", "SlippageHigh", known)
    columns = [
        Column("Mean", _basis_points(catalog.STRATEGY_MEAN_SLIPPAGE_RATIO), style.BASIS_POINTS, 2, properties=_cost()),
        Column("Recent", recent, style.BASIS_POINTS, 2, properties=_cost()),
        Column(
            "Expected",
            _basis_points(catalog.STRATEGY_EXPECTED_SLIPPAGE_RATIO),
            style.BASIS_POINTS,
            1,
            properties=[style.width(88)],
        ),
        Column("Ratio", fills.over_expected(sampled(compared)), style.RATIO, 0),
        Column("Level", level, style.COUNT, 0, properties=style.levels()),
        *(
            Column(name, fills.slippage_quantile(quantile, "strategy"), style.BASIS_POINTS, 2)
            for quantile, name, _ in _QUANTILES
        ),
        Column("Better", fills.favourable_share("strategy"), style.RATIO, 0),
        Column("Fills", queries.total(catalog.STRATEGY_FILLS), style.COUNT, 0),
    ]
    panel = per_strategy(caption, columns)
    return sorted_by(panel, "Mean", descending=True)


def mean_over_time(settings: BoardSettings) -> timeseries.Panel:
    """Each strategy's mean against the thresholds of SlippageHigh."""
    window = settings.alerts.of(SLIPPAGE_HIGH).window
    caption = Caption(
        "Mean slippage by strategy",
        f"Mean slippage per fill in the last {duration_text(window)}, in basis points; above 0 it cost money. If there are "
        "more strategies than lines on the board, the highest at the end of the time range. Dashed: where SlippageHigh of "
        "that severity starts; a line with a strategy's name replaces the default for that strategy.",
        NO_FILLS,
    )
    mean, at_end = (fills.mean_slippage("strategy", sampled(window), at) for at in ("", queries.AT_END))
    panel = signed(chart(caption, style.BASIS_POINTS, 2)).axis_centered_zero(False).max_data_points(COLUMNS)
    panel.with_target(lines(fills.most(mean, at_end), "{{strategy}}"))
    style.own_colours(panel, settings.strategies)
    return thresholds.of_strategies(panel, "SlippageHigh", "YZ", scale="1e4 * ")


def expected_over_time(settings: BoardSettings) -> timeseries.Panel:
    """Each strategy's mean, divided by the expected slippage, against the thresholds of SlippageAboveExpected."""
    window = settings.alerts.of(SLIPPAGE_ABOVE_EXPECTED).window
    caption = Caption(
        "Slippage over expected",
        f"Mean slippage per fill in the last {duration_text(window)}, divided by what strategies.yaml expects; 100 % is as "
        "expected, below 0 the fills were better than the signals' prices. If there are more strategies than lines on the "
        "board, the highest at the end of the time range. Dashed: where SlippageAboveExpected of that severity starts.",
        "No selected strategy with an expected slippage in strategies.yaml had a fill in this time, or nothing was scraped.",
    )
    ratio, at_end = (fills.over_expected(sampled(window), at) for at in ("", queries.AT_END))
    panel = chart(caption, style.RATIO, 0).max_data_points(COLUMNS)
    panel.with_target(lines(fills.most(ratio, at_end), "{{strategy}}"))
    style.own_colours(panel, settings.strategies)
    return thresholds.of_strategies(
        panel, "SlippageAboveExpected", "YZ", where_known=queries.each(catalog.STRATEGY_EXPECTED_SLIPPAGE_RATIO)
    )


def by_symbol() -> table.Panel:
    """One row for each strategy and symbol."""
    caption = Caption(
        "Slippage by symbol",
        "Mean slippage since start, weighted by value, in basis points; above 0 it cost money. Traded: value of the fills in "
        "the symbol's quote currency. Maker: share of that value that provided liquidity.",
        "No selected strategy had a fill with a decision price, or the monitor was not scraped.",
    )
    key = "strategy, symbol"
    volume = f"sum by ({key}) ({queries.series(catalog.STRATEGY_VOLUME, queries.PICKED)})"
    # Strategies that only take liquidity have no maker series: their share is 0, not unknown.
    made = f"sum by ({key}) ({queries.series(catalog.STRATEGY_VOLUME, MAKER, queries.PICKED)})"
    slippage = queries.each(catalog.STRATEGY_SYMBOL_SLIPPAGE_RATIO, by="symbol")
    columns = [
        Column("Mean", f"1e4 * {slippage}", style.BASIS_POINTS, 2, properties=_cost()),
        Column("Fills", f"sum by ({key}) ({queries.series(catalog.STRATEGY_FILLS, queries.PICKED)})", style.COUNT, 0),
        Column("Traded", volume, style.COUNT, 0),
        Column("Maker", f"({made} or 0 * {volume}) / ({volume} > 0)", style.RATIO, 0),
    ]
    panel = joined(grid(caption), {"strategy": "Strategy", "symbol": "Symbol"}, columns)
    panel.override_by_name("Strategy", strategy_column())
    return sorted_by(panel, "Mean", descending=True)


def _basis_points(metric: Any) -> str:
    return f"1e4 * {queries.each(metric)}"


def _cost() -> list[model.DynamicConfigValue]:
    """Costs are orange, savings blue."""
    return [style.coloured_text(), *style.coloured_steps(style.COSTS)]
