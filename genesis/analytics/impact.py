"""What a strategy's own orders cost in the market: the square-root law, and its coefficient from the strategy's own fills.

An order of Q units, worth N, moves the price against itself by Y·σ·√(Q/V), as a ratio, on average over the order: σ is the
volatility of a day as a ratio, V the volume of a day in units, Y a number of the order of 1. So it costs Y·σ·√(Q/V)·N.
Sources: R. Almgren, C. Thum, E. Hauptmann and H. Li, Direct Estimation of Equity Market Impact (2005); for the exponent ½,
B. Tóth et al., Anomalous Price Impact and the Critical Nature of Liquidity (2011).

The tallies hold what does not depend on σ and V, so that a replay restores them and the current σ and V apply.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from math import sqrt
from typing import NamedTuple

import msgspec

from genesis.core.models import Fill, Liquidity
from genesis.core.money import ZERO

OPEN_ORDERS = 64
"""How many orders of a strategy are remembered; a later fill of one that is forgotten counts as a new order."""


class FilledOrder(msgspec.Struct, array_like=True):
    """What has been filled of an order. Instances are mutable, and owned by the strategy's `Orders`."""

    quantity: Decimal = ZERO
    value: float = 0.0
    """In the currency of the symbol."""
    compared: Decimal = ZERO
    """The quantity that took liquidity at a known distance from the arrival price."""
    cost: float = 0.0
    """Σ quantity × cost ratio beyond the half spread, over the compared quantity."""

    @property
    def root_value(self) -> float:
        """√Q·N: the order's impact is Y·σ/√V times this."""
        return sqrt(self.quantity) * self.value

    @property
    def root_cost(self) -> float:
        """√Q times the mean cost ratio of the compared quantity."""
        return self.cost / sqrt(self.compared) if self.compared else 0.0

    def change(self, fill: Fill, sign: int, cost: float | None) -> None:
        """Put a fill in (`sign` 1), or take it out again (−1); `cost` is its `impact_of`."""
        quantity = fill.quantity if sign > 0 else -fill.quantity
        self.quantity += quantity
        self.value += float(quantity) * float(fill.price)
        if cost is not None:
            self.compared += quantity
            self.cost += float(quantity) * cost


class SymbolOrders(msgspec.Struct, kw_only=True):
    """Sums over a strategy's orders in one symbol. Instances are mutable, and owned by the strategy's `Orders`."""

    orders: int = 0
    value: float = 0.0
    """Of all fills, in the currency of the symbol."""
    root_value: float = 0.0
    """Σ √Q·N over the orders."""
    spread_cost: float = 0.0
    """Half the spread at arrival × compared quantity, in the currency of the symbol."""
    compared_fills: int = 0
    """Fills that took liquidity at a known distance from the arrival price."""
    compared: float = 0.0
    """Their quantity."""
    root_cost: float = 0.0
    """Σ √Q × mean cost ratio beyond the half spread, over the orders of those fills."""

    def impact(self, coefficient: float, volatility: float, volume: float) -> float:
        """What all orders cost by the square-root law, in the currency of the symbol; `volume` of a day in units, above 0."""
        return coefficient * volatility / sqrt(volume) * self.root_value

    def change(self, fill: Fill, sign: int, cost: float | None) -> None:
        """Count a fill into the sums over fills, or out of them; `cost` is its `impact_of`."""
        quantity = sign * float(fill.quantity)
        self.value += quantity * float(fill.price)
        if cost is not None and fill.arrival_spread is not None:
            self.compared_fills += sign
            self.compared += quantity
            self.spread_cost += quantity * float(fill.arrival_spread) / 2


class Orders(msgspec.Struct, kw_only=True):
    """The orders of one strategy: fills that came from one signal are one order, another fill is an order of its own."""

    symbols: dict[str, SymbolOrders] = msgspec.field(default_factory=dict)
    latest: dict[str, FilledOrder] = msgspec.field(default_factory=dict)
    """The latest orders that came from a signal, by source, signal and symbol."""

    def add(self, fill: Fill) -> None:
        """Count a fill, in `EXACT` arithmetic."""
        order = FilledOrder() if fill.signal_id is None else self.latest.get(_key(fill)) or self._remember(fill)
        self._change(fill, 1, order)

    def void(self, fill: Fill) -> None:
        """Take a fill out again. Where its order is forgotten, it counts as an order of its own."""
        order = self.latest.get(_key(fill))
        if order is None:
            order = FilledOrder()
            order.change(fill, 1, impact_of(fill))
        self._change(fill, -1, order)

    def _change(self, fill: Fill, sign: int, order: FilledOrder) -> None:
        tally = self.symbols.get(fill.symbol)
        if tally is None:
            tally = self.symbols[fill.symbol] = SymbolOrders()
        filled, root_value, root_cost = bool(order.quantity), order.root_value, order.root_cost
        cost = impact_of(fill)
        order.change(fill, sign, cost)
        tally.change(fill, sign, cost)
        tally.orders += bool(order.quantity) - filled
        tally.root_value += order.root_value - root_value
        tally.root_cost += order.root_cost - root_cost

    def _remember(self, fill: Fill) -> FilledOrder:
        order = self.latest[_key(fill)] = FilledOrder()
        if len(self.latest) > OPEN_ORDERS:
            del self.latest[next(iter(self.latest))]
        return order


class ImpactObservation(NamedTuple):
    """A strategy's orders in one symbol, and the symbol's market."""

    orders: SymbolOrders
    volatility: float
    """Of a day, as a ratio; above 0."""
    volume: float
    """Of a day, in units; above 0."""


def impact_of(fill: Fill) -> float | None:
    """What a fill cost beyond half the spread, as a ratio of the arrival price; below 0 it was better than that.

    None for a fill that gave liquidity, and where the arrival price or spread is not known.
    """
    if fill.liquidity is Liquidity.MAKER or fill.arrival_price is None or fill.arrival_spread is None:
        return None
    arrival = float(fill.arrival_price)
    return (fill.side.sign * (float(fill.price) - arrival) - float(fill.arrival_spread) / 2) / arrival


def coefficient_of(samples: Iterable[ImpactObservation]) -> float | None:
    """The Y that fits the orders best: least squares of their mean cost on σ·√(Q/V), without an intercept.

    None without orders that are compared, and where the fit is not above 0: then these orders show no impact.
    """
    cost = size = 0.0
    for orders, volatility, volume in samples:
        cost += volatility / sqrt(volume) * orders.root_cost
        size += volatility**2 / volume * orders.compared
    return cost / size if size > 0 and cost > 0 else None


def _key(fill: Fill) -> str:
    return "\0".join((fill.source, fill.signal_id or "", fill.symbol))
