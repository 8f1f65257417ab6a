"""How much capital a strategy can take before its own trading eats what it earns.

At m times today's capital every order is m times as large. Gross earnings and linear costs grow with m, the impact of
the orders grows with m^1.5 by the square-root law: net daily edge(m) = m·(gross − linear) − m^1.5·impact. It is
largest at (4/9)·m*, and 0 again at m* = ((gross − linear) / impact)².
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

BEST_SHARE = 4 / 9
"""Where the edge is largest, as a share of the break-even: d/dm (m·a − m^1.5·b) = 0 at m = (2a / 3b)²."""
CURVE_STEPS = 50
_STEPS_TO_BREAK_EVEN = 45
"""Of the curve's steps; a multiple of 9, so that the best m is a point of the curve, too."""


class Limit(enum.Enum):
    """What limits the capital."""

    EDGE = "edge"
    """More would earn less: the impact of the orders."""
    PARTICIPATION = "participation"
    """The strategy would be too much of a symbol's volume."""
    DEPTH = "depth"
    """An order would reach too far into a symbol's book."""


@dataclass(frozen=True, slots=True)
class Edge:
    """What a strategy earns and pays in a day at its size of today, in the reporting currency."""

    net: float
    """Net P&L."""
    gross: float
    """Before all of the costs below."""
    linear: float
    """Fees, and half the spread of what took liquidity: costs in proportion to the size."""
    impact: float
    """Of its own orders, by the model."""
    best_multiple: float | None
    """The m with the largest net daily edge; None if nothing is left at any size."""
    break_even_multiple: float | None
    """The m at which nothing is left; None if nothing is left at any size."""

    @classmethod
    def of(cls, net: float, linear: float, impact: float) -> Edge:
        """`impact` is above 0."""
        root = (net + impact) / impact  # gross − linear, without the digits that its difference loses
        end = root * root if root > 0 else None
        return cls(net, net + linear + impact, linear, impact, None if end is None else BEST_SHARE * end, end)

    def at(self, m: float) -> float:
        """What is left of a day at m times the size of today."""
        return float(m * (self.net + self.impact) - m**1.5 * self.impact)


class SymbolCapacity(msgspec.Struct, frozen=True):
    """What a strategy trades of a symbol, and what its market can take. Values are in the currency of the symbol."""

    symbol: str
    orders: int
    turnover: float
    """The value that the strategy trades in a day."""
    order_value: float
    """Of its mean order."""
    impact: float | None
    """What its orders cost in a day by the model, in the reporting currency."""
    daily_volatility: float | None
    """As a ratio."""
    volume: float | None
    """The value that the market trades in a day."""
    volume_observed_seconds: float
    """How much of the last 24 hours the volume was seen in."""
    depth: float | None
    """The value that the thinner side of the book offers within reach of the mid."""
    spread_ratio: float | None

    def depth_multiple(self) -> float | None:
        """How many times larger an order may be to fit into the depth; None where rounding left nothing of its value."""
        return self.depth / self.order_value if self.depth is not None and self.order_value > 0 else None

    def participation_multiple(self, most: float) -> float | None:
        """How many times larger the turnover may be for `most`, a ratio of the volume; None where rounding left none."""
        return most * self.volume / self.turnover if self.volume is not None and self.turnover > 0 else None


class Multiple(NamedTuple):
    """A limit as a multiple of today's capital, and the symbol that sets it."""

    value: float
    symbol: str


@dataclass(frozen=True, slots=True)
class CapacityFigures:
    """How much capital a strategy can take, in the reporting currency; where a figure is None, `undefined` has the reason."""

    capital: float
    capacity: float | None
    """The smallest of the known limits."""
    used_ratio: float | None
    """Capital over capacity; above 1 it is more than the strategy can take."""
    limits: Mapping[Limit, float]
    """The limits that are known, as capital."""
    binding_limit: Limit | None
    binding_symbol: str | None
    """The symbol that sets the limit; of the edge, the one whose orders have the most impact."""
    edge: Edge | None
    days: float
    """Event time since the strategy's first event, in days."""
    impact_coefficient: float
    """Y of the square-root law."""
    calibrated_on: int
    """The strategy's own fills that Y was estimated on; 0 if it is the configured one."""
    symbols: tuple[SymbolCapacity, ...]
    undefined: Mapping[str, str]
    """Figure → reason."""


class CurvePoint(NamedTuple):
    """What is left of a day at a size."""

    m: float
    capital: float
    net_daily_edge: float


def curve(edge: Edge, capital: float) -> tuple[CurvePoint, ...]:
    """The edge from no capital to ten percent beyond the break-even; its best m and the break-even are points of it.

    Empty where nothing is left at any size.
    """
    end = edge.break_even_multiple
    if end is None:
        return ()
    steps = (end * step / _STEPS_TO_BREAK_EVEN for step in range(CURVE_STEPS + 1))
    return tuple(CurvePoint(m, m * capital, edge.at(m)) for m in steps)


def edge_multiple(edge: Edge, symbols: Sequence[SymbolCapacity]) -> Multiple | None:
    """The best m; its symbol is the one whose orders have the most impact."""
    best = edge.best_multiple
    return None if best is None else Multiple(best, max(symbols, key=lambda one: one.impact or 0.0).symbol)


def participation_multiple(symbols: Sequence[SymbolCapacity], most: float) -> Multiple | None:
    """The smallest of the symbols'; None while one of them has no volume, as it could be the smallest."""
    return _smallest([(one.participation_multiple(most), one.symbol) for one in symbols])


def depth_multiple(symbols: Sequence[SymbolCapacity]) -> Multiple | None:
    """The smallest of the symbols'; None while one of them has no depth, as it could be the smallest."""
    return _smallest([(one.depth_multiple(), one.symbol) for one in symbols])


def _smallest(multiples: Sequence[tuple[float | None, str]]) -> Multiple | None:
    known = [Multiple(value, symbol) for value, symbol in multiples if value is not None]
    return min(known) if known and len(known) == len(multiples) else None
