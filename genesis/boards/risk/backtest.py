"""Back-test of the value at risk: its forecasts against the returns that followed."""

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

NEVER: Final = "No forecast has been compared with a return yet, or the monitor was not scraped."
_JUDGEMENT_WORDS: Final = {
    "0": ("holds", style.GAIN),
    "1": ("too many", style.WARNING),
    "2": ("far too many", style.CRITICAL),
    "-1": ("too few", style.QUIET),
    "-2": ("far too few", style.QUIET),
}
_P_VALUES: Final = (
    "Kupiec and Independent (Christoffersen) are p-values: the probability of such a history if the value at risk is right. "
    "Kupiec near 0: exceedances are too frequent or too rare. Independent near 0: they cluster."
)
_JUDGEMENT: Final = (
    "Judgement: too many or too few exceedances where Kupiec has reached the warning threshold of {alert}, far too many or "
    "too few at the critical one. Too many: losses are larger than the value at risk says. Too few: the value at risk is "
    "larger than necessary."
)


def of_the_account() -> table.Panel:
    """Every method, at the chosen confidence."""
    caption = Caption(
        "Back-test of the account",
        "At the chosen confidence, since start: how many steps lost more than the value at risk forecast for them, against "
        f"the expected number. {_P_VALUES} {_JUDGEMENT.format(alert='PortfolioValueAtRiskExceeded')}",
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
            properties=[style.words(_JUDGEMENT_WORDS), style.coloured_text()],
        ),
    ]
    panel = joined(grid(caption), {"method": "Method"}, columns).override_by_name("Method", [style.width(128)])
    return sorted_by(panel, "Method")


def over_time() -> timeseries.Panel:
    """Exceedances since start, less their expected number."""
    caption = Caption(
        "Exceedances above expectation",
        "Account, at the chosen confidence: exceedances since start less their expected number, by method. Around 0 the value "
        "at risk is right; if the line rises, it is too small; if it falls, too large.",
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
    """One row for each strategy, for the chosen method and confidence."""
    caption = Caption(
        "Back-test by strategy",
        "For the chosen method and confidence, since start: how many steps lost more than the value at risk forecast for "
        f"them, against the expected number. Ratio: exceeded over expected; 100 % is right. {_P_VALUES} "
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
            _with_side(_thresholds_reached(kupiec), more),
            style.COUNT,
            properties=[style.words(_JUDGEMENT_WORDS), style.coloured_text()],
        ),
    ]
    panel = per_strategy(caption, columns)
    return sorted_by(panel, "Ratio", descending=True)


def _of_method(metric: Metric) -> str:
    """A figure of the account by method, at the chosen confidence."""
    return queries.account(metric, CONFIDENCE, by="method")


def _thresholds_reached(kupiec: str) -> str:
    """How many of the alert's thresholds a strategy's p-value has reached: 0, 1 or 2."""
    limits = [queries.limit("ValueAtRiskExceeded", severity, kupiec) for severity, _ in style.SEVERITIES]
    return " + ".join(f"({kupiec} <= bool {limit})" for limit in limits)


def _with_side(reached: str, more: str) -> str:
    """The thresholds reached, negative where exceedances are fewer than expected (`more`: 1 if at least as many, else 0)."""
    return f"({reached}) * (2 * {more} - 1)"
