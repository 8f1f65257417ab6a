"""The account's risk in eight numbers."""

from __future__ import annotations

from grafana_foundation_sdk.builders import stat

from genesis.boards import queries, style
from genesis.boards.panels import Caption, big_number
from genesis.boards.risk.tails import CONFIDENCE, FEW, METHOD
from genesis.boards.targets import now
from genesis.monitoring import catalog

_ALONE = "There are not two strategies with returns yet."


def tiles(currency: str) -> list[stat.Panel]:
    """In the order in which they are asked."""
    return [*_tails(currency), *_history(), *_together()]


def _tails(currency: str) -> list[stat.Panel]:
    tail = queries.account(catalog.PORTFOLIO_VALUE_AT_RISK, METHOD, CONFIDENCE)
    mean = queries.account(catalog.PORTFOLIO_EXPECTED_SHORTFALL, METHOD, CONFIDENCE)
    limit = queries.account(catalog.TIER_LIMIT, 'limit="max_daily_loss"')
    loss = Caption(
        "VaR",
        "Value at risk: the loss that is exceeded with a probability of 1 less the chosen confidence over the horizon of "
        "monitor.yaml, by the chosen method, in money at the equity of now.",
        FEW,
    )
    worse = Caption("CVaR", "Expected shortfall: the mean of the losses beyond the value at risk, in money.", FEW)
    used = Caption(
        "Of limit",
        "Value at risk over the daily loss limit of the account's tier: at 100 %, a loss like that uses it up.",
        "No value at risk, or no tier.",
    )
    return [
        big_number(loss, now(tail, "VaR"), style.money(currency), 0),
        big_number(worse, now(mean, "CVaR"), style.money(currency), 0),
        big_number(used, now(f"{tail} / {limit}", "Of limit"), style.RATIO, 0).thresholds(style.above(1)),
    ]


def _history() -> list[stat.Panel]:
    exceeded = queries.account(catalog.PORTFOLIO_VAR_EXCEEDANCES, METHOD, CONFIDENCE)
    expected = f"((1 - $confidence) * {queries.account(catalog.PORTFOLIO_VAR_FORECASTS, METHOD, CONFIDENCE)} > 0)"
    caption = Caption(
        "Exceeded",
        "How often a step lost more than its value at risk, over how often it should have: above 100 % too often.",
        "No forecast was compared with a return yet.",
    )
    return [big_number(caption, now(f"{exceeded} / {expected}", "Exceeded"), style.RATIO, 0)]


def _together() -> list[stat.Panel]:
    beta = Caption("Beta", "The account's beta to its benchmark in the risk window.", "No benchmark, or too few returns yet.")
    mean = Caption("Correlation", "Mean Pearson correlation of all pairs of strategies that have one.", _ALONE)
    bets = Caption(
        "Diversified",
        "Diversification ratio: mean volatility of the strategies over that of them together. 1: all are one bet.",
        _ALONE,
    )
    omitted = Caption(
        "Left out",
        "Pairs of strategies whose correlation is not told: with many strategies only the strongest are "
        "(correlation.strongest_pairs of monitor.yaml).",
        "No correlations yet.",
    )
    return [
        big_number(beta, now(queries.account(catalog.PORTFOLIO_BETA), "Beta"), style.COUNT, 3),
        big_number(mean, now(queries.account(catalog.PORTFOLIO_MEAN_CORRELATION), "Correlation"), style.COUNT, 2),
        big_number(bets, now(queries.account(catalog.PORTFOLIO_DIVERSIFICATION_RATIO), "Diversified"), style.COUNT, 2),
        big_number(omitted, now(queries.account(catalog.PORTFOLIO_CORRELATION_PAIRS_OMITTED), "Left out"), style.COUNT, 0),
    ]
