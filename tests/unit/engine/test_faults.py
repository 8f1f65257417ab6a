"""A strategy that lost its edge trades as often as before, on the wrong side."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import inf

from genesis.core.clock import SystemClock
from genesis.core.models import AnyEvent, Fill, Side
from genesis.engine.engine import Account, TradingEngine
from genesis.engine.faults import LostEdge
from genesis.engine.market import SimulatedMarket
from genesis.engine.strategies import MeanReversion
from genesis.engine.strategy import Strategy

CAPITAL = Decimal(5000)
SEED = 3


async def fills(wrong: float | None, after: float = 0.0) -> list[Fill]:
    """The fills of ten minutes; None: without the fault."""
    market = SimulatedMarket(datetime(2025, 1, 1, tzinfo=UTC), SEED, seconds=600)
    plain = MeanReversion("m", CAPITAL, market.instruments)
    strategy: Strategy = plain if wrong is None else LostEdge(plain, timedelta(seconds=after), seed=SEED, wrong=wrong)
    engine = TradingEngine(market, [Account(strategy, CAPITAL)], clock=SystemClock(), run_id="x", seed=SEED, speed=inf)
    found: list[Fill] = []

    async def keep(event: AnyEvent) -> None:
        if isinstance(event, Fill):
            found.append(event)

    engine.subscribe(keep)
    await engine.run()
    return found


async def test_a_lost_edge_that_is_never_on_the_wrong_side_changes_nothing() -> None:
    assert await fills(0.0) == await fills(None)


async def test_until_its_time_nothing_changes() -> None:
    begins = (await fills(None))[0].time + timedelta(minutes=5)
    healthy = [fill for fill in await fills(None) if fill.time < begins]
    late = await fills(1.0, after=(begins - datetime(2025, 1, 1, tzinfo=UTC)).total_seconds() + 30)
    assert [fill for fill in late if fill.time < begins] == healthy
    assert late != await fills(None)


async def test_all_on_the_wrong_side_enters_the_other_way_and_closes_what_it_holds() -> None:
    right, wrong = await fills(None), await fills(1.0)
    assert wrong[0].side is right[0].side.opposite
    assert len(wrong) > 10
    largest = max(fill.quantity * fill.price for fill in right)
    held: dict[str, Decimal] = {}
    for fill in wrong:
        signed = fill.quantity if fill.side is Side.BUY else -fill.quantity
        held[fill.symbol] = held.get(fill.symbol, Decimal(0)) + signed
        assert abs(held[fill.symbol]) * fill.price <= largest * Decimal("1.02")  # nothing piles up
