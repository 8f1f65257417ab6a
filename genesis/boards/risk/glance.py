"""The account's risk in six numbers."""

from __future__ import annotations

from grafana_foundation_sdk.builders import stat

from genesis.boards import queries, style
from genesis.boards.panels import Caption, big_number
from genesis.boards.risk.tails import CONFIDENCE, EXCEEDED_SHARE, METHOD
from genesis.boards.targets import now
from genesis.metrics import catalog

# Reasons, in the small space of a number.
_FEW = "Few returns or scrapes."
_NO_PAIR = "No pair or scrape."


def tiles(currency: str) -> list[stat.Panel]:
    """Losses first, then the back-test, then beta and correlation."""
    return [*_tails(currency), *_history(), *_dependence()]


def _tails(currency: str) -> list[stat.Panel]:
    tail = queries.account(catalog.PORTFOLIO_VALUE_AT_RISK, METHOD, CONFIDENCE)
    mean = queries.account(catalog.PORTFOLIO_EXPECTED_SHORTFALL, METHOD, CONFIDENCE)
    limit = queries.account(catalog.TIER_LIMIT, 'limit="max_daily_loss"')
    loss = Caption(
        "VaR",
        "Value at risk: the loss over the horizon of monitor.yaml that is exceeded with a probability of 1 minus the chosen "
        "confidence, by the chosen method, in money at current equity.",
        _FEW,
    )
    worse = Caption("CVaR", "Expected shortfall: the mean of the losses beyond the value at risk, in money.", _FEW)
    used = Caption(
        "Of limit",
        "Value at risk as a share of the daily loss limit of the account's tier: at 100 %, one such loss uses the whole limit.",
        "No VaR or tier.",
    )
    return [
        big_number(loss, now(tail, "VaR"), style.money(currency), 0),
        big_number(worse, now(mean, "CVaR"), style.money(currency), 0),
        big_number(used, now(f"{tail} / {limit}", "Of limit"), style.RATIO, 0).thresholds(style.above(1)),
    ]


def _history() -> list[stat.Panel]:
    exceeded = queries.account(catalog.PORTFOLIO_VAR_EXCEEDANCES, METHOD, CONFIDENCE)
    expected = f"({EXCEEDED_SHARE} * {queries.account(catalog.PORTFOLIO_VAR_FORECASTS, METHOD, CONFIDENCE)} > 0)"
    caption = Caption(
        "Exceeded",
        "How often a step lost more than its value at risk, divided by the expected number; above 100 % it was too often.",
        "No steps or scrape.",
    )
    return [big_number(caption, now(f"{exceeded} / {expected}", "Exceeded"), style.RATIO, 0)]


def _dependence() -> list[stat.Panel]:
    beta = Caption("Beta", "The account's beta to its benchmark in the risk window.", "No benchmark or returns.")
    mean = Caption("Correlation", "Mean Pearson correlation of all pairs of strategies that have one.", _NO_PAIR)
    return [
        big_number(beta, now(queries.account(catalog.PORTFOLIO_BETA), "Beta"), style.COUNT, 3),
        big_number(mean, now(queries.account(catalog.PORTFOLIO_MEAN_CORRELATION), "Correlation"), style.COUNT, 2),
    ]
