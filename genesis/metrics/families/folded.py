"""Which label values are told by name."""

from __future__ import annotations

from genesis.ledger.component import MAIN, OTHER
from genesis.snapshot import MonitorSnapshot


class Folded:
    """Which label values are told by name. The first come are; the rest are folded into `other`, where sums have a meaning."""

    def __init__(self, snapshot: MonitorSnapshot, max_strategies: int, max_symbols: int) -> None:
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
