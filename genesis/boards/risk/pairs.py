"""Which strategies are the same bet: correlations as a matrix, as a list of pairs, and over time."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import stat, table, timeseries
from grafana_foundation_sdk.models import dashboard as model

from genesis.boards import queries, style
from genesis.boards.panels import Caption, big_number, chart, legend_below, threshold_line
from genesis.boards.queries import series
from genesis.boards.tables import NOTHING, Column, grid, joined, sorted_by
from genesis.boards.targets import lines, now, rows
from genesis.metrics import catalog

_CORNER: Final = r"strategy\other"
_ALONE: Final = "There are not two strategies with returns enough: correlation.min_overlap of monitor.yaml."
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
"""A correlation's colour, from this value on: blue to nothing to orange, the same distance for each shade."""
# Without it, no number would be painted as the lowest one is.
_UNKNOWN: Final = {"type": "special", "options": {"match": "null", "result": {"text": NOTHING, "color": "transparent"}}}
_BOTH: Final = "other=~`${strategy:regex}`"
_PAIR: Final = "strategy, other"
# A correlation changes once a step of the grid, and there may be hundreds of pairs to choose from.
_POINTS: Final = 200


def counts() -> list[stat.Panel]:
    """How many pairs there are, and how sure their correlations."""
    ratio = Caption(
        "Diversification",
        "Diversification ratio: mean volatility of the strategies over that of them together. 1: all are one bet.",
        "No two strategies yet, or no scrape.",
    )
    shrinkage = Caption(
        "Shrinkage",
        "How far Ledoit-Wolf shrinks the covariances, 0 to 100 %; the farther, the less the returns tell.",
        "No two strategies yet, or no scrape.",
    )
    omitted = Caption(
        "Pairs left out",
        "Pairs whose correlation is known, and not told: with many strategies only the strongest are "
        "(correlation.strongest_pairs of monitor.yaml).",
        "No correlations yet, or no scrape.",
    )
    undefined = Caption(
        "Pairs without one",
        "Pairs of strategies that have no correlation: too few points in common, or one of the two does not move.",
        "Every pair has one, or there is no pair.",
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
    """Every picked strategy against every other one."""
    caption = Caption(
        "Correlation matrix",
        "Correlation of the picked strategies' returns in the risk window, by the chosen estimator: 1 is the same bet, 0 knows "
        "nothing of the other, below 0 one hedges the other. Of more strategies than the board's number of lines, those with "
        "the strongest pairs. A dash is a pair without a correlation, or one that is left out: of many only the strongest are "
        "told. Columns are in the order of the rows. Orange: together; blue: against each other; the stronger, the deeper.",
        _ALONE,
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
    """The pairs that are furthest from independent."""
    caption = Caption(
        "Strongest pairs",
        "The twenty pairs of picked strategies whose correlation in the risk window is furthest from 0 by the chosen "
        "estimator, and what both estimators say. Ledoit-Wolf shrinks what few returns exaggerate.",
        _ALONE,
    )
    top = f"topk(20, abs({_told('$estimator')}))"
    columns = [
        Column(name, _of_pairs(estimator, top), style.COUNT, 3)
        for name, estimator in (("Pearson", "pearson"), ("Ledoit-Wolf", "ledoit_wolf"))
    ]
    panel = joined(grid(caption), {"strategy": "Strategy", "other": "Other"}, columns)
    panel.override_by_name("Pearson", [style.width(92)]).override_by_name("Ledoit-Wolf", [style.width(100)])
    return sorted_by(panel, "Pearson", descending=True)


def over_time() -> timeseries.Panel:
    """The same, over time, against the threshold of the alert."""
    caption = Caption(
        "Strongest pairs over time",
        "Correlation of the pairs that are furthest from 0 at the end of the board's time range, as many as the board's number "
        "of lines, by the chosen estimator. Dashed: where CorrelationHigh starts.",
        _ALONE,
    )
    strongest_at_end = f"topk($lines, abs({queries.at_end(lambda at: _told('$estimator', at=at))}))"
    query = lines(_of_pairs("$estimator", strongest_at_end), "{{strategy}} · {{other}}")
    panel = chart(caption, style.COUNT, 2).max_data_points(_POINTS).with_target(query)
    line = queries.account_threshold("CorrelationHigh", "warning")
    return threshold_line(panel, "B", line, "warning", style.WARNING)


def mean_over_time() -> timeseries.Panel:
    """All pairs in one number."""
    caption = Caption(
        "Mean correlation",
        "Mean Pearson correlation of all pairs of strategies that have one, told or not. Rising: diversification is less than "
        "the number of strategies makes believe.",
        _ALONE,
    )
    return legend_below(chart(caption, style.COUNT, 3)).with_target(
        lines(queries.account(catalog.PORTFOLIO_MEAN_CORRELATION), "mean correlation")
    )


def diversification_over_time() -> timeseries.Panel:
    """How many bets it is, so to speak."""
    caption = Caption(
        "Diversification and shrinkage",
        "Diversification ratio: mean volatility of the strategies over the volatility of them together, weighted by equity; 1: "
        "all are one bet. Shrinkage: how far Ledoit-Wolf shrinks the covariances, 0 to 1; near 1 there is little to learn from "
        "the returns.",
        _ALONE,
    )
    return (
        legend_below(chart(caption, style.COUNT, 2))
        .axis_soft_min(0)
        .with_target(lines(queries.account(catalog.PORTFOLIO_DIVERSIFICATION_RATIO), "diversification"))
        .with_target(lines(queries.account(catalog.PORTFOLIO_CORRELATION_SHRINKAGE_RATIO), "shrinkage", "B"))
    )


def _told(estimator: str, at: str = "") -> str:
    """Each pair of picked strategies once, as it is told."""
    return queries.each(catalog.STRATEGY_CORRELATION, _BOTH, f'estimator="{estimator}"', by="other", at=at)


def _of_pairs(estimator: str, pairs: str) -> str:
    """The correlations of these pairs; those of others are dropped before they are aggregated, for there may be hundreds."""
    told = series(catalog.STRATEGY_CORRELATION, _BOTH, f'estimator="{estimator}"', queries.PICKED)
    return f"max by ({_PAIR}) ({told} and on ({_PAIR}) {pairs})"


def _symmetric() -> str:
    """Each pair in both orders, and each strategy with itself: 1; of the `$lines` strategies with the strongest pairs."""
    told = _told("$estimator")
    aside = f'label_replace({told}, "pair", "$1", "strategy", "(.*)")'
    turned = f'label_replace({aside}, "strategy", "$1", "other", "(.*)")'
    other_way = f'max by ({_PAIR}) (label_replace({turned}, "other", "$1", "pair", "(.*)"))'
    both_ways = f"({told} or {other_way})"
    others = f'label_replace(max by (other) (abs({told})), "strategy", "$1", "other", "(.*)")'
    chosen = f"topk($lines, max by (strategy) (abs({told}) or {others}))"
    itself = f'label_replace(0 * {chosen} + 1, "other", "$1", "strategy", "(.*)")'
    return f"{both_ways} and on (strategy) {chosen} and on (other) {itself} or {itself}"
