"""Where the net P&L of each strategy comes from: by component and symbol, by period, by cause; and what is left over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from genesis.metrics.declaration import Group, Labels, Number, Rows, itself
from genesis.metrics.families.folded import FoldedSnapshot, every_strategy, whole_account
from genesis.metrics.metric import Unit

if TYPE_CHECKING:
    from genesis.analytics.attribution import AttributionFigures, Causes, PartFigures


def _strategies(folded: FoldedSnapshot) -> Iterator[tuple[Labels, AttributionFigures]]:
    for labels, strategy in every_strategy(folded):
        yield labels, strategy.attribution


def _parts(folded: FoldedSnapshot) -> Iterator[tuple[Labels, PartFigures]]:
    for labels, strategy in every_strategy(folded):
        for part in strategy.attribution.parts:
            yield (*labels, folded.component(strategy.name, part.component), folded.symbol(part.symbol)), part


def _periods(folded: FoldedSnapshot) -> Iterator[tuple[Labels, Number]]:
    for labels, part in _parts(folded):
        for period, pnl in part.period_pnl.items():
            yield (*labels, period._value_), pnl  # `.value` is a slow property


def _causes(causes: Causes) -> Iterator[tuple[Labels, Number]]:
    yield ("market",), causes.market
    yield ("selection",), causes.selection
    yield ("slippage",), causes.slippage
    yield ("fees",), causes.fees
    yield ("funding",), causes.funding


def _residuals(folded: FoldedSnapshot) -> Iterator[tuple[Labels, Number]]:
    """An unknown residual of a folded strategy is skipped: it must not hide those of the others."""
    for labels, strategy in every_strategy(folded):
        if strategy.attribution.residual is not None or strategy.name in folded.named:
            yield labels, strategy.attribution.residual


def _account_causes(folded: FoldedSnapshot) -> Iterator[tuple[Labels, Number]]:
    for _, portfolio in whole_account(folded):
        yield from _causes(portfolio.causes)


_STRATEGY = Rows(Group.ATTRIBUTION, "strategy", _strategies)
_PART = Rows(Group.ATTRIBUTION, "strategy component symbol", _parts)

STRATEGY_ATTRIBUTION = _PART.gauge(
    "strategy_attribution",
    Unit.MONEY,
    "Net P&L since start by component and symbol, at the current rates; the parts add up to the net.",
    lambda part: part.pnl,
)
STRATEGY_PERIOD_ATTRIBUTION = Rows(Group.ATTRIBUTION, "strategy component symbol period", _periods).gauge(
    "strategy_period_attribution",
    Unit.MONEY,
    "Net P&L since the start of the period by component and symbol; the parts add up to the period's.",
    itself,
)
STRATEGY_CAUSE_PNL = _STRATEGY.by("cause", lambda figures: _causes(figures.causes)).gauge(
    "strategy_cause_pnl",
    Unit.MONEY,
    "Net P&L since start by cause (market, selection, slippage, fees, funding); costs are negative; the causes add up to it.",
    itself,
)
STRATEGY_ATTRIBUTION_RESIDUAL = Rows(Group.ATTRIBUTION, "strategy", _residuals).gauge(
    "strategy_attribution_residual",
    Unit.MONEY,
    "Net P&L as kept event by event less the sum of its parts; exactly 0.",
    itself,
)
STRATEGY_COMPONENTS_FOLDED = _STRATEGY.counter(
    "strategy_components_folded_total",
    Unit.COUNT,
    "Fills and fundings booked to the component `other`, because the strategy already has 50 named components.",
    lambda figures: figures.folded_components,
)
PORTFOLIO_CAUSE_PNL = Rows(Group.ATTRIBUTION, "cause", _account_causes).gauge(
    "portfolio_cause_pnl", Unit.MONEY, "Net P&L of all strategies by cause; the causes add up to it.", itself
)
