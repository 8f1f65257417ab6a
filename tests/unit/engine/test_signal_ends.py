"""The engine tells of the signals of which nothing more will be filled."""

from __future__ import annotations

from decimal import Decimal

import pytest

from genesis.core.models import Allocation, AnyEvent, AnyMarketEvent, Fill, Side, Signal, SignalEnd, StrategyState
from genesis.engine.broker import Cancel, Order, PaperBroker, TradingConditions
from genesis.engine.engine import Account, TradingEngine
from genesis.engine.market import SimulatedMarket
from genesis.engine.paper import strategies_for
from tests.unit.engine.market_data import (
    COIN,
    FOUR,
    NO_PACING,
    START,
    TENTH,
    HandClock,
    Script,
    Tape,
    WrittenMarket,
    at,
    broker,
    depth,
    order,
    quote,
    trade,
)

BOOK = depth(0, [("99.9", "1"), ("99.8", "2")], [("100.1", "1"), ("100.2", "2")])


def paper(*instructions: Order | Cancel, book: AnyMarketEvent = BOOK, partial: bool = False) -> PaperBroker:
    """A broker at second 1, whose book is of second 0, with the instructions arrived: their signals are `s0`, `s1`, ..."""
    made = broker()
    list(made.on_market(book))
    for number, instruction in enumerate(instructions):
        made.submit("s", instruction, f"s{number}", at(0), partial=partial)
        list(made.arrivals(at(1)))
    return made


def ended(made: PaperBroker) -> list[str]:
    return [end.signal_id for end in made.ends()]


@pytest.mark.parametrize(
    ("instructions", "expected"),
    [
        ([order(Side.BUY, "3")], []),
        ([order(Side.BUY, "4")], ["s0"]),
        ([order(Side.BUY, "1", "99.5")], []),
        ([order(Side.BUY, "1", "100.1")], ["s0"]),
        ([order(Side.BUY, "1", "99.5"), order(Side.BUY, "1", "99.6")], ["s0"]),
        ([order(Side.BUY, "1", "99.5"), Cancel(COIN.symbol, Side.BUY)], ["s0"]),
        ([order(Side.BUY, "1", "99.5"), Cancel(COIN.symbol, Side.SELL)], []),
        ([Order(COIN.symbol, Side.SELL, Decimal(1), reduce_only=True)], ["s0"]),
    ],
    ids=["filled", "book exhausted", "resting", "post only", "replaced", "cancelled", "nothing to cancel", "nothing to reduce"],
)
def test_an_order_that_goes_without_being_filled_in_full_ends_its_signal(
    instructions: list[Order | Cancel], expected: list[str]
) -> None:
    made = paper(*instructions)
    assert ended(made) == expected
    assert ended(made) == []


def test_an_order_that_meets_a_stale_book_ends_its_signal_when_it_arrives() -> None:
    made = broker()
    list(made.on_market(BOOK))
    made.submit("s", order(Side.BUY, "1"), "s0", at(100))
    assert list(made.arrivals(at(200))) == []
    (end,) = made.ends()
    assert (end.time, end.strategy, end.signal_id) == (at(100.1), "s", "s0")


def test_a_resting_quote_ends_when_it_is_filled_less_than_its_signal_and_never_when_in_full() -> None:
    for partial, expected in ((False, []), (True, ["s0"])):
        made = paper(order(Side.BUY, "2", "99.5"), partial=partial)
        list(made.on_market(trade(2, "99", "1")))
        assert ended(made) == []
        list(made.on_market(trade(3, "99", "1")))
        assert ended(made) == expected


def test_a_reduce_only_quote_ends_when_the_position_is_closed_before_it_is_filled() -> None:
    made = paper(order(Side.BUY, "1"), Order(COIN.symbol, Side.SELL, Decimal(2), Decimal("100.5"), reduce_only=True))
    list(made.on_market(trade(2, "101", "9")))
    assert ended(made) == ["s1"]


def test_pulled_quotes_end_at_once_resting_or_under_way() -> None:
    made = paper(order(Side.BUY, "1", "99.5"))
    made.submit("s", order(Side.SELL, "1", "100.5"), "under way", at(1))
    made.submit("s", order(Side.SELL, "1"), "taker", at(1))
    made.pull("s", at(1))
    assert [(end.signal_id, end.time) for end in made.ends()] == [("s0", at(1)), ("under way", at(1))]


def run_of(events: list[AnyMarketEvent], *instructions: list[Order | Cancel]) -> tuple[TradingEngine, Tape]:
    script = Script(*instructions)
    engine = TradingEngine(
        WrittenMarket(events),
        [Account(script, Decimal(5000))],
        clock=HandClock(),
        run_id="run",
        speed=NO_PACING,
        conditions=TradingConditions(latency_seconds=TENTH),
    )
    tape = Tape()
    engine.subscribe(tape)
    return engine, tape


def brief(tape: Tape) -> list[tuple[str, float]]:
    return [
        (type(event).__name__, (event.time - START).total_seconds())
        for event in tape.events
        if isinstance(event, Signal | Fill | SignalEnd)
    ]


async def test_ends_are_published_in_the_order_of_time_between_the_fills() -> None:
    calm: list[AnyMarketEvent] = [quote(second, "99.9", "100.1") for second in range(4)]
    engine, tape = run_of(calm, [order(Side.BUY, "1", "101"), order(Side.BUY, "1")], [order(Side.BUY, "1", "99.5")])
    await engine.run()
    kinds = ["Signal", "Signal", "SignalEnd", "Fill", "Signal"]
    assert [kind for kind, _ in brief(tape)] == kinds
    times = [event.time for event in tape.events]
    assert times == sorted(times)


async def test_a_strategy_that_is_stopped_ends_its_quotes_and_the_signal_that_stopped_it() -> None:
    calm: list[AnyMarketEvent] = [quote(second, "99.9", "100.1") for second in range(4)]
    engine, tape = run_of(calm, [order(Side.BUY, "1", "99.5")], [], [order(Side.SELL, "1", "101")])

    async def stop(event: AnyEvent) -> None:
        if isinstance(event, Signal) and event.side is Side.SELL:
            engine.allocate(Allocation(strategy="script", weight=Decimal(0), state=StrategyState.STOPPED))

    engine.subscribe(stop)
    await engine.run()
    assert [end.signal_id for end in tape.events if isinstance(end, SignalEnd)] == [
        tape.signals[1].event_id,
        tape.signals[0].event_id,
    ]


async def test_an_order_scaled_down_after_its_signal_ends_it_once_it_is_filled() -> None:
    calm: list[AnyMarketEvent] = [quote(second, "99.9", "100.1") for second in range(4)]
    engine, tape = run_of(calm, [order(Side.BUY, "1")])

    async def halve(event: AnyEvent) -> None:
        if isinstance(event, Signal):
            engine.allocate(Allocation(strategy="script", weight=Decimal("0.5"), state=StrategyState.ACTIVE))

    engine.subscribe(halve)
    await engine.run()
    assert [fill.quantity for fill in tape.fills] == [Decimal("0.5")]
    assert [kind for kind, _ in brief(tape)] == ["Signal", "Fill", "SignalEnd"]


async def test_in_a_simulated_market_each_signal_is_filled_in_full_or_ends_or_still_works_at_the_end() -> None:
    market = SimulatedMarket(START, 3, seconds=60)
    engine = TradingEngine(
        market, strategies_for(FOUR, market.instruments, None), clock=HandClock(), run_id="r", seed=3, speed=NO_PACING
    )
    tape = Tape()
    engine.subscribe(tape)
    await engine.run()
    filled: dict[str, Decimal] = {}
    for fill in tape.fills:
        assert fill.signal_id is not None
        filled[fill.signal_id] = filled.get(fill.signal_id, Decimal(0)) + fill.quantity
    ends = [event.signal_id for event in tape.events if isinstance(event, SignalEnd)]
    assert len(ends) == len(set(ends)) > 10
    open_ones = [s for s in tape.signals if filled.get(s.event_id, 0) != s.quantity and s.event_id not in ends]
    assert all(s.quantity > filled[s.event_id] for s in tape.signals if s.event_id in ends and s.event_id in filled)
    assert len(open_ones) <= 2 * len(FOUR.strategies) * len(market.instruments)
