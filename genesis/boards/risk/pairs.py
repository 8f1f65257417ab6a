"""Which strategies are the same bet: correlations as a matrix, as a list of pairs, and over time."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import stat, table, timeseries
from grafana_foundation_sdk.models import dashboard as model

from genesis.boards import queries, style
from genesis.boards.panels import Caption, big_number, chart, legend_below, threshold_line
from genesis.boards.queries import series
from genesis.boards.tables import DASH, Column, grid, joined, sorted_by
from genesis.boards.targets import lines, now, rows
from genesis.metrics import catalog

_CORNER: Final = r"strategy\other"
_NO_PAIR: Final = "Fewer than two strategies have enough common returns (correlation.min_overlap of monitor.yaml)."
_SHADES: Final = {
    None: f"{style.GAIN}E6",
    -0.8: f"{style.GAIN}B3",
    -0.6: f"{style.GAIN}80",
    -0.4: f"{style.GAIN}4D",
    -0.2: "transparent",
    0.2: f"{style.LOSS}4D",
    0.4: f"{style.LOSS}80",
    0.6: f"{style.LOSS}B3",
    0.8: f"{style.LOSS}E6",
}
"""Correlation → colour from this value on: blue for negative, none around 0, orange for positive, in equal steps."""
# Without it, an empty cell would have the colour of the lowest value.
_UNKNOWN: Final = {"type": "special", "options": {"match": "null", "result": {"text": DASH, "color": "transparent"}}}
_BOTH: Final = "other=~`${strategy:regex}`"
_PAIR: Final = "strategy, other"
# A correlation changes only once for each step of the grid, and there may be hundreds of pairs.
_POINTS: Final = 200


def counts() -> list[stat.Panel]:
    """Diversification, shrinkage, and how many pairs are not shown."""
    ratio = Caption(
        "Diversification",
        "Diversification ratio: mean volatility of the strategies, divided by the volatility of all together. 1: all are one "
        "bet.",
        "No two strategies yet, or no scrape.",
    )
    shrinkage = Caption(
        "Shrinkage",
        "How far Ledoit-Wolf shrinks the covariances, 0 to 100 %; near 100 %, the returns say little about them.",
        "No two strategies yet, or no scrape.",
    )
    omitted = Caption(
        "Pairs left out",
        "Pairs with a known correlation that is not exported: with many strategies, the monitor exports only the strongest "
        "pairs (correlation.strongest_pairs of monitor.yaml).",
        "No correlations yet, or no scrape.",
    )
    undefined = Caption(
        "Pairs without one",
        "Pairs of strategies without a correlation: too few returns in common, or the returns of one do not vary.",
        "Every pair has one, or there are no pairs.",
    )
    missing = f"sum({series(catalog.PORTFOLIO_CORRELATION_PAIRS_UNDEFINED)})"
    return [
        big_number(ratio, now(queries.account(catalog.PORTFOLIO_DIVERSIFICATION_RATIO), ratio.title), style.COUNT, 2),
        big_number(
            shrinkage, now(queries.account(catalog.PORTFOLIO_CORRELATION_SHRINKAGE_RATIO), shrinkage.title), style.RATIO, 1
        ),
        big_number(omitted, now(queries.account(catalog.PORTFOLIO_CORRELATION_PAIRS_OMITTED), omitted.title), style.COUNT, 0),
        big_number(undefined, now(missing, undefined.title), style.COUNT, 0),
    ]


def matrix() -> table.Panel:
    """Each picked strategy against each other one."""
    caption = Caption(
        "Correlation matrix",
        "Correlation of the selected strategies' returns in the risk window, by the chosen estimator. 1: the same bet; 0: "
        "uncorrelated; below 0: one hedges the other. If there are more strategies than lines on the board, those with the "
        "strongest pairs. A dash: the pair has no correlation, or is not exported because only the strongest pairs are. "
        "Columns are in the order of the rows. Orange: positive; blue: negative; the stronger, the darker.",
        _NO_PAIR,
    )
    cells = [
        *style.unit(style.COUNT, 2),
        *style.coloured_steps(_SHADES),
        model.DynamicConfigValue("mappings", [_UNKNOWN]),
        model.DynamicConfigValue("custom.wrapHeaderText", True),
        model.DynamicConfigValue("custom.cellOptions", {"type": "color-background", "mode": "basic"}),
        model.DynamicConfigValue("custom.align", "center"),
    ]
    panel = (
        grid(caption)
        .unit(style.COUNT)
        .with_target(rows(_symmetric()))
        .override_by_regexp(r"/^(?!strategy\\other).*/", cells)
        .override_by_name(_CORNER, [style.width(180), model.DynamicConfigValue("displayName", "Strategy")])
        .with_transformation(
            model.DataTransformerConfig(id_val="sortBy", options={"fields": {}, "sort": [{"field": "other", "desc": False}]})
        )
        .with_transformation(
            model.DataTransformerConfig(
                id_val="groupingToMatrix",
                options={"columnField": "other", "rowField": "strategy", "valueField": "Value", "emptyValue": "null"},
            )
        )
    )
    return sorted_by(panel, "Strategy")


def strongest() -> table.Panel:
    """The pairs with the strongest correlations, positive or negative."""
    caption = Caption(
        "Strongest pairs",
        "The twenty pairs of selected strategies whose correlation in the risk window is furthest from 0 by the chosen "
        "estimator, with the values of both estimators. Ledoit-Wolf shrinks values that few returns exaggerate.",
        _NO_PAIR,
    )
    top = f"topk(20, abs({_pair_values('$estimator')}))"
    columns = [
        Column(name, _of_pairs(estimator, top), style.COUNT, 3)
        for name, estimator in (("Pearson", "pearson"), ("Ledoit-Wolf", "ledoit_wolf"))
    ]
    panel = joined(grid(caption), {"strategy": "Strategy", "other": "Other"}, columns)
    panel.override_by_name("Pearson", [style.width(92)]).override_by_name("Ledoit-Wolf", [style.width(100)])
    return sorted_by(panel, "Pearson", descending=True)


def over_time() -> timeseries.Panel:
    """The strongest pairs over time, against the threshold of CorrelationHigh."""
    caption = Caption(
        "Strongest pairs over time",
        "Correlation of the pairs that are furthest from 0 at the end of the board's time range, as many as the board's number "
        "of lines, by the chosen estimator. Dashed: where CorrelationHigh starts.",
        _NO_PAIR,
    )
    strongest_at_end = f"topk($lines, abs({queries.at_end(lambda at: _pair_values('$estimator', at=at))}))"
    query = lines(_of_pairs("$estimator", strongest_at_end), "{{strategy}} · {{other}}")
    panel = chart(caption, style.COUNT, 2).max_data_points(_POINTS).with_target(query)
    line = queries.account_threshold("CorrelationHigh", "warning")
    return threshold_line(panel, "B", line, "warning", style.WARNING)


def mean_over_time() -> timeseries.Panel:
    """The mean over all pairs, over time."""
    caption = Caption(
        "Mean correlation",
        "Mean Pearson correlation of all pairs of strategies that have one, including pairs that are not exported. If it "
        "rises, the strategies diversify less than their number suggests.",
        _NO_PAIR,
    )
    return legend_below(chart(caption, style.COUNT, 3)).with_target(
        lines(queries.account(catalog.PORTFOLIO_MEAN_CORRELATION), "mean correlation")
    )


def diversification_over_time() -> timeseries.Panel:
    """Diversification ratio and shrinkage over time."""
    caption = Caption(
        "Diversification and shrinkage",
        "Diversification ratio: mean volatility of the strategies, weighted by equity, divided by the volatility of all "
        "together; 1: all are one bet. Shrinkage: how far Ledoit-Wolf shrinks the covariances, 0 to 1; near 1 the returns say "
        "little about them.",
        _NO_PAIR,
    )
    return (
        legend_below(chart(caption, style.COUNT, 2))
        .axis_soft_min(0)
        .with_target(lines(queries.account(catalog.PORTFOLIO_DIVERSIFICATION_RATIO), "diversification"))
        .with_target(lines(queries.account(catalog.PORTFOLIO_CORRELATION_SHRINKAGE_RATIO), "shrinkage", "B"))
    )


def _pair_values(estimator: str, at: str = "") -> str:
    """The correlation of each pair of picked strategies, once for each pair, as the monitor exports it."""
    return queries.each(catalog.STRATEGY_CORRELATION, _BOTH, f'estimator="{estimator}"', by="other", at=at)


def _of_pairs(estimator: str, pairs: str) -> str:
    """The correlations of these pairs; all others are dropped before the aggregation, because there may be hundreds."""
    values = series(catalog.STRATEGY_CORRELATION, _BOTH, f'estimator="{estimator}"', queries.PICKED)
    return f"max by ({_PAIR}) ({values} and on ({_PAIR}) {pairs})"


def _symmetric() -> str:
    """Each pair in both orders, and 1 for each strategy with itself; of the `$lines` strategies with the strongest pairs."""
    values = _pair_values("$estimator")
    aside = f'label_replace({values}, "pair", "$1", "strategy", "(.*)")'
    turned = f'label_replace({aside}, "strategy", "$1", "other", "(.*)")'
    other_way = f'max by ({_PAIR}) (label_replace({turned}, "other", "$1", "pair", "(.*)"))'
    both_ways = f"({values} or {other_way})"
    others = f'label_replace(max by (other) (abs({values})), "strategy", "$1", "other", "(.*)")'
    chosen = f"topk($lines, max by (strategy) (abs({values}) or {others}))"
    itself = f'label_replace(0 * {chosen} + 1, "other", "$1", "strategy", "(.*)")'
    return f"{both_ways} and on (strategy) {chosen} and on (other) {itself} or {itself}"
