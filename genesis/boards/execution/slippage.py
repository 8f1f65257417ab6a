"""What fills cost against the prices that were decided on: the distribution, and each strategy and symbol."""

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
NO_FILLS: Final = "No picked strategy had a fill with a decision price in this time, or the monitor was not scraped."
_QUANTILES: Final = ((0.5, "Median", style.LINES[0]), (0.9, "p90", style.LINES[1]), (0.99, "p99", style.LINES[3]))


def distribution() -> heatmap.Panel:
    """All fills of the picked strategies by size and sign, over time."""
    caption = Caption(
        "Slippage of the fills",
        "How many fills of the picked strategies had which slippage against their signals' prices, in basis points, and when. "
        "Above 0 it cost money, below 0 the fill was better than the price that was decided on. A row reaches from the number "
        "below its own up to its own. Counts are Prometheus's estimates, and no whole numbers.",
        NO_FILLS,
    )
    told = fills.in_basis_points(fills.slippage_buckets(window=PER_COLUMN))
    # Grafana takes the least bound of a histogram for 0, unless `le` is not the first label.
    told = f'label_replace({told}, "direction", "both", "", "")'
    rows = heatmap.RowsHeatmapOptions().layout(common_model.HeatmapCellLayout.LE)
    return heat(caption, style.BASIS_POINTS).rows_frame(rows).max_data_points(COLUMNS).with_target(buckets(told))


def quantiles(settings: BoardSettings) -> timeseries.Panel:
    """The same as quantiles, against what was expected."""
    window = settings.alerts.of(SLIPPAGE_HIGH).window
    caption = Caption(
        "Slippage against expected",
        f"Quantiles of the slippage of all fills of the picked strategies in the last {duration_text(window)}, and their "
        "mean, in basis points; above 0 it cost money. Interpolated within the buckets of the histogram. Dashed: what "
        "strategies.yaml expects of the mean, weighted by each strategy's fills.",
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
    """One row a strategy."""
    window, compared = settings.alerts.of(SLIPPAGE_HIGH).window, settings.alerts.of(SLIPPAGE_ABOVE_EXPECTED).window
    caption = Caption(
        "Slippage by strategy",
        "Slippage in basis points; above 0 it cost money. Mean, quantiles and better fills since start, the mean weighted by "
        f"value. Recent: mean per fill of the last {duration_text(window)}. Level: which threshold of SlippageHigh that has "
        f"reached; the alert also waits for fills enough. Ratio: mean per fill of the last {duration_text(compared)} over what "
        "strategies.yaml expects.",
        "No strategy is known: no event of one was booked yet, or the monitor was not scraped.",
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
    """Each strategy's mean against the thresholds of the alert on it."""
    window = settings.alerts.of(SLIPPAGE_HIGH).window
    caption = Caption(
        "Mean slippage by strategy",
        f"Mean slippage per fill in the last {duration_text(window)}, in basis points; above 0 it cost money. Of "
        "more strategies than the board's number of lines, the highest at its end. Dashed: where SlippageHigh of that "
        "severity starts; a line with a strategy's name holds for that strategy instead of the default.",
        NO_FILLS,
    )
    mean, at_end = (fills.mean_slippage("strategy", sampled(window), at) for at in ("", queries.AT_END))
    panel = signed(chart(caption, style.BASIS_POINTS, 2)).axis_centered_zero(False).max_data_points(COLUMNS)
    panel.with_target(lines(fills.most(mean, at_end), "{{strategy}}"))
    style.own_colours(panel, settings.strategies)
    return thresholds.of_strategies(panel, "SlippageHigh", "YZ", scale="1e4 * ")


def expected_over_time(settings: BoardSettings) -> timeseries.Panel:
    """Each strategy's mean over what is expected, against the thresholds of the alert on it."""
    window = settings.alerts.of(SLIPPAGE_ABOVE_EXPECTED).window
    caption = Caption(
        "Slippage over expected",
        f"Mean slippage per fill in the last {duration_text(window)} over what strategies.yaml expects; 100 % is as expected, "
        "below 0 the fills were better than the signals' prices. Of more strategies than the board's number of lines, the "
        "highest at its end. Dashed: where SlippageAboveExpected of that severity starts.",
        "No picked strategy with an expected slippage in strategies.yaml had a fill in this time, or nothing was scraped.",
    )
    ratio, at_end = (fills.over_expected(sampled(window), at) for at in ("", queries.AT_END))
    panel = chart(caption, style.RATIO, 0).max_data_points(COLUMNS)
    panel.with_target(lines(fills.most(ratio, at_end), "{{strategy}}"))
    style.own_colours(panel, settings.strategies)
    return thresholds.of_strategies(
        panel, "SlippageAboveExpected", "YZ", beside=queries.each(catalog.STRATEGY_EXPECTED_SLIPPAGE_RATIO)
    )


def by_symbol() -> table.Panel:
    """One row a strategy and symbol."""
    caption = Caption(
        "Slippage by symbol",
        "Mean slippage since start, weighted by value, in basis points; above 0 it cost money. Traded: value of the fills in "
        "the currency that the symbol is quoted in. Maker: share of that value which gave liquidity.",
        "No picked strategy had a fill with a decision price, or the monitor was not scraped.",
    )
    key = "strategy, symbol"
    volume = f"sum by ({key}) ({queries.series(catalog.STRATEGY_VOLUME, queries.PICKED)})"
    # Strategies that only take have no series of makers: 0, not unknown.
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
    """Costs are orange, and what was saved is blue."""
    return [style.coloured_text(), *style.coloured_steps(style.COSTS)]
