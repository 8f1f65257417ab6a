"""Value at risk, its back-test, and beta, of each strategy and of the account."""

from __future__ import annotations

from decimal import Decimal

from genesis.core.money import at_equity
from genesis.metrics import catalog
from genesis.metrics.catalog import Metric
from genesis.metrics.families.folded import Folded
from genesis.metrics.table import Table
from genesis.snapshot import MonitorSnapshot, ReturnFigures


def risk(snapshot: MonitorSnapshot, folded: Folded) -> list[Table]:
    strategies = _Losses(
        (
            catalog.STRATEGY_VALUE_AT_RISK_RATIO,
            catalog.STRATEGY_VALUE_AT_RISK,
            catalog.STRATEGY_EXPECTED_SHORTFALL_RATIO,
            catalog.STRATEGY_EXPECTED_SHORTFALL,
        ),
        (
            catalog.STRATEGY_VAR_FORECASTS,
            catalog.STRATEGY_VAR_EXCEEDANCES,
            catalog.STRATEGY_VAR_KUPIEC_PVALUE,
            catalog.STRATEGY_VAR_INDEPENDENCE_PVALUE,
        ),
    )
    portfolio = _Losses(
        (
            catalog.PORTFOLIO_VALUE_AT_RISK_RATIO,
            catalog.PORTFOLIO_VALUE_AT_RISK,
            catalog.PORTFOLIO_EXPECTED_SHORTFALL_RATIO,
            catalog.PORTFOLIO_EXPECTED_SHORTFALL,
        ),
        (
            catalog.PORTFOLIO_VAR_FORECASTS,
            catalog.PORTFOLIO_VAR_EXCEEDANCES,
            catalog.PORTFOLIO_VAR_KUPIEC_PVALUE,
            catalog.PORTFOLIO_VAR_INDEPENDENCE_PVALUE,
        ),
    )
    components = Table(catalog.PORTFOLIO_COMPONENT_VALUE_AT_RISK)
    for strategy in snapshot.strategies:
        if strategy.statistics is not None and strategy.name in folded.named:
            strategies.add(strategy.statistics, strategy.account.equity, strategy.name)
    account = snapshot.portfolio
    if account.statistics is not None and not snapshot.failed:
        portfolio.add(account.statistics, account.account.equity)
    if account.component_risk is not None and not snapshot.failed:
        for (method, confidence), parts in account.component_risk.parts.items():
            for name, part in parts.items():
                money = at_equity(part, account.account.equity)
                components.add(money, folded.strategy(name), method, confidence, account.component_risk.horizon)
    return [*strategies.tables, *portfolio.tables, components]


class _Losses:
    """Value at risk and expected shortfall of an account, and the back-test; they do not add up."""

    def __init__(self, tails: tuple[Metric, ...], tests: tuple[Metric, ...]) -> None:
        """`tails`: value at risk as ratio and money, expected shortfall likewise; `tests`: two counters, two p-values."""
        self._tails = [Table(metric) for metric in tails]
        self._tests = [Table(metric) for metric in tests]
        self.tables = [*self._tails, *self._tests]

    def add(self, figures: ReturnFigures, equity: Decimal | None, *labels: str) -> None:
        for key, (loss, shortfall) in figures.tails.items():
            amounts = (loss, at_equity(loss, equity), shortfall, at_equity(shortfall, equity))
            for table, amount in zip(self._tails, amounts, strict=True):
                table.add(amount, *labels, *key, figures.horizon)
        for key, backtest in figures.backtests.items():
            for table, figure in zip(self._tests, backtest, strict=True):
                table.add(figure, *labels, *key)


def regression(snapshot: MonitorSnapshot, folded: Folded) -> list[Table]:
    strategies = [
        Table(catalog.STRATEGY_BETA),
        Table(catalog.STRATEGY_BETA_STANDARD_ERROR),
        Table(catalog.STRATEGY_ALPHA_RATIO),
    ]
    portfolio = [
        Table(catalog.PORTFOLIO_BETA),
        Table(catalog.PORTFOLIO_BETA_STANDARD_ERROR),
        Table(catalog.PORTFOLIO_ALPHA_RATIO),
    ]
    for strategy in snapshot.strategies:
        if strategy.statistics is not None and strategy.name in folded.named:
            _add_regression(strategies, strategy.statistics, strategy.name)
    if snapshot.portfolio.statistics is not None and not snapshot.failed:
        _add_regression(portfolio, snapshot.portfolio.statistics)
    return [*strategies, *portfolio]


def _add_regression(tables: list[Table], figures: ReturnFigures, *labels: str) -> None:
    for table, figure in zip(tables, (figures.beta, figures.beta_standard_error, figures.alpha), strict=True):
        table.add(figure, *labels)
