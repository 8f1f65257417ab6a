"""Value at risk and expected shortfall: the account's by method, and each strategy's."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import table, timeseries

from genesis.boards import queries, style, thresholds
from genesis.boards.frame import BoardSettings
from genesis.boards.panels import Caption, chart, legend_below, stacked, threshold_line
from genesis.boards.tables import Column, grid, joined, per_strategy, sorted_by
from genesis.boards.targets import lines
from genesis.metrics import catalog

METHOD: Final = 'method="$method"'
CONFIDENCE: Final = 'confidence="$confidence"'
EXCEEDED_SHARE: Final = "(1 - ${confidence}0)"
"""Expected share of exceedances. The appended 0 does not change the confidence, and replaces it while the variable is empty."""
FEW: Final = "Fewer returns than min_observations of monitor.yaml, or the monitor was not scraped."
# "=" sorts before all names.
ACCOUNT: Final = "= Account"
SUM: Final = "= Sum"
_BY_METHOD: Final = (("cornish_fisher", style.LINES[1]), ("historical", style.LINES[0]), ("parametric", style.LINES[2]))


def value_at_risk(currency: str) -> timeseries.Panel:
    """The account's value at risk in money, against the daily loss limit of its tier."""
    caption = Caption(
        "Value at risk by method",
        "Loss of the account over the horizon of monitor.yaml that is exceeded with a probability of 1 minus the chosen "
        "confidence, in money. Dashed: the daily loss limit of the account's tier. Cornish-Fisher is left out where its "
        "quantile is not monotonic.",
        FEW,
    )
    panel = legend_below(chart(caption, style.money(currency), 0).axis_soft_min(0)).with_target(
        lines(queries.account(catalog.PORTFOLIO_VALUE_AT_RISK, CONFIDENCE, by="method"), "{{method}}")
    )
    limit = queries.account(catalog.TIER_LIMIT, 'limit="max_daily_loss"')
    return threshold_line(_coloured(panel), "B", limit, "daily loss limit", style.CRITICAL)


def expected_shortfall() -> timeseries.Panel:
    """The account's expected shortfall as a ratio, against the thresholds of its alert."""
    caption = Caption(
        "Expected shortfall by method",
        "Mean of the account's losses beyond the value at risk of the chosen confidence, as a share of the equity. Dashed: "
        "where PortfolioExpectedShortfallHigh starts, for the method and confidence in alerts.yaml.",
        FEW,
    )
    panel = legend_below(chart(caption, style.RATIO, 1).axis_soft_min(0)).with_target(
        lines(queries.account(catalog.PORTFOLIO_EXPECTED_SHORTFALL_RATIO, CONFIDENCE, by="method"), "{{method}}")
    )
    return _coloured(thresholds.of_account(panel, "PortfolioExpectedShortfallHigh", "BC"))


def by_method() -> table.Panel:
    """All methods at all confidences."""
    caption = Caption(
        "Account by method",
        "Value at risk and expected shortfall of the account, in its currency and as shares of its equity, over the horizon "
        "of monitor.yaml, for all methods and confidences.",
        FEW,
    )
    figures = [
        ("VaR", catalog.PORTFOLIO_VALUE_AT_RISK, style.COUNT),
        ("VaR %", catalog.PORTFOLIO_VALUE_AT_RISK_RATIO, style.RATIO),
        ("CVaR", catalog.PORTFOLIO_EXPECTED_SHORTFALL, style.COUNT),
        ("CVaR %", catalog.PORTFOLIO_EXPECTED_SHORTFALL_RATIO, style.RATIO),
    ]
    columns = [Column(name, queries.account(metric, by="method, confidence"), unit, 2) for name, metric, unit in figures]
    panel = joined(grid(caption), {"method": "Method", "confidence": "Confidence"}, columns)
    panel.override_by_name("Method", [style.width(116)]).override_by_name("Confidence", [style.width(122)])
    return sorted_by(panel, "Confidence")


def components() -> table.Panel:
    """Each strategy's part of the account's value at risk, and their sum."""
    caption = Caption(
        "Value at risk by strategy",
        "Each strategy's part of the account's value at risk by the chosen method and confidence, in money; its share of the "
        "whole; and the strategy's share of the equity. The rows of the account and of the sum of all parts are equal. A part "
        "below 0 hedges the others. All strategies, not only the selected ones.",
        FEW,
    )
    part = queries.account(catalog.PORTFOLIO_COMPONENT_VALUE_AT_RISK, METHOD, CONFIDENCE, by="strategy")
    whole = queries.account(catalog.PORTFOLIO_VALUE_AT_RISK, METHOD, CONFIDENCE)
    all_rows = f"({part} or {_named(whole, ACCOUNT)} or {_named(f'sum({part})', SUM)})"
    equity = (
        f"max by (strategy) ({catalog.STRATEGY_EQUITY.name}) / on () group_left () {queries.account(catalog.PORTFOLIO_EQUITY)}"
    )
    columns = [
        Column("Part", all_rows, style.COUNT, 2),
        Column("Share", f"{all_rows} / on () group_left () ({whole} != 0)", style.RATIO, 1),
        Column("Equity", equity, style.RATIO, 1),
    ]
    return sorted_by(per_strategy(caption, columns), "Part", descending=True)


def components_over_time(settings: BoardSettings) -> timeseries.Panel:
    """The strategies with the largest parts, and the account, over time."""
    caption = Caption(
        "Value at risk by strategy over time",
        "Parts of the account's value at risk at the chosen confidence, in money, stacked. Line: the account's value at risk. "
        "If there are more strategies than lines on the board, those with the largest parts; the rest is the gap below the "
        "line. Always by the parametric method, because the historical parts depend on one or two steps and jump.",
        FEW,
    )
    chosen = ('method="parametric"', CONFIDENCE)
    part = queries.account(catalog.PORTFOLIO_COMPONENT_VALUE_AT_RISK, *chosen, by="strategy")
    at_end = queries.at_end(
        lambda at: queries.account(catalog.PORTFOLIO_COMPONENT_VALUE_AT_RISK, *chosen, by="strategy", at=at)
    )
    panel = (
        stacked(chart(caption, style.money(settings.currency), 0))
        .axis_soft_min(0)
        .with_target(lines(f"{part} and on (strategy) topk($lines, abs({at_end}))", "{{strategy}}"))
        .with_target(lines(queries.account(catalog.PORTFOLIO_VALUE_AT_RISK, *chosen), "account", "B"))
    )
    style.own_colours(panel, settings.strategies)
    return panel.override_by_name("account", style.unstacked("text"))


def by_strategy() -> table.Panel:
    """One row for each strategy."""
    caption = Caption(
        "Risk by strategy",
        "Value at risk and expected shortfall by the chosen method and confidence, in money and as shares of the strategy's "
        "equity; deepest drawdown since start; annualised volatility since start; beta to the benchmark. Level: which "
        "threshold of ExpectedShortfallHigh the expected shortfall has reached.",
        "No strategy is known: none has an event yet, or the monitor was not scraped.",
    )
    tail = (METHOD, CONFIDENCE)
    shortfall = queries.each(catalog.STRATEGY_EXPECTED_SHORTFALL_RATIO, *tail)
    columns = [
        Column("Equity", queries.each(catalog.STRATEGY_EQUITY), style.COUNT, 2),
        Column("VaR", queries.each(catalog.STRATEGY_VALUE_AT_RISK, *tail), style.COUNT, 2),
        Column("VaR %", queries.each(catalog.STRATEGY_VALUE_AT_RISK_RATIO, *tail), style.RATIO, 2),
        Column("CVaR", queries.each(catalog.STRATEGY_EXPECTED_SHORTFALL, *tail), style.COUNT, 2),
        Column("CVaR %", shortfall, style.RATIO, 2),
        Column("Level", queries.level(shortfall, "ExpectedShortfallHigh"), style.COUNT, properties=style.levels()),
        Column("Deepest", queries.each(catalog.STRATEGY_MAX_DRAWDOWN_RATIO), style.RATIO, 2),
        Column("Volatility", queries.each(catalog.STRATEGY_VOLATILITY_RATIO, 'window="all"'), style.RATIO, 0),
        Column("Beta", queries.each(catalog.STRATEGY_BETA), style.COUNT, 3),
        Column("Returns", queries.each(catalog.STRATEGY_OBSERVATIONS), style.COUNT, 0),
    ]
    panel = per_strategy(caption, columns)
    return sorted_by(panel, "CVaR", descending=True)


def _named(account: str, name: str) -> str:
    """A figure of the account as one more row among the strategies."""
    return f'label_replace({account}, "strategy", "{name}", "", "")'


def _coloured(panel: timeseries.Panel) -> timeseries.Panel:
    for method, colour in _BY_METHOD:
        panel.override_by_name(method, [style.fixed(colour)])
    return panel
