"""Whether the value at risk was right so far: what it promised against what came."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import table, timeseries

from genesis.boards import queries, style
from genesis.boards.panels import Caption, chart, legend_below
from genesis.boards.risk.tails import CONFIDENCE, EXCEEDED_SHARE, METHOD
from genesis.boards.tables import Column, grid, joined, per_strategy, sorted_by
from genesis.boards.targets import lines
from genesis.metrics import catalog
from genesis.metrics.metric import Metric

NEVER: Final = "No forecast was compared with a return yet, or the monitor was not scraped."
_JUDGED: Final = {
    "0": ("holds", style.GAIN),
    "1": ("too many", style.WARNING),
    "2": ("far too many", style.CRITICAL),
    "-1": ("too few", style.QUIET),
    "-2": ("far too few", style.QUIET),
}
_P_VALUES: Final = (
    "Kupiec: near 0, exceedances come too often or too rarely; independent (Christoffersen): near 0, they cluster. Each is "
    "the probability of seeing this if the value at risk is right."
)
_JUDGEMENT: Final = (
    "The judgement: too many, or too few, where Kupiec's is at the warning threshold of {alert}; far, at the critical one. Too "
    "many, and losses are larger than the value at risk says; too few, and it holds back more than it must."
)


def of_the_account() -> table.Panel:
    """Every method, at the chosen confidence."""
    caption = Caption(
        "Back-test of the account",
        "At the chosen confidence, since start: steps whose loss was larger than the value at risk before them, against how "
        f"many there should be. {_P_VALUES} {_JUDGEMENT.format(alert='PortfolioValueAtRiskExceeded')}",
        NEVER,
    )
    kupiec = _of_method(catalog.PORTFOLIO_VAR_KUPIEC_PVALUE)
    reached = [
        f"({kupiec} <= bool on () group_left () {queries.account_threshold('PortfolioValueAtRiskExceeded', severity)})"
        for severity, _ in style.SEVERITIES
    ]
    forecasts = _of_method(catalog.PORTFOLIO_VAR_FORECASTS)
    more = f"({_of_method(catalog.PORTFOLIO_VAR_EXCEEDANCES)} >= bool {EXCEEDED_SHARE} * {forecasts})"
    columns = [
        Column("Steps", forecasts, style.COUNT, 0),
        Column("Exceeded", _of_method(catalog.PORTFOLIO_VAR_EXCEEDANCES), style.COUNT, 0),
        Column("Expected", f"{EXCEEDED_SHARE} * {forecasts}", style.COUNT, 1),
        Column("Kupiec", kupiec, style.COUNT, 4),
        Column("Independent", _of_method(catalog.PORTFOLIO_VAR_INDEPENDENCE_PVALUE), style.COUNT, 4),
        Column(
            "Judgement",
            _with_side(" + ".join(reached), more),
            style.COUNT,
            properties=[style.words(_JUDGED), style.coloured_text()],
        ),
    ]
    panel = joined(grid(caption), {"method": "Method"}, columns).override_by_name("Method", [style.width(128)])
    return sorted_by(panel, "Method")


def over_time() -> timeseries.Panel:
    """How many exceedances more than expected there were, since start."""
    caption = Caption(
        "Exceedances above expectation",
        "Of the account, at the chosen confidence: exceedances since start less how many there should be, by method. Around 0 "
        "the value at risk is right, rising it is too small, falling too large.",
        NEVER,
    )
    return legend_below(chart(caption, style.COUNT, 1).axis_centered_zero(True)).with_target(
        lines(
            f"{_of_method(catalog.PORTFOLIO_VAR_EXCEEDANCES)} - {EXCEEDED_SHARE} * "
            f"{_of_method(catalog.PORTFOLIO_VAR_FORECASTS)}",
            "{{method}}",
        )
    )


def by_strategy() -> table.Panel:
    """One row a strategy, at the chosen method and confidence."""
    caption = Caption(
        "Back-test by strategy",
        "Of the chosen method and confidence, since start: steps whose loss was larger than the value at risk before them, "
        f"against how many there should be; the ratio of both is 100 % at best. {_P_VALUES} "
        f"{_JUDGEMENT.format(alert='ValueAtRiskExceeded')}",
        NEVER,
    )
    tail = (METHOD, CONFIDENCE)
    forecasts = queries.each(catalog.STRATEGY_VAR_FORECASTS, *tail)
    exceeded = queries.each(catalog.STRATEGY_VAR_EXCEEDANCES, *tail)
    kupiec = queries.each(catalog.STRATEGY_VAR_KUPIEC_PVALUE, *tail)
    more = f"({exceeded} >= bool {EXCEEDED_SHARE} * {forecasts})"
    columns = [
        Column("Steps", forecasts, style.COUNT, 0),
        Column("Exceeded", exceeded, style.COUNT, 0),
        Column("Expected", f"{EXCEEDED_SHARE} * {forecasts}", style.COUNT, 1),
        Column("Ratio", f"{exceeded} / ({EXCEEDED_SHARE} * {forecasts} > 0)", style.RATIO, 0),
        Column("Kupiec", kupiec, style.COUNT, 4),
        Column("Independent", queries.each(catalog.STRATEGY_VAR_INDEPENDENCE_PVALUE, *tail), style.COUNT, 4),
        Column(
            "Judgement",
            _with_side(_judged(kupiec), more),
            style.COUNT,
            properties=[style.words(_JUDGED), style.coloured_text()],
        ),
    ]
    panel = per_strategy(caption, columns)
    return sorted_by(panel, "Ratio", descending=True)


def _of_method(metric: Metric) -> str:
    """A figure of the account by method, at the chosen confidence."""
    return queries.account(metric, CONFIDENCE, by="method")


def _judged(kupiec: str) -> str:
    """How many of the alert's thresholds a strategy's p-value has fallen to."""
    limits = [queries.limit("ValueAtRiskExceeded", severity, kupiec) for severity, _ in style.SEVERITIES]
    return " + ".join(f"({kupiec} <= bool {limit})" for limit in limits)


def _with_side(reached: str, more: str) -> str:
    """The thresholds reached, below zero where there were not more exceedances than expected (`more`: 1 or 0)."""
    return f"({reached}) * (2 * {more} - 1)"
