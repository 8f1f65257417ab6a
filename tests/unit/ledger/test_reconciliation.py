"""A broker's statement against the books: nothing where they agree, and exactly what differs where they do not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from decimal import Decimal

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from genesis.core.errors import EventError
from genesis.core.models import AnyEvent, CapitalFlow, Fill, Funding, Side, Void
from genesis.core.money import ZERO, exact_arithmetic
from genesis.core.receipt import Outcome
from genesis.core.statement import CashBasis, ComparisonSettings, Item, Statement
from genesis.ingest.statement import read_statement
from genesis.ledger.journal import Journal
from genesis.ledger.reconciliation import MAX_KEPT_BREAKS, MAX_SCOPES, Break, Reconciliation
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.monitor import MonitorSettings
from tests.oracle.histories import MARKETS, NO_GRID, PLAIN, STRATEGIES, WILD, Market, histories
from tests.search import examples
from tests.unit.monitoring.account import capital, fill, monitor, rules

D = Decimal
SETTLED = ComparisonSettings(cash=CashBasis.SETTLED)
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
REPORTING = "USDT"


@pytest.fixture(autouse=True, scope="module")
def _quiet() -> Iterator[None]:
    with capture_logs():
        yield


class Broker:
    """Keeps what it owes by the flow of cash alone: no average cost, no realised P&L."""

    def __init__(self, market: Market) -> None:
        self._quoted_in = market["symbol_currencies"]
        self.positions: dict[Item, Decimal] = {}
        self.cash: dict[Item, Decimal] = {}

    def take(self, events: Sequence[AnyEvent]) -> None:
        """Take in what was accepted; a voided fill never was."""
        void = {(event.source, event.voids) for event in events if isinstance(event, Void)}
        for event in events:
            if isinstance(event, Fill) and (event.source, event.event_id) not in void:
                self._add(self.positions, event.strategy, event.symbol, event.signed_quantity)
                quoted = self._quoted_in.get(event.symbol, REPORTING)
                self._add(self.cash, event.strategy, quoted, -event.signed_quantity * event.price)
                self._add(self.cash, event.strategy, event.fee_currency or quoted, -event.fee)
            elif isinstance(event, Funding):
                quoted = self._quoted_in.get(event.symbol, REPORTING)
                self._add(self.cash, event.strategy, event.currency or quoted, event.amount)
            elif isinstance(event, CapitalFlow):
                self._add(self.cash, event.strategy, REPORTING, event.amount)

    def statement(self, *, by_strategy: bool, strategies: Sequence[str] = STRATEGIES) -> Statement:
        """What it says of some strategies, one by one or together; zeros are left out."""
        return Statement(
            _summed(self.positions, strategies, by_strategy=by_strategy),
            _summed(self.cash, strategies, by_strategy=by_strategy),
        )

    def _add(self, sums: dict[Item, Decimal], strategy: str, name: str, amount: Decimal) -> None:
        sums[Item(strategy, name)] = sums.get(Item(strategy, name), ZERO) + amount


def _summed(rows: dict[Item, Decimal], strategies: Sequence[str], *, by_strategy: bool) -> dict[Item, Decimal]:
    sums: dict[Item, Decimal] = {}
    for item, amount in rows.items():
        if item.strategy in strategies:
            key = item if by_strategy else Item("", item.name)
            sums[key] = sums.get(key, ZERO) + amount
    return {item: amount for item, amount in sums.items() if amount}


def written(statement: Statement) -> bytes:
    rows = [f"{item.strategy},{item.name},,{amount:f}" for item, amount in statement.positions.items()]
    rows += [f"{item.strategy},,{item.name},{amount:f}" for item, amount in statement.cash.items()]
    return "\n".join(["strategy,symbol,currency,quantity", *rows]).encode()


async def both_sides(events: Sequence[AnyEvent], market: Market) -> tuple[StrategyPerformanceMonitor, Broker]:
    """The history as a monitor books it, and as the broker does."""
    async with Journal(":memory:") as journal:
        made = StrategyPerformanceMonitor(
            MonitorSettings(reporting_currency=REPORTING, statistics=NO_GRID, **market), rules(), journal
        )
        await made.restore()
        accepted = [event for event in events if (await made.handle(event)).outcome is Outcome.ACCEPTED]
    broker = Broker(market)
    with exact_arithmetic():
        broker.take(accepted)
    return made, broker


@settings(max_examples=examples(50), phases=PHASES)
@given(
    events=histories(PLAIN, length=25) | histories(WILD, length=12),
    market=st.sampled_from(MARKETS),
    by_strategy=st.booleans(),
    data=st.data(),
)
def test_a_true_statement_has_no_breaks_and_any_change_is_exactly_that_break(
    events: list[AnyEvent], market: Market, by_strategy: bool, data: st.DataObject
) -> None:
    made, broker = asyncio.run(both_sides(events, market))
    with exact_arithmetic():
        true = broker.statement(by_strategy=by_strategy)
        assert read_statement(written(true)) == true
        found = made.reconcile(true, SETTLED)
        assert found.breaks == ()
        assert (found.positions, found.cash) == (len(true.positions), len(true.cash))
        rows = [(side, item) for side, items in enumerate((true.positions, true.cash)) for item in items]
        rows += [(0, Item("carry" if by_strategy else "", "nothing")), (1, Item("pairs" if by_strategy else "", "JPY"))]
        side, item = data.draw(st.sampled_from(rows))
        if side == 1 and not true.cash:
            return  # a first row of cash makes all cash be compared
        change = data.draw(st.sampled_from([D("1e-18"), D("-0.5"), D(1000), None]))
        sides = [dict(true.positions), dict(true.cash)]
        before = sides[side].get(item, ZERO)
        if change is None:
            if len(sides[side]) < 2 or item not in sides[side]:
                return
            del sides[side][item]
            change = -before
        else:
            sides[side][item] = before + change
        name = {"symbol": item.name} if side == 0 else {"currency": item.name}
        expected = Break(strategy=item.strategy, **name, books=before, statement=before + change, difference=change)
        assert made.reconcile(Statement(*sides), SETTLED).breaks == (expected,)


@settings(max_examples=examples(25), phases=PHASES)
@given(events=histories(PLAIN, length=25), strategies=st.sets(st.sampled_from(STRATEGIES), min_size=1), together=st.booleans())
def test_a_statement_of_some_strategies_is_compared_with_those_alone(
    events: list[AnyEvent], strategies: set[str], together: bool
) -> None:
    made, broker = asyncio.run(both_sides(events, MARKETS[0]))
    known = tuple(sorted(strategies & {strategy.name for strategy in made.snapshot().strategies}))
    if not known:
        return
    with exact_arithmetic():
        statement = broker.statement(by_strategy=not together, strategies=known)
    assert made.reconcile(statement, ComparisonSettings(strategies=known, cash=CashBasis.SETTLED)).breaks == ()


async def one_account(made: StrategyPerformanceMonitor) -> None:
    """A long and a short of the same symbol; 990 and 1055 in the wallets, 890 and 1175 once positions are paid for."""
    await made.handle_batch(
        [
            capital("1000"),
            fill(Side.BUY, "1", "100", fee="10"),
            capital("1000", "beta"),
            fill(Side.SELL, "3", "40", strategy="beta"),
            fill(Side.BUY, "2", "12.5", strategy="beta"),
            fill(Side.SELL, "2", "40", strategy="beta"),
        ]
    )


def found(made: StrategyPerformanceMonitor, text: str, **terms: object) -> Reconciliation:
    return made.reconcile(read_statement(("strategy,symbol,currency,quantity\n" + text).encode()), ComparisonSettings(**terms))  # type: ignore[arg-type]


async def test_the_wallet_of_a_margin_account_and_cash_that_positions_were_paid_from() -> None:
    async with monitor() as m:
        await one_account(m)
        positions = "alpha,BTCUSDT,,1\nbeta,BTCUSDT,,-3\n"
        assert not found(m, positions + "alpha,,USDT,990\nbeta,,USDT,1055\n").breaks
        assert not found(m, positions + "alpha,,USDT,890\nbeta,,USDT,1175\n", cash=CashBasis.SETTLED).breaks
        assert not found(m, positions + ",,USDT,2045\n").breaks
        assert not found(m, ",BTCUSDT,,-2\n,,USDT,2065\n", cash=CashBasis.SETTLED).breaks


async def test_strategies_that_offset_each_other_are_flat_to_the_broker_alone() -> None:
    async with monitor() as m:
        await m.handle_batch([fill(Side.BUY, "1", "100"), fill(Side.SELL, "1", "100", strategy="beta")])
        result = found(m, "")
        assert (result.positions, result.cash, result.breaks) == (0, 0, ())
        assert [item.difference for item in found(m, "alpha,BTCUSDT,,2\n").breaks] == [D(1), D(1)]


async def test_a_position_that_the_statement_leaves_out_is_a_break() -> None:
    async with monitor() as m:
        await one_account(m)
        (item,) = found(m, "alpha,BTCUSDT,,1\n").breaks
        assert item == Break(strategy="beta", symbol="BTCUSDT", books=D(-3), statement=ZERO, difference=D(3))


async def test_without_a_row_of_cash_cash_is_not_compared_and_with_one_all_of_it_is() -> None:
    async with monitor() as m:
        await one_account(m)
        positions = "alpha,BTCUSDT,,1\nbeta,BTCUSDT,,-3\n"
        assert found(m, positions).cash == 0
        breaks = found(m, positions + "alpha,,EUR,0\n").breaks
        assert [(item.strategy, item.currency, item.difference) for item in breaks] == [
            ("alpha", "USDT", D(-990)),
            ("beta", "USDT", D(-1055)),
        ]


async def test_cash_within_the_tolerance_is_no_break_and_a_position_always_is() -> None:
    async with monitor() as m:
        await one_account(m)
        text = ",BTCUSDT,,-2.001\n,,USDT,2045.01\n"
        assert [item.symbol for item in found(m, text, tolerance=D("0.01")).breaks] == ["BTCUSDT"]
        assert len(found(m, text, tolerance=D("0.009")).breaks) == 2


async def test_a_strategy_without_a_book_cannot_be_compared() -> None:
    async with monitor() as m:
        await one_account(m)
        with pytest.raises(EventError, match="strategy: 'gamma' has no book, and cannot be compared"):
            found(m, "", strategies=("alpha", "gamma"))


def kept(made: StrategyPerformanceMonitor) -> dict[str, int]:
    return {result.scope: result.total_breaks for result in made.snapshot().reconciliations}


async def test_the_last_statement_of_each_scope_is_kept_and_one_of_all_takes_their_place() -> None:
    async with monitor() as m:
        await one_account(m)
        found(m, ",BTCUSDT,,2\n", strategies=("alpha",))
        found(m, ",BTCUSDT,,-3\n", strategies=("beta",))
        assert kept(m) == {"alpha": 1, "beta": 0}
        found(m, ",BTCUSDT,,1\n", strategies=("alpha",))
        assert kept(m) == {"alpha": 0, "beta": 0}
        found(m, "alpha,BTCUSDT,,1\n")
        assert kept(m) == {"": 1}


async def test_what_is_kept_is_bounded() -> None:
    async with monitor() as m:
        await m.handle_batch([capital("1", f"s{number}") for number in range(MAX_SCOPES + 1)])
        for number in range(MAX_SCOPES):
            found(m, "", strategies=(f"s{number}",))
        with pytest.raises(EventError, match="one more than 100 different choices"):
            found(m, "", strategies=(f"s{MAX_SCOPES}",))
        found(m, "", strategies=("s0",))
        result = found(m, "".join(f",x{number},,1\n" for number in range(MAX_KEPT_BREAKS + 10)))
        assert len(result.breaks) == result.total_breaks == MAX_KEPT_BREAKS + 10
        (one,) = m.snapshot().reconciliations
        assert (len(one.breaks), one.total_breaks) == (MAX_KEPT_BREAKS, MAX_KEPT_BREAKS + 10)


def test_different_choices_of_strategies_have_different_scopes() -> None:
    choices = [("a", "b"), ("a,b",), ("a\\", "b"), ("a\\,b",), ("all",), ()]
    assert len({ComparisonSettings(strategies=choice).scope for choice in choices}) == len(choices)
