"""Where a strategy's net P&L comes from: by holding and period, and by cause. Each adds up to the net, to the last digit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from math import isfinite
from typing import NamedTuple

import msgspec

from genesis.core.money import ZERO, total, worth_of
from genesis.ledger.book import Book, Rates
from genesis.ledger.component import PartPnl, PartStarts, add_amount
from genesis.ledger.currency import NO_CONVERSION, NO_MARK
from genesis.ledger.periods import PERIODS, Period

NO_BENCHMARK = "no_benchmark"
NO_BETA = "no_beta"
WARMING_UP = "warming_up"
NO_START = "no_mark_at_period_start"

_QUANTUM = Decimal("1e-12")
_QUANTISING = Context(prec=60)
_LARGEST = 1e30
"""A larger amount in one step is the effect of a wrong price, and would not fit the digits of the books; it is left out."""


class PartFigures(NamedTuple):
    """P&L of one component of a strategy in one symbol, in the reporting currency at the current rates."""

    component: str
    symbol: str
    pnl: Decimal | None
    """Since the start; None without a mark or a rate that it needs."""
    period_pnl: Mapping[Period, Decimal | None]
    """Since each period began; None while the P&L is not known now, or was not known when the period began."""


class Causes(NamedTuple):
    """P&L by cause, in the reporting currency; the five add up to the net. None where a mark or a rate is missing."""

    market: Decimal | None
    """β × position × return of the benchmark, summed over symbols and steps of the grid."""
    selection: Decimal | None
    """The rest of the P&L that price moves made."""
    slippage: Decimal | None
    """Fills against their decision prices, below 0 where it cost; fills without a decision price have none."""
    fees: Decimal | None
    """Below 0 where they were paid."""
    funding: Decimal | None
    """Above 0 where it was received."""


@dataclass(frozen=True, slots=True)
class AttributionFigures:
    """A strategy's net P&L, taken apart."""

    parts: tuple[PartFigures, ...]
    causes: Causes
    residual: Decimal | None
    """The net P&L that the book updates event by event, less the sum of the parts: 0. None while the net is not known."""
    folded_components: int
    """Fills and fundings booked to the component `other`, because the limit of component names was reached."""
    undefined: Mapping[str, str]
    """Figure → reason."""


class MarketPart(msgspec.Struct):
    """The part of a strategy's P&L that the market made: Σ over steps and symbols of β × position × return of the benchmark.

    It is an estimate on floats, each step of it rounded to 1e-12; selection takes the rest, so that the causes add up.
    Instances are mutable, encode as JSON, and are owned by one strategy.
    """

    pnl: Decimal = ZERO
    """In the reporting currency."""
    reason: str | None = WARMING_UP
    """Why `pnl` lacks the last step, or some symbols of it; None if the last step is complete."""

    def observe(self, exposures: Mapping[str, float], betas: Mapping[str, float], benchmark_return: float) -> None:
        """Take in a step of the grid.

        Args:
            exposures: symbol → signed value of the position at the point before, in the reporting currency.
            betas: symbol → beta to the benchmark; where it is absent or NaN, the symbol counts for 0.
            benchmark_return: simple return of the benchmark from the point before to this one; NaN if it is not known.
        """
        held = {symbol: value for symbol, value in exposures.items() if value}
        if not isfinite(benchmark_return):
            self.reason = NO_BENCHMARK
            return
        known = {symbol: beta for symbol in held if isfinite(beta := betas.get(symbol, float("nan")))}
        self.reason = None if len(known) == len(held) else NO_BETA
        moved = sum(beta * held[symbol] for symbol, beta in known.items()) * benchmark_return  # fsum raises where it overflows
        if abs(moved) < _LARGEST:
            self.pnl += _QUANTISING.quantize(Decimal(moved), _QUANTUM)


def attribution(
    book: Book, marks: Mapping[str, Decimal], rates: Rates, market: Decimal, market_reason: str | None
) -> AttributionFigures:
    """Take the net P&L of a book apart, in `EXACT` arithmetic.

    Args:
        book: the strategy's account.
        marks: symbol → the price that its positions are valued at, of the symbols that have one.
        rates: currency → what one unit is worth in the reporting currency.
        market: what the market made of the P&L; 0 without a beta.
        market_reason: why a part of it is missing; None if none is.
    """
    parts = list(book.parts(marks, rates))
    figures = tuple(_period_figures(book, parts))
    valued = all(symbol in marks or not held.quantity for symbol, held in book.holdings.items())
    by_currency = _by_currency(parts) if valued else None
    causes = _causes(book, by_currency, rates, market)
    net = book.net_pnl
    added = worth_of(by_currency, rates) if by_currency is not None else None
    residual = net - added if net is not None and added is not None else None
    reason = NO_CONVERSION if valued else NO_MARK
    undefined = _undefined_parts(figures, NO_CONVERSION if all(part.marked for part in parts) else NO_MARK)
    undefined |= dict.fromkeys(("cause_pnl",) if None in causes else (), reason)
    undefined |= dict.fromkeys(("attribution_residual",) if residual is None else (), reason)
    undefined |= {"market_pnl": market_reason} if market_reason is not None else {}
    return AttributionFigures(figures, causes, residual, book.components.folded, undefined)


def added_causes(strategies: Iterable[Causes]) -> Causes:
    """The causes of several strategies together; None where one of them is."""
    every = tuple(strategies)
    return Causes(*map(total, zip(*every, strict=True))) if every else Causes(*[ZERO] * len(Causes._fields))


def _period_figures(book: Book, parts: Iterable[PartPnl]) -> Iterable[PartFigures]:
    starts = [(period, book.part_starts.get(period, {})) for period in PERIODS]
    gone = {(symbol, component) for _, start in starts for symbol, held in start.items() for component in held}
    for symbol, component, _, _, value in parts:
        gone.discard((symbol, component))
        yield PartFigures(component, symbol, value, _since(value, starts, symbol, component))
    for symbol, component in sorted(gone):  # all its fills and fundings have been voided since
        yield PartFigures(component, symbol, ZERO, _since(ZERO, starts, symbol, component))


def _since(
    value: Decimal | None, starts: Iterable[tuple[Period, PartStarts]], symbol: str, component: str
) -> dict[Period, Decimal | None]:
    """A part's P&L since the start of each period; a part without a saved start began at 0."""
    since = {}
    for period, start in starts:
        held = start.get(symbol)
        since[period] = value if held is None else _less(value, held.get(component, ZERO))
    return since


def _less(value: Decimal | None, start: Decimal | None) -> Decimal | None:
    return None if value is None or start is None else value - start


def _by_currency(parts: Iterable[PartPnl]) -> dict[str, Decimal]:
    added: dict[str, Decimal] = {}
    for part in parts:
        for currency, amount in part.amounts.items():
            add_amount(added, currency, amount)
    return added


def _causes(book: Book, net: Mapping[str, Decimal] | None, rates: Rates, market: Decimal) -> Causes:
    """`net`: currency → P&L of all parts; None while a mark is missing."""
    fees: dict[str, Decimal] = {}
    funding: dict[str, Decimal] = {}
    slippage: dict[str, Decimal] = {}
    price = dict(net) if net is not None else None
    for holding in book.holdings.values():
        add_amount(slippage, holding.currency, -holding.execution.slippage)
        for currency, fee in holding.fees.items():
            add_amount(fees, currency, -fee)
        for currency, amount in holding.funding.items():
            add_amount(funding, currency, amount)
    if price is not None:
        for amounts in (fees, funding):
            for currency, amount in amounts.items():
                add_amount(price, currency, -amount)
    made = worth_of(price, rates) if price is not None else None
    slipped = worth_of(slippage, rates)
    selection = made - market - slipped if made is not None and slipped is not None else None
    return Causes(market, selection, slipped, worth_of(fees, rates), worth_of(funding, rates))


def _undefined_parts(parts: Iterable[PartFigures], reason: str) -> dict[str, str]:
    """Figure → why it is left out for some part; `reason` is why a part has no value now."""
    undefined: dict[str, str] = {}
    for part in parts:
        if part.pnl is None:
            undefined["attribution"] = reason
        for period, pnl in part.period_pnl.items():
            if pnl is None:
                undefined[f"{period.value}_attribution"] = reason if part.pnl is None else NO_START
    return undefined
