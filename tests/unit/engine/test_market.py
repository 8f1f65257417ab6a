from __future__ import annotations

from itertools import islice, pairwise

import numpy as np
import pytest

from genesis.core.models import AnyMarketEvent, Depth, MarketTrade, Quote
from genesis.engine.market import DEFAULT_SYMBOLS, SimulatedMarket
from tests.unit.engine.market_data import START

SYMBOLS = [character.instrument.symbol for character in DEFAULT_SYMBOLS]


@pytest.fixture(scope="module")
def minutes() -> list[AnyMarketEvent]:
    return list(SimulatedMarket(START, seed=3, seconds=300).events())


def test_the_same_seed_and_start_give_the_same_events() -> None:
    one, two = (list(islice(SimulatedMarket(START, seed=7).events(), 3000)) for _ in range(2))
    assert one == two


def test_another_seed_gives_another_market() -> None:
    one, two = (list(islice(SimulatedMarket(START, seed=seed).events(), 100)) for seed in (1, 2))
    assert one != two


def test_events_come_in_the_order_of_time_until_the_market_ends(minutes: list[AnyMarketEvent]) -> None:
    assert all(one.time <= two.time for one, two in pairwise(minutes))
    assert minutes[0].time == START
    assert (minutes[-1].time - START).total_seconds() == 300


def test_every_symbol_quotes_eight_times_a_second_and_shows_its_depth_twice(minutes: list[AnyMarketEvent]) -> None:
    for symbol in SYMBOLS:
        mine = [event for event in minutes if event.symbol == symbol]
        assert sum(isinstance(event, Quote) for event in mine) == pytest.approx(300 * 8, abs=1)
        assert sum(isinstance(event, Depth) for event in mine) == pytest.approx(300 * 2, abs=1)
        assert any(isinstance(event, MarketTrade) for event in mine)


def test_prices_lie_on_the_tick_and_sizes_on_the_lot(minutes: list[AnyMarketEvent]) -> None:
    instruments = {character.instrument.symbol: character.instrument for character in DEFAULT_SYMBOLS}
    for event in minutes:
        instrument = instruments[event.symbol]
        if isinstance(event, Quote):
            levels = [(event.bid, event.bid_size), (event.ask, event.ask_size)]
            assert event.bid < event.ask
        elif isinstance(event, Depth):
            levels = [(level.price, level.size) for level in (*event.bids, *event.asks)]
        else:
            levels = [(event.price, event.quantity)]
        assert all(instrument.on_tick(price) and instrument.on_lot(size) and size > 0 for price, size in levels)


def test_symbols_move_together_over_a_minute(minutes: list[AnyMarketEvent]) -> None:
    moves = []
    for symbol in SYMBOLS[:2]:
        mids = [float(event.bid + event.ask) / 2 for event in minutes if isinstance(event, Quote) and event.symbol == symbol]
        logs = np.log(mids[:2400])
        moves.append(logs[480:] - logs[:-480])
    assert np.corrcoef(moves)[0, 1] > 0.3
