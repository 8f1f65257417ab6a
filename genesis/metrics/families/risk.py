"""Value at risk, its back-test, and beta, of each strategy and of the account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from genesis.core.money import at_equity
from genesis.metrics.declaration import Group, Labels, Number, Rows, itself
from genesis.metrics.families.folded import FoldedSnapshot, whole_account
from genesis.metrics.families.returns import Returns, returns
from genesis.metrics.metric import Unit

if TYPE_CHECKING:
    from decimal import Decimal

    from genesis.analytics.risk import Tail


# Value at risk and expected shortfall.


class _Loss(NamedTuple):
    """A tail of the returns, and the equity that it is a share of."""

    tail: Tail
    equity: Decimal | None


def _losses(row: Returns) -> Iterator[tuple[Labels, _Loss]]:
    for key, tail in row.figures.tails.items():
        yield (*key, row.figures.horizon), _Loss(tail, row.equity)


def _components(folded: FoldedSnapshot) -> Iterator[tuple[Labels, Number]]:
    for _, portfolio in whole_account(folded):
        if portfolio.component_risk is not None:
            horizon = portfolio.component_risk.horizon
            for key, parts in portfolio.component_risk.parts.items():
                for name, part in parts.items():
                    yield (folded.strategy(name), *key, horizon), at_equity(part, portfolio.account.equity)


_RETURNS = returns(Group.RISK)
_LOSS = _RETURNS.by("method confidence horizon", _losses)

STRATEGY_VALUE_AT_RISK_RATIO, PORTFOLIO_VALUE_AT_RISK_RATIO = _LOSS.gauge(
    "value_at_risk_ratio",
    Unit.RATIO,
    "Loss that is exceeded with a probability of 1 - confidence, as a share of the equity.",
    lambda loss: loss.tail.value_at_risk,
)
STRATEGY_VALUE_AT_RISK, PORTFOLIO_VALUE_AT_RISK = _LOSS.gauge(
    "value_at_risk",
    Unit.MONEY,
    "Loss that is exceeded with a probability of 1 - confidence, in money at the current equity.",
    lambda loss: at_equity(loss.tail.value_at_risk, loss.equity),
)
STRATEGY_EXPECTED_SHORTFALL_RATIO, PORTFOLIO_EXPECTED_SHORTFALL_RATIO = _LOSS.gauge(
    "expected_shortfall_ratio",
    Unit.RATIO,
    "Mean of the losses beyond the value at risk, as a share of the equity.",
    lambda loss: loss.tail.expected_shortfall,
)
STRATEGY_EXPECTED_SHORTFALL, PORTFOLIO_EXPECTED_SHORTFALL = _LOSS.gauge(
    "expected_shortfall",
    Unit.MONEY,
    "Mean of the losses beyond the value at risk, in money at the current equity.",
    lambda loss: at_equity(loss.tail.expected_shortfall, loss.equity),
)


# The back-test of the value at risk.

_BACKTEST = _RETURNS.by("method confidence", lambda row: row.figures.backtests.items())

STRATEGY_VAR_FORECASTS, PORTFOLIO_VAR_FORECASTS = _BACKTEST.counter(
    "var_forecasts_total",
    Unit.COUNT,
    "Steps of the grid whose return was compared with the value at risk before it.",
    lambda backtest: backtest.forecasts,
)
STRATEGY_VAR_EXCEEDANCES, PORTFOLIO_VAR_EXCEEDANCES = _BACKTEST.counter(
    "var_exceedances_total",
    Unit.COUNT,
    "Steps of the grid that lost more than the value at risk before them.",
    lambda backtest: backtest.exceedances,
)
STRATEGY_VAR_KUPIEC_PVALUE, PORTFOLIO_VAR_KUPIEC_PVALUE = _BACKTEST.gauge(
    "var_kupiec_pvalue",
    Unit.PROBABILITY,
    "Kupiec test: near 0, exceedances come too often or too rarely.",
    lambda backtest: backtest.kupiec_pvalue,
)
STRATEGY_VAR_INDEPENDENCE_PVALUE, PORTFOLIO_VAR_INDEPENDENCE_PVALUE = _BACKTEST.gauge(
    "var_independence_pvalue",
    Unit.PROBABILITY,
    "Christoffersen's test of independence: near 0, exceedances cluster.",
    lambda backtest: backtest.independence_pvalue,
)

PORTFOLIO_COMPONENT_VALUE_AT_RISK = Rows(Group.RISK, "strategy method confidence horizon", _components, last=True).gauge(
    "portfolio_component_value_at_risk",
    Unit.MONEY,
    "Each strategy's part of the account's value at risk, in money; the parts add up to it.",
    itself,
)


# Beta.

_REGRESSION = returns(Group.REGRESSION)

STRATEGY_BETA, PORTFOLIO_BETA = _REGRESSION.gauge(
    "beta", Unit.NUMBER, "Beta to the benchmark in the risk window.", lambda row: row.figures.beta
)
STRATEGY_BETA_STANDARD_ERROR, PORTFOLIO_BETA_STANDARD_ERROR = _REGRESSION.gauge(
    "beta_standard_error",
    Unit.NUMBER,
    "Standard error of beta, by least squares.",
    lambda row: row.figures.beta_standard_error,
)
STRATEGY_ALPHA_RATIO, PORTFOLIO_ALPHA_RATIO = _REGRESSION.gauge(
    "alpha_ratio",
    Unit.RATIO,
    "Mean return beyond beta times the benchmark's, above the risk-free rate, compounded over a year.",
    lambda row: row.figures.alpha,
)
