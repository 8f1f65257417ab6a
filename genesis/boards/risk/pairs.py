"""Which strategies are the same bet: correlations as a matrix, as a list of pairs, and over time."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import table, timeseries
from grafana_foundation_sdk.models import dashboard as model

from genesis.boards import queries, style
from genesis.boards.panels import Caption, chart, threshold_line
from genesis.boards.tables import Column, grid, joined, sorted_by
from genesis.boards.targets import lines, rows
from genesis.monitoring import catalog

_CORNER: Final = r"strategy\other"
_ALONE: Final = "There are not two strategies with returns enough: correlation.min_overlap of monitor.yaml."
# Picked: both strategies of a pair. The variable stands in a matcher of each label.
_BOTH: Final = 'other=~"$strategy"'
_PAIR: Final = "strategy, other"


def matrix() -> table.Panel:
    """Every picked strategy against every other one."""
    caption = Caption(
        "Correlation matrix",
        "Correlation of the picked strategies' returns in the risk window, by the chosen estimator: 1 is the same bet, 0 none "
        "of each other, below 0 one hedges the other. Of many strategies only the strongest pairs are told; a dash is a pair "
        "that is not, or that has no correlation.",
        _ALONE,
    )
    cells = [
        *style.unit(style.COUNT, 2),
        model.DynamicConfigValue("min", -1),
        model.DynamicConfigValue("max", 1),
        # Blue, yellow, red: apart for every kind of colour vision; and the number is printed.
        model.DynamicConfigValue("color", {"mode": "continuous-BlYlRd"}),
        model.DynamicConfigValue("custom.cellOptions", {"type": "color-background", "mode": "basic"}),
        model.DynamicConfigValue("custom.align", "center"),
    ]
    panel = (
        grid(caption)
        .unit(style.COUNT)
        .with_target(rows(_symmetric()))
        .override_by_regexp(r"/^(?!strategy\\other).*/", cells)
        .override_by_name(_CORNER, [style.width(140), model.DynamicConfigValue("displayName", "Strategy")])
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
        Column(name, f"{_told(estimator)} and on (strategy, other) {top}", style.COUNT, 3, signed=False)
        for name, estimator in (("Pearson", "pearson"), ("Ledoit-Wolf", "ledoit_wolf"))
    ]
    panel = joined(grid(caption), {"strategy": "Strategy", "other": "Other"}, columns)
    return sorted_by(panel, "Pearson", descending=True)


def over_time() -> timeseries.Panel:
    """The same, over time, against the threshold of the alert."""
    caption = Caption(
        "Strongest pairs over time",
        "Correlation of the pairs that are furthest from 0 at the end of the board's time range, as many as the board's number "
        "of lines, by the chosen estimator. Dashed: where CorrelationHigh starts.",
        _ALONE,
    )
    told = _told("$estimator")
    chosen = f"{told} and on (strategy, other) topk($lines, abs({_told('$estimator', at=queries.AT_END)}))"
    panel = chart(caption, style.COUNT, 2).with_target(lines(chosen, "{{strategy}} · {{other}}"))
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
    return chart(caption, style.COUNT, 3).with_target(
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
        chart(caption, style.COUNT, 2)
        .axis_soft_min(0)
        .with_target(lines(queries.account(catalog.PORTFOLIO_DIVERSIFICATION_RATIO), "diversification"))
        .with_target(lines(queries.account(catalog.PORTFOLIO_CORRELATION_SHRINKAGE_RATIO), "shrinkage", "B"))
    )


def _told(estimator: str, at: str = "") -> str:
    """Each pair of picked strategies once, as it is told."""
    return queries.each(catalog.STRATEGY_CORRELATION, _BOTH, f'estimator="{estimator}"', by="other", at=at)


def _symmetric() -> str:
    """Each pair in both orders, and each strategy with itself: 1."""
    told = _told("$estimator")
    aside = f'label_replace({told}, "pair", "$1", "strategy", "(.*)")'
    turned = f'label_replace({aside}, "strategy", "$1", "other", "(.*)")'
    other_way = f'max by ({_PAIR}) (label_replace({turned}, "other", "$1", "pair", "(.*)"))'
    itself = f'label_replace(0 * max by (strategy) ({told} or {other_way}) + 1, "other", "$1", "strategy", "(.*)")'
    return f"{told} or {other_way} or {itself}"
