"""The exact book of one strategy: capital, positions, fees, funding, and the equity at the current marks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from decimal import Decimal

import msgspec

from genesis.core.models import CapitalFlow, Fill, Funding
from genesis.core.money import ZERO, worth_of
from genesis.ledger.component import Components, PartPnl, PartStarts, starts_of
from genesis.ledger.currency import NO_CONVERSION, NO_MARK, Amounts, Unvalued
from genesis.ledger.drawdown import Drawdown
from genesis.ledger.holding import Holding
from genesis.ledger.periods import Period

Rates = Mapping[str, Decimal]
"""Currency → what one unit is worth in the reporting currency; a currency without a rate is not in it."""


class Book(msgspec.Struct, kw_only=True):
    """One strategy's account.

    `realized`, `fees` and `funding` hold the amounts in the reporting currency; `foreign` holds those in other currencies.
    Each fill, mark and rate adds only its change to `equity`. As the arithmetic is exact, `equity` always equals capital +
    Σ rate × (realised + unrealised − fees + funding) over the currencies. It is valid only while `unvalued` is empty: a
    position without a mark counts at cost, an amount without a rate does not count.
    """

    strategy: str
    currency: str
    """The reporting currency."""
    opened: datetime
    """The time of the first event."""
    drawdown: Drawdown
    capital: Decimal = ZERO
    realized: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    equity: Decimal = ZERO
    foreign: dict[str, Amounts] = msgspec.field(default_factory=dict)
    """Currency → the book's amounts in it; without the reporting currency."""
    holdings: dict[str, Holding] = msgspec.field(default_factory=dict)
    unvalued: set[Unvalued] = msgspec.field(default_factory=set)
    period_starts: dict[Period, Decimal | None] = msgspec.field(default_factory=lambda: dict.fromkeys(Period, ZERO))
    components: Components = msgspec.field(default_factory=Components)
    part_starts: dict[Period, PartStarts] = msgspec.field(default_factory=dict)
    """Each part's P&L at the start of the current periods."""

    @property
    def net_pnl(self) -> Decimal | None:
        """Equity − capital; None while the value of a part is unknown."""
        return None if self.unvalued else self.equity - self.capital

    def holding(self, symbol: str, currency: str) -> Holding:
        """The holding of `symbol`, which is quoted in `currency`; created at its first use."""
        holding = self.holdings.get(symbol)
        if holding is None:
            holding = self.holdings[symbol] = Holding(symbol=symbol, currency=currency)
        return holding

    def fill(self, fill: Fill, currency: str, mark: Decimal | None, rates: Rates) -> None:
        """Book a fill of a symbol that is quoted in `currency`."""
        holding = self.holding(fill.symbol, currency)
        was_open = bool(holding.quantity)
        before = holding.unrealized(mark) if mark is not None else ZERO
        gain = realized = holding.fill(fill, self.components.admit(fill.component))
        if mark is not None:
            gain += holding.unrealized(mark) - before
        self._add(currency, rates, realized=realized, gain=gain, positions=bool(holding.quantity) - was_open)
        if fill.fee:
            self._add(fill.fee_currency or currency, rates, fees=fill.fee, gain=-fill.fee)
        self._follow_mark(holding, mark)
        self.observe(fill.time)

    def fund(self, funding: Funding, currency: str, rates: Rates) -> None:
        """Book a funding payment on a symbol that is quoted in `currency`."""
        self.holding(funding.symbol, currency).fund(funding, self.components.admit(funding.component))
        if funding.amount:
            self._add(funding.currency or currency, rates, funding=funding.amount, gain=funding.amount)
        self.observe(funding.time)

    def move_capital(self, flow: CapitalFlow) -> None:
        """Book a deposit or a withdrawal of capital; it is neither a gain nor a loss."""
        before = self.equity
        self.capital += flow.amount
        self.equity += flow.amount
        self.drawdown.flow(before, self.equity, flow.time)
        self.observe(flow.time)

    def replace(self, holding: Holding, mark: Decimal | None, rates: Rates) -> Holding:
        """Replace the holding of the same symbol by `holding`; return the old one."""
        old = self.holdings[holding.symbol]
        self._count(old, -1, mark, rates)
        self.holdings[holding.symbol] = holding
        self._count(holding, 1, mark, rates)
        self._follow_mark(holding, mark)
        return old

    def recount(self, marks: Mapping[str, Decimal], rates: Rates) -> None:
        """Compute every sum again from the holdings."""
        self.realized = self.fees = self.funding = ZERO
        self.equity = self.capital
        self.foreign, self.unvalued = {}, set()
        for holding in self.holdings.values():
            mark = marks.get(holding.symbol)
            self._count(holding, 1, mark, rates)
            self._follow_mark(holding, mark)

    def parts(self, marks: Mapping[str, Decimal], rates: Rates) -> Iterator[PartPnl]:
        """The P&L of each part at these marks and rates, from its own fills and fundings."""
        for symbol, holding in self.holdings.items():
            mark, currency = marks.get(symbol), holding.currency
            for component, part in holding.parts():
                amounts = part.amounts(currency, ZERO if mark is None else mark)
                marked = mark is not None or not part.quantity
                yield PartPnl(symbol, component, amounts, marked, worth_of(amounts, rates) if marked else None)

    def end_periods(self, ended: Collection[Period], marks: Mapping[str, Decimal], rates: Rates) -> None:
        """Store the current P&L as the start of the periods that follow the `ended` ones."""
        starts = starts_of(self.parts(marks, rates))
        for period in ended:
            self.period_starts[period] = self.net_pnl
            self.part_starts[period] = starts

    def observe(self, time: datetime) -> None:
        """Update the drawdown with the equity, if the equity is known."""
        if not self.unvalued:
            self.drawdown.observe(self.equity, time)

    def _count(self, holding: Holding, sign: int, mark: Decimal | None, rates: Rates) -> None:
        """Add a whole holding to the sums (`sign` 1), or subtract it (−1)."""
        realized = sign * holding.realized
        gain = realized if mark is None else realized + sign * holding.unrealized(mark)
        self._add(holding.currency, rates, realized=realized, gain=gain, positions=sign * bool(holding.quantity))
        for currency, fees in holding.fees.items():
            self._add(currency, rates, fees=sign * fees, gain=-sign * fees)
        for currency, funding in holding.funding.items():
            self._add(currency, rates, funding=sign * funding, gain=sign * funding)

    def _add(
        self,
        currency: str,
        rates: Rates,
        *,
        gain: Decimal,
        realized: Decimal = ZERO,
        fees: Decimal = ZERO,
        funding: Decimal = ZERO,
        positions: int = 0,
    ) -> None:
        """Add amounts in `currency`; `gain` is their net effect on the equity, unrealised P&L included."""
        if currency == self.currency:
            self.realized += realized
            self.fees += fees
            self.funding += funding
            self.equity += gain
            return
        amounts = self.foreign.get(currency)
        if amounts is None:
            amounts = self.foreign[currency] = Amounts()
        amounts.realized += realized
        amounts.fees += fees
        amounts.funding += funding
        amounts.net += gain
        amounts.positions += positions
        rate = rates.get(currency)
        if rate is not None:
            self.equity += rate * gain
        elif amounts.involved:
            self.unvalued.add(Unvalued(NO_CONVERSION, currency))
        else:
            self.unvalued.discard(Unvalued(NO_CONVERSION, currency))

    def _follow_mark(self, holding: Holding, mark: Decimal | None) -> None:
        """Update `unvalued`: whether the holding is an open position without a mark."""
        if mark is not None and not self.unvalued:
            return
        if mark is None and holding.quantity:
            self.unvalued.add(Unvalued(NO_MARK, holding.symbol))
        else:
            self.unvalued.discard(Unvalued(NO_MARK, holding.symbol))
