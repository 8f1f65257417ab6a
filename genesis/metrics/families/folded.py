"""A snapshot with the label values beyond the bounds folded into `other`, and its strategies and account as rows of metrics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from genesis.ledger.component import MAIN, OTHER
from genesis.metrics.declaration import Labels

if TYPE_CHECKING:  # rotation imports the catalogue, and must not load numpy
    from genesis.snapshot import MonitorSnapshot, PortfolioSnapshot, StrategySnapshot


class FoldedSnapshot:
    """A snapshot, and the label values that are exposed by name: the first ones. The rest is summed as `other` where a sum
    makes sense, and left out elsewhere."""

    def __init__(self, snapshot: MonitorSnapshot, max_strategies: int, max_symbols: int) -> None:
        self.snapshot = snapshot
        names = [strategy.name for strategy in snapshot.strategies]
        symbols = dict.fromkeys(h.symbol for strategy in snapshot.strategies for h in strategy.holdings)
        symbols |= dict.fromkeys(snapshot.mark_timestamps)
        symbols |= dict.fromkeys(part.symbol for strategy in snapshot.strategies for part in strategy.attribution.parts)
        self.named = set(names[:max_strategies])
        self._symbols = set(list(symbols)[:max_symbols])
        self.counts = {"strategy": len(names) - len(self.named), "symbol": len(symbols) - len(self._symbols)}

    def strategy(self, name: str) -> str:
        return name if name in self.named else OTHER

    def component(self, strategy: str, component: str) -> str:
        """The components of folded strategies have no names of their own."""
        return component if strategy in self.named or component == MAIN else OTHER

    def symbol(self, symbol: str) -> str:
        return symbol if symbol in self._symbols else OTHER

    def known_symbol(self, symbol: str) -> bool:
        return symbol in self._symbols


def every_strategy(folded: FoldedSnapshot) -> Iterator[tuple[Labels, StrategySnapshot]]:
    """All strategies, those beyond the bound as `other`: for metrics that add up."""
    for strategy in folded.snapshot.strategies:
        yield (folded.strategy(strategy.name),), strategy


def named_strategies(folded: FoldedSnapshot) -> Iterator[tuple[Labels, StrategySnapshot]]:
    """The strategies within the bound: for metrics that do not add up."""
    for strategy in folded.snapshot.strategies:
        if strategy.name in folded.named:
            yield (strategy.name,), strategy


def whole_account(folded: FoldedSnapshot) -> Iterator[tuple[Labels, PortfolioSnapshot]]:
    """The account as a whole: no row while a strategy is failed, as the account is then unknown."""
    if not folded.snapshot.failed:
        yield (), folded.snapshot.portfolio
