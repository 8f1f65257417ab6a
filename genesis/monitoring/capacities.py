"""The capacity of each strategy at one moment: its book and its orders against the markets that it trades."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from genesis.analytics.capacity import (
    CapacityFigures,
    Edge,
    Limit,
    Multiple,
    SymbolCapacity,
    depth_multiple,
    edge_multiple,
    participation_multiple,
)
from genesis.analytics.impact import ImpactObservation, Orders, SymbolOrders, coefficient_of
from genesis.analytics.liquidity import Markets
from genesis.ledger.book import Book, Rates
from genesis.ledger.currency import NO_CONVERSION
from genesis.settings.statistics import StatisticsSettings

WARMING_UP = "warming_up"
NO_CAPITAL = "no_capital"
NO_EDGE = "no_edge"
NO_VOLUME = "no_volume"
NO_DEPTH = "no_depth"
ZERO_VARIANCE = "zero_variance"

_DAY = timedelta(days=1)


class Money(NamedTuple):
    """A strategy's net P&L and fees since its first event, in the reporting currency; `reason` if one is unknown."""

    net: Decimal | None
    fees: Decimal | None
    reason: str


class _Conditions(NamedTuple):
    """The current market of a symbol."""

    volatility: float | None
    quantity: float | None
    """The daily volume in units, if it was observed for long enough and is above 0."""
    volume: float | None
    """The same as value, in the currency of the symbol."""
    observed_seconds: float
    depth: float | None
    spread_ratio: float | None
    reason: str
    """Why the impact of orders is unknown; empty if it is known."""


class Capacities:
    """Computes the capacity of several strategies at one moment. Each symbol's market is read once."""

    def __init__(
        self,
        settings: StatisticsSettings,
        markets: Markets,
        rates: Rates,
        now: datetime | None,
        volatility: Callable[[str], float | None],
    ) -> None:
        """`volatility`: symbol → its daily volatility as a ratio, or None while it is unknown. `now` is event time."""
        self._settings = settings.capacity
        self._min_observed = settings.min_observations * settings.step
        self._markets = markets
        self._rates = rates
        self._now = now
        self._volatility = volatility
        self._conditions: dict[str, _Conditions] = {}
        self._floats: dict[str, float] = {}
        """The rates used so far, as floats."""

    def figures(self, book: Book, orders: Orders, money: Money) -> CapacityFigures:
        """How much capital the strategy of `book` can take."""
        traded = {symbol: symbol_orders for symbol, symbol_orders in orders.symbols.items() if symbol_orders.orders > 0}
        age = (self._now or book.opened) - book.opened
        if not traded or age < self._min_observed:
            return self._unknown(book, age, WARMING_UP)
        days = age / _DAY
        coefficient, calibrated_on = self._coefficient(traded)
        symbols = tuple(
            self._symbol(book, symbol, symbol_orders, days, coefficient) for symbol, symbol_orders in traded.items()
        )
        edge = self._edge(book, traded, symbols, money, days)
        most = float(self._settings.participation_ratio)
        multiples: dict[Limit, Multiple | str] = {
            Limit.EDGE: edge if isinstance(edge, str) else edge_multiple(edge, symbols) or NO_EDGE,
            Limit.PARTICIPATION: participation_multiple(symbols, most) or self._volume_reason(symbols),
            Limit.DEPTH: depth_multiple(symbols) or NO_DEPTH,
        }
        if book.capital <= 0:
            multiples = dict.fromkeys(Limit, NO_CAPITAL)
        return _figures(
            capital=float(book.capital),
            multiples=multiples,
            edge=None if isinstance(edge, str) else edge,
            days=days,
            impact_coefficient=coefficient,
            calibrated_on=calibrated_on,
            symbols=symbols,
        )

    def _unknown(self, book: Book, age: timedelta, reason: str) -> CapacityFigures:
        return _figures(
            capital=float(book.capital),
            multiples=dict.fromkeys(Limit, reason),
            edge=None,
            days=age / _DAY,
            impact_coefficient=float(self._settings.impact_coefficient),
            calibrated_on=0,
            symbols=(),
        )

    def _edge(
        self,
        book: Book,
        traded: Mapping[str, SymbolOrders],
        symbols: tuple[SymbolCapacity, ...],
        money: Money,
        days: float,
    ) -> Edge | str:
        """Earnings and costs of a day, or why they are unknown."""
        if money.net is None or money.fees is None:
            return money.reason
        impact = spread = 0.0
        for capacity in symbols:
            if capacity.impact is None:
                return self._market(capacity.symbol).reason or NO_CONVERSION
            impact += capacity.impact
            spread += traded[capacity.symbol].spread_cost * (self._rate(book.holdings[capacity.symbol].currency) or 0.0)
        if not impact > 0:
            return ZERO_VARIANCE
        return Edge.of(float(money.net) / days, (float(money.fees) + spread) / days, impact)

    def _symbol(self, book: Book, symbol: str, symbol_orders: SymbolOrders, days: float, coefficient: float) -> SymbolCapacity:
        market = self._market(symbol)
        volatility, quantity, volume, observed, depth, spread, _ = market
        rate = self._rate(book.holdings[symbol].currency)
        impact = None
        if quantity is not None and volatility is not None and rate is not None:
            impact = symbol_orders.impact(coefficient, volatility, quantity) * rate / days
        value, orders = symbol_orders.value, symbol_orders.orders
        return SymbolCapacity(  # one for each symbol of each strategy in each snapshot: keywords would take twice as long
            symbol, orders, value / days, value / orders, impact, volatility, volume, observed, depth, spread
        )

    def _coefficient(self, traded: Mapping[str, SymbolOrders]) -> tuple[float, int]:
        """Y, and how many of the strategy's own fills it was estimated on; 0 if Y is the configured one."""
        fills = sum(symbol_orders.compared_fills for symbol_orders in traded.values())
        if fills >= self._settings.calibration_fills:
            samples = list(self._samples(traded))
            fitted = coefficient_of(samples)
            if fitted is not None:
                return fitted, sum(sample.orders.compared_fills for sample in samples)
        return float(self._settings.impact_coefficient), 0

    def _samples(self, traded: Mapping[str, SymbolOrders]) -> Iterator[ImpactObservation]:
        for symbol, symbol_orders in traded.items():
            market = self._market(symbol)
            if market.quantity is not None and market.volatility:
                yield ImpactObservation(symbol_orders, market.volatility, market.quantity)

    def _market(self, symbol: str) -> _Conditions:
        known = self._conditions.get(symbol)
        if known is None:
            known = self._conditions[symbol] = self._read_market(symbol)
        return known

    def _read_market(self, symbol: str) -> _Conditions:
        now = self._now
        volume = self._markets.volume(symbol, now) if now is not None else None
        depth = self._markets.depth(symbol, now) if now is not None else None
        volatility = self._volatility(symbol)
        observed = volume.observed_seconds if volume is not None else 0.0
        reason = "" if volatility is not None else WARMING_UP
        if volume is None or not volume.quantity > 0:
            volume, reason = None, NO_VOLUME
        elif observed < self._min_observed.total_seconds():
            volume, reason = None, WARMING_UP
        return _Conditions(
            volatility=volatility,
            quantity=volume.quantity if volume is not None else None,
            volume=volume.value if volume is not None else None,
            observed_seconds=observed,
            depth=depth.value if depth is not None else None,
            spread_ratio=depth.spread_ratio if depth is not None else None,
            reason=reason,
        )

    def _rate(self, currency: str) -> float | None:
        rate = self._floats.get(currency)
        if rate is None and (exact := self._rates.get(currency)) is not None:
            rate = self._floats[currency] = float(exact)
        return rate

    def _volume_reason(self, symbols: tuple[SymbolCapacity, ...]) -> str:
        reasons = {self._market(capacity.symbol).reason for capacity in symbols if capacity.volume is None}
        return NO_VOLUME if NO_VOLUME in reasons else WARMING_UP


def _figures(
    *,
    capital: float,
    multiples: Mapping[Limit, Multiple | str],
    edge: Edge | None,
    days: float,
    impact_coefficient: float,
    calibrated_on: int,
    symbols: tuple[SymbolCapacity, ...],
) -> CapacityFigures:
    """The figures from the limits, each a multiple of the capital, or the reason why it is unknown."""
    known = {limit: multiple for limit, multiple in multiples.items() if isinstance(multiple, Multiple)}
    undefined = {f"capacity_{limit.value}": reason for limit, reason in multiples.items() if isinstance(reason, str)}
    binding: Limit | None = None
    if Limit.EDGE in known:
        binding = min(known, key=lambda limit: known[limit].value)
    else:
        undefined |= dict.fromkeys(("capacity", "capacity_used_ratio"), undefined["capacity_edge"])
    bound = known[binding] if binding is not None else None
    if bound is not None and not bound.value > 0:
        undefined["capacity_used_ratio"] = "no_capacity"
    return CapacityFigures(
        capital=capital,
        capacity=capital * bound.value if bound is not None else None,
        used_ratio=1 / bound.value if bound is not None and bound.value > 0 else None,
        limits={limit: capital * multiple.value for limit, multiple in known.items()},
        binding_limit=binding,
        binding_symbol=bound.symbol if bound is not None else None,
        edge=edge,
        days=days,
        impact_coefficient=impact_coefficient,
        calibrated_on=calibrated_on,
        symbols=symbols,
        undefined=undefined,
    )
