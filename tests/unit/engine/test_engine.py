from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import pytest

from genesis.core.errors import EventError
from genesis.core.models import Allocation, AnyEvent, AnyMarketEvent, CapitalFlow, Fill, Quote, Side, Signal, StrategyState
from genesis.engine.broker import Order, TradingConditions
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
    order,
    quote,
    trade,
)

CALM = [quote(second, "99.9", "100.1") for second in range(10)]


def _engine(events: Sequence[AnyMarketEvent], *strategies: Script) -> tuple[TradingEngine, Tape]:
    accounts = [Account(strategy, Decimal(5000)) for strategy in strategies]
    engine = TradingEngine(
        WrittenMarket(events),
        accounts,
        clock=HandClock(),
        run_id="run",
        speed=NO_PACING,
        conditions=TradingConditions(latency_seconds=TENTH),
    )
    tape = Tape()
    engine.subscribe(tape)
    return engine, tape


def _allocation(weight: str, state: StrategyState = StrategyState.ACTIVE, strategy: str = "script") -> Allocation:
    return Allocation(strategy=strategy, weight=Decimal(weight), state=state)


async def test_the_first_events_are_the_capital_of_each_strategy() -> None:
    engine, tape = _engine(CALM, Script(name="one"), Script(name="two"))
    await engine.run()
    first = tape.events[:2]
    assert [event.strategy for event in first if isinstance(event, CapitalFlow)] == ["one", "two"]
    assert {event.amount for event in first if isinstance(event, CapitalFlow)} == {Decimal(5000)}
    assert {event.time for event in first} == {START}


async def test_a_signal_with_the_mid_seen_comes_before_its_fill_at_the_moved_market() -> None:
    events = [quote(0, "99.9", "100.1"), quote(0.05, "100.9", "101.1"), quote(1, "100.9", "101.1")]
    engine, tape = _engine(events, Script([order(Side.BUY, "1")]))
    await engine.run()
    (signal,), (fill,) = tape.signals, tape.fills
    assert signal.price == Decimal("100.0")
    assert fill.price == Decimal("101.1")
    assert fill.signal_id == signal.event_id
    assert tape.events.index(signal) < tape.events.index(fill)


async def test_each_partial_fill_has_an_identity_of_its_own() -> None:
    events: list[AnyMarketEvent] = [quote(0, "99.9", "100.1"), trade(0.2, "99.5", "1"), trade(0.3, "99.5", "1")]
    engine, tape = _engine(events, Script([order(Side.BUY, "2", "99.8")]))
    await engine.run()
    assert [fill.quantity for fill in tape.fills] == [1, 1]
    ids = [event.event_id for event in tape.events if isinstance(event, Signal | Fill | CapitalFlow)]
    assert len(set(ids)) == len(ids) == 4
    assert all(event_id.startswith("run-") for event_id in ids)


async def test_every_subscriber_has_every_event_in_the_order_of_time() -> None:
    engine, tape = _engine(CALM, Script([order(Side.BUY, "1")], [], [order(Side.SELL, "1")]))
    second = Tape()
    engine.subscribe(second)
    await engine.run()
    assert tape.events == second.events
    assert [event.time for event in tape.events] == sorted(event.time for event in tape.events)
    assert sum(isinstance(event, Quote) for event in tape.events) == len(CALM)


async def test_a_subscribers_error_ends_the_run() -> None:
    async def full(event: AnyEvent) -> None:
        raise OSError("disk full")

    engine, _ = _engine(CALM, Script())
    engine.subscribe(full)
    with pytest.raises(OSError, match="disk full"):
        await engine.run()


async def test_an_empty_market_publishes_nothing() -> None:
    engine, tape = _engine([], Script())
    await engine.run()
    assert tape.events == []


class TestAllocation:
    async def _run(self, engine: TradingEngine, tape: Tape, allocation: Allocation, after: float) -> None:
        async def allocate(event: AnyEvent) -> None:
            if isinstance(event, Quote) and (event.time - START).total_seconds() == after:
                engine.allocate(allocation)

        engine.subscribe(allocate)
        await engine.run()

    async def test_the_weight_over_the_equal_share_scales_the_next_order(self) -> None:
        buys = [[order(Side.BUY, "1")] for _ in range(3)]
        engine, tape = _engine(CALM, Script(*buys), Script(name="other"))
        await self._run(engine, tape, _allocation("0.25"), after=2)
        assert [signal.quantity for signal in tape.signals] == [1, 1, Decimal("0.5")]
        assert sum(fill.quantity for fill in tape.fills) == Decimal("2.5")

    async def test_a_scaled_order_stays_on_the_lot_and_one_below_a_lot_is_not_sent(self) -> None:
        engine, tape = _engine(CALM, Script([order(Side.BUY, "0.05")], [order(Side.BUY, "0.01")]))
        engine.allocate(_allocation("0.5"))
        await engine.run()
        assert [signal.quantity for signal in tape.signals] == [Decimal("0.02")]

    async def test_a_weight_of_zero_still_closes(self) -> None:
        engine, tape = _engine(CALM, Script([order(Side.BUY, "1")], [], [order(Side.SELL, "3")]))
        await self._run(engine, tape, _allocation("0", StrategyState.REDUCED), after=1)
        assert [(fill.side, fill.quantity) for fill in tape.fills] == [(Side.BUY, 1), (Side.SELL, 1)]

    async def test_a_paused_strategy_closes_and_opens_nothing(self) -> None:
        script = Script(
            [order(Side.BUY, "2")], [], [order(Side.BUY, "1")], [order(Side.SELL, "5")], [], [order(Side.SELL, "1")]
        )
        engine, tape = _engine(CALM, script)
        await self._run(engine, tape, _allocation("1", StrategyState.PAUSED), after=1)
        assert [(fill.side, fill.quantity) for fill in tape.fills] == [(Side.BUY, 2), (Side.SELL, 2)]
        assert len(tape.signals) == 2

    async def test_a_stopped_strategy_sends_nothing_and_keeps_its_position(self) -> None:
        script = Script([order(Side.BUY, "2")], [], [order(Side.SELL, "2")], [order(Side.BUY, "1")])
        engine, tape = _engine(CALM, script)
        await self._run(engine, tape, _allocation("0", StrategyState.STOPPED), after=1)
        assert len(tape.signals) == len(tape.fills) == 1
        assert engine.broker.position("script", COIN.symbol) == 2

    async def test_an_order_that_its_subscriber_stops_while_it_is_signalled_is_not_sent(self) -> None:
        engine, _ = _engine(CALM, Script([order(Side.BUY, "1", "99.8")]))

        async def stop(event: AnyEvent) -> None:
            if isinstance(event, Signal):
                engine.allocate(_allocation("0", StrategyState.STOPPED))

        engine.subscribe(stop)
        await engine.run()
        assert engine.broker.quote("script", COIN.symbol, Side.BUY) is None

    @pytest.mark.parametrize("state", [StrategyState.PAUSED, StrategyState.STOPPED])
    async def test_resting_quotes_are_taken_back(self, state: StrategyState) -> None:
        events: list[AnyMarketEvent] = [*CALM[:3], trade(3, "90", "5"), quote(4, "99.9", "100.1")]
        engine, tape = _engine(events, Script([order(Side.BUY, "1", "99.8")]))
        await self._run(engine, tape, _allocation("1", state), after=2)
        assert tape.fills == []

    async def test_an_allocation_of_one_strategy_leaves_the_others_alone(self) -> None:
        engine, tape = _engine(CALM, Script([order(Side.BUY, "1")]), Script([order(Side.BUY, "1")], name="other"))
        engine.allocate(_allocation("0", StrategyState.STOPPED))
        await engine.run()
        assert {signal.strategy for signal in tape.signals} == {"other"}

    def test_an_unknown_strategy_is_refused_with_those_there_are(self) -> None:
        engine, _ = _engine(CALM, Script())
        with pytest.raises(EventError, match=r"strategy: 'nobody' .*script"):
            engine.allocate(_allocation("1", strategy="nobody"))


async def test_the_desk_has_no_price_of_a_stale_symbol() -> None:
    script = Script()
    engine, _ = _engine(CALM[:1], script)
    await engine.run()
    desk = script.desk
    assert desk is not None
    assert desk.mid(COIN.symbol) == 100.0
    engine.broker.books[COIN.symbol].updated = quote(-10, "99.9", "100.1").time
    assert desk.mid(COIN.symbol) is None


async def test_equity_is_capital_and_profit() -> None:
    script = Script([Order(COIN.symbol, Side.BUY, Decimal(1))])
    engine, _ = _engine(CALM, script)
    await engine.run()
    assert script.desk is not None
    assert script.desk.equity() == pytest.approx(5000 - 0.1 - 0.05005)


async def _simulated(seed: int, speed: float) -> list[AnyEvent]:
    market = SimulatedMarket(START, seed, seconds=90)
    accounts = strategies_for(FOUR, market.instruments, goes_bad_after=60)
    engine = TradingEngine(market, accounts, clock=HandClock(), run_id="run", seed=seed, speed=speed)
    tape = Tape()
    engine.subscribe(tape)
    await engine.run()
    return tape.events


async def test_the_same_seed_gives_the_same_events_whatever_the_pacing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio, "sleep", HandClock().sleep)
    unpaced, paced = await _simulated(5, NO_PACING), await _simulated(5, 3.0)
    assert unpaced == paced
    assert any(isinstance(event, Fill) for event in unpaced)


async def test_another_seed_gives_other_events() -> None:
    assert await _simulated(1, NO_PACING) != await _simulated(2, NO_PACING)


async def test_a_cancelled_run_closes_the_market() -> None:
    closed = asyncio.Event()

    class Endless(WrittenMarket):
        def events(self):  # type: ignore[no-untyped-def]  # noqa: ANN202 - as its base
            try:
                number = 0
                while True:
                    yield quote(number, "99.9", "100.1")
                    number += 1
            finally:
                closed.set()

    engine = TradingEngine(Endless([]), [], clock=HandClock(), run_id="run", speed=1)
    task = asyncio.create_task(engine.run())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert closed.is_set()
