from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal

import numpy as np
import pytest

from genesis.core.instrument import Instrument
from genesis.core.models import Side
from genesis.engine.broker import Cancel, Order
from genesis.engine.strategies import MeanReversion, MultiPair, SpreadCapture, StatisticalArb
from genesis.engine.strategy import GRID_SECONDS, Average, GridStrategy
from tests.unit.engine.market_data import at

SYMBOLS = ("A", "B", "C", "D")
INSTRUMENTS = [Instrument(symbol, Decimal("0.01"), Decimal("0.001")) for symbol in SYMBOLS]


class PaperDesk:
    """Prices and positions set by the test; nothing is ever under way."""

    def __init__(self) -> None:
        self.mids: dict[str, float] = dict.fromkeys(SYMBOLS, 100.0)
        self.positions: dict[str, Decimal] = {}
        self.quotes: dict[tuple[str, Side], Order] = {}

    def mid(self, symbol: str) -> float | None:
        return self.mids.get(symbol)

    def equity(self) -> float:
        return 5000.0

    def position(self, symbol: str) -> Decimal:
        return self.positions.get(symbol, Decimal(0))

    def working(self, symbol: str) -> bool:
        return False

    def quote(self, symbol: str, side: Side) -> Order | None:
        return self.quotes.get((symbol, side))


def _play(
    strategy: GridStrategy, desk: PaperDesk, steps: int, move: Callable[[int], dict[str, float]], first: int = 0
) -> Sequence[Order | Cancel]:
    """Move the market step by step until the strategy wants something, and give that back."""
    for step in range(first, first + steps):
        desk.mids |= move(step)
        instructions = strategy.decide(at(step * GRID_SECONDS), desk)
        if instructions:
            return instructions
    return ()


def _noise(step: int) -> dict[str, float]:
    """A little of everything, the basket in balance."""
    return {symbol: 100 * (1 + 2e-4 * math.sin(step * (1 + number))) for number, symbol in enumerate(SYMBOLS)}


def _orders(instructions: Sequence[Order | Cancel]) -> dict[str, Side]:
    return {instruction.symbol: instruction.side for instruction in instructions if isinstance(instruction, Order)}


@pytest.mark.parametrize("seconds", [2.0, 30.0])
def test_the_average_is_the_exponentially_weighted_one_and_a_plain_mean_while_it_is_young(seconds: float) -> None:
    values = np.random.default_rng(1).normal(5, 2, 400)
    average = Average(seconds)
    alpha = 1 - math.exp(-GRID_SECONDS / seconds)
    weights = np.zeros(0)
    for number, value in enumerate(values, start=1):
        average.add(float(value))
        step = max(alpha, 1 / number)
        weights = np.append(weights * (1 - step), step)
        mean = float(np.dot(weights, values[:number]))
        assert average.mean == pytest.approx(mean)
        assert average.deviation == pytest.approx(math.sqrt(np.dot(weights, (values[:number] - mean) ** 2)), abs=1e-9)


def test_a_value_has_no_z_score_where_nothing_has_moved() -> None:
    average = Average(10)
    average.add(3.0)
    assert average.z(4.0) == 0.0


def test_strategies_do_nothing_before_they_have_seen_enough() -> None:
    for kind in (SpreadCapture, MeanReversion, MultiPair, StatisticalArb):
        strategy = kind("s", Decimal(5000), INSTRUMENTS)
        assert _play(strategy, PaperDesk(), kind.WARM_UP - 1, lambda step: {"A": 100.0 + 5 * (step % 2)}) == ()


def test_a_strategy_looks_no_more_often_than_its_grid() -> None:
    strategy = SpreadCapture("s", Decimal(5000), INSTRUMENTS[:1])
    desk = PaperDesk()
    for _ in range(100):
        assert not strategy.decide(at(0), desk)


@pytest.mark.parametrize(("jump", "side"), [(1.01, Side.SELL), (0.99, Side.BUY)])
def test_mean_reversion_trades_the_symbol_that_left_the_basket_against_its_move(jump: float, side: Side) -> None:
    strategy, desk = MeanReversion("s", Decimal(5000), INSTRUMENTS), PaperDesk()
    _play(strategy, desk, 200, _noise)
    instructions = _play(strategy, desk, 1, lambda step: {"C": 100.0 * jump}, first=200)
    assert _orders(instructions)["C"] is side
    desk.positions["C"] = Decimal("12.5") * side.sign
    back = [instruction for instruction in _play(strategy, desk, 20, _noise, first=201) if instruction.symbol == "C"]
    assert back == [Order("C", side.opposite, Decimal("12.5"), reduce_only=True)]


def test_momentum_follows_a_run_of_all_symbols_and_not_that_of_one() -> None:
    alone, shared = (MultiPair("s", Decimal(5000), INSTRUMENTS) for _ in range(2))
    desk = PaperDesk()
    assert _play(alone, desk, 300, _noise) == ()
    assert _play(alone, desk, 40, lambda step: {"A": 100 * (1 + 3e-4 * (step - 300)), "B": 99.99}, first=300) == ()
    desk = PaperDesk()
    assert _play(shared, desk, 300, _noise) == ()
    instructions = _play(shared, desk, 40, lambda step: dict.fromkeys(SYMBOLS, 100 * (1 + 3e-4 * (step - 300))), first=300)
    assert len(instructions) == MultiPair.POSITIONS
    assert set(_orders(instructions).values()) == {Side.BUY}


@pytest.mark.parametrize(("jump", "first"), [(1.005, Side.SELL), (0.995, Side.BUY)])
def test_the_pair_sells_the_dear_leg_and_buys_the_cheap_one_for_the_same_value(jump: float, first: Side) -> None:
    strategy, desk = StatisticalArb("s", Decimal(5000), INSTRUMENTS), PaperDesk()
    _play(strategy, desk, 200, _noise)
    instructions = _play(strategy, desk, 1, lambda step: {"A": 100.0 * jump}, first=200)
    assert _orders(instructions) == {"A": first, "B": first.opposite}
    values = [
        float(instruction.quantity) * desk.mids[instruction.symbol]
        for instruction in instructions
        if isinstance(instruction, Order)
    ]
    assert values == pytest.approx([2000, 2000], rel=1e-3)


def test_spread_capture_quotes_both_sides_of_the_mid_then_only_its_way_out() -> None:
    strategy, desk = SpreadCapture("s", Decimal(5000), INSTRUMENTS[:1]), PaperDesk()
    buy, sell = _play(strategy, desk, 100, _noise)
    assert isinstance(buy, Order)
    assert isinstance(sell, Order)
    assert buy.limit is not None
    assert sell.limit is not None
    assert (buy.side, sell.side) == (Side.BUY, Side.SELL)
    assert float(buy.limit) < desk.mids["A"] < float(sell.limit)
    desk.quotes = {("A", Side.BUY): buy, ("A", Side.SELL): sell}
    desk.positions["A"] = Decimal(2)
    cancel, way_out = _play(strategy, desk, 1, lambda step: {}, first=150)
    assert cancel == Cancel("A", Side.BUY)
    assert isinstance(way_out, Order)
    assert (way_out.side, way_out.quantity, way_out.reduce_only) == (Side.SELL, 2, True)


def test_spread_capture_closes_at_the_market_what_nobody_takes_back() -> None:
    strategy, desk = SpreadCapture("s", Decimal(5000), INSTRUMENTS[:1]), PaperDesk()
    _play(strategy, desk, 100, _noise)
    desk.positions["A"] = Decimal(-2)
    seconds = SpreadCapture.PATIENCE_SECONDS
    strategy.decide(at(100), desk)
    assert strategy.decide(at(101 + seconds), desk) == [Order("A", Side.BUY, Decimal(2), reduce_only=True)]


def test_a_basket_with_a_stale_symbol_is_not_traded() -> None:
    desk = PaperDesk()
    del desk.mids["D"]
    for kind in (MeanReversion, MultiPair):
        assert _play(kind("s", Decimal(5000), INSTRUMENTS), desk, 300, lambda step: {"A": 100 * (1 + 1e-3 * step)}) == ()
