"""The returns of each strategy, and of the account, as rows of metrics. Their figures do not add up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from genesis.metrics.declaration import Group, Labels, Rows, Twins
from genesis.metrics.families.folded import FoldedSnapshot, named_strategies, whole_account

if TYPE_CHECKING:
    from decimal import Decimal

    from genesis.snapshot import ReturnFigures


class Returns(NamedTuple):
    """The returns of a strategy, or of the account."""

    figures: ReturnFigures
    equity: Decimal | None


def _strategies(folded: FoldedSnapshot) -> Iterator[tuple[Labels, Returns]]:
    for labels, strategy in named_strategies(folded):
        if strategy.statistics is not None:
            yield labels, Returns(strategy.statistics, strategy.account.equity)


def _account(folded: FoldedSnapshot) -> Iterator[tuple[Labels, Returns]]:
    for labels, portfolio in whole_account(folded):
        if portfolio.statistics is not None:
            yield labels, Returns(portfolio.statistics, portfolio.account.equity)


def returns(group: Group) -> Twins[FoldedSnapshot, Returns]:
    """The rows of a group."""
    return Twins(Rows(group, "strategy", _strategies), Rows(group, "", _account, last=True))
