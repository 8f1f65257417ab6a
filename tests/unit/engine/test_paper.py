"""The four strategies and the fault, on the simulated market."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from genesis.core.errors import ConfigError, MarketError
from genesis.core.models import Fill, Liquidity, Quote
from genesis.engine.engine import TradingEngine
from genesis.engine.faults import FaultyExecution
from genesis.engine.market import DEFAULT_SYMBOLS, SimulatedMarket
from genesis.engine.paper import paper_engine, strategies_for
from genesis.engine.strategies import MeanReversion, StatisticalArb
from genesis.settings.strategies import StrategiesSettings, StrategySettings
from tests.unit.engine.market_data import FOUR, NO_PACING, START, HandClock, Tape

NAMES = list(FOUR.strategies)


def _run(seed: int, seconds: float, goes_bad_after: float | None = None) -> tuple[TradingEngine, Tape]:
    market = SimulatedMarket(START, seed, seconds=seconds)
    accounts = strategies_for(FOUR, market.instruments, goes_bad_after)
    engine = TradingEngine(market, accounts, clock=HandClock(), run_id="run", seed=seed, speed=NO_PACING)
    tape = Tape()
    engine.subscribe(tape)
    asyncio.run(engine.run())
    return engine, tape


@pytest.fixture(scope="module")
def healthy() -> tuple[TradingEngine, Tape]:
    return _run(seed=1, seconds=300)


def test_every_strategy_trades_and_comes_back_to_flat_several_times(healthy: tuple[TradingEngine, Tape]) -> None:
    positions: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    round_trips = dict.fromkeys(NAMES, 0)
    for fill in healthy[1].fills:
        positions[fill.strategy, fill.symbol] += fill.signed_quantity
        round_trips[fill.strategy] += positions[fill.strategy, fill.symbol] == 0
    assert all(trips >= 3 for trips in round_trips.values()), round_trips


def test_the_spread_is_captured_with_maker_fills_and_momentum_pays_for_taking(healthy: tuple[TradingEngine, Tape]) -> None:
    kinds = defaultdict(set)
    for fill in healthy[1].fills:
        kinds[fill.strategy].add(fill.liquidity)
    assert Liquidity.MAKER in kinds["spread_capture"]
    assert kinds["multi_pair"] == kinds["statistical_arb"] == kinds["mean_reversion"] == {Liquidity.TAKER}


def test_every_fill_belongs_to_an_earlier_signal_of_its_side_and_size(healthy: tuple[TradingEngine, Tape]) -> None:
    signals = {signal.event_id: signal for signal in healthy[1].signals}
    left = {event_id: signal.quantity for event_id, signal in signals.items()}
    for fill in healthy[1].fills:
        assert fill.signal_id is not None
        signal = signals[fill.signal_id]
        assert (fill.strategy, fill.symbol, fill.side) == (signal.strategy, signal.symbol, signal.side)
        assert signal.time < fill.time
        left[fill.signal_id] -= fill.quantity
    assert min(left.values()) >= 0


def test_prices_and_quantities_of_fills_lie_on_the_grid_and_fees_have_eight_places(healthy: tuple[TradingEngine, Tape]) -> None:
    instruments = {character.instrument.symbol: character.instrument for character in DEFAULT_SYMBOLS}
    for fill in healthy[1].fills:
        assert instruments[fill.symbol].on_tick(fill.price)
        assert instruments[fill.symbol].on_lot(fill.quantity)
        assert fill.fee > 0
        assert fill.fee == fill.fee.quantize(Decimal("1e-8"))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_only_the_faulty_strategy_draws_down(seed: int) -> None:
    drawdowns: dict[str, list[tuple[float, float]]] = {name: [] for name in NAMES}
    market = SimulatedMarket(START, seed, seconds=200)
    accounts = strategies_for(FOUR, market.instruments, 60)
    engine = TradingEngine(market, accounts, clock=HandClock(), run_id="run", seed=seed, speed=NO_PACING)
    peaks = dict.fromkeys(NAMES, 5000.0)

    async def watch(event: object) -> None:
        if isinstance(event, Quote):
            for name in NAMES:
                equity = 5000 + float(engine.broker.profit(name))
                peaks[name] = max(peaks[name], equity)
                drawdowns[name].append(((event.time - START).total_seconds(), 1 - equity / peaks[name]))

    engine.subscribe(watch)
    asyncio.run(engine.run())
    faulty = drawdowns.pop("statistical_arb")
    assert all(max(ratio for _, ratio in values) < 0.02 for values in drawdowns.values())
    assert max(ratio for second, ratio in faulty if second < 60) < 0.02
    assert 80 < next(second for second, ratio in faulty if ratio > 0.05) < 115
    assert 120 < next(second for second, ratio in faulty if ratio > 0.10) < 175


def test_without_the_fault_the_pair_strategy_stays_fine() -> None:
    engine, tape = _run(seed=4, seconds=200)
    assert float(engine.broker.profit("statistical_arb")) > -100
    assert sum(fill.strategy == "statistical_arb" for fill in tape.fills) < 40


def test_a_strategy_that_the_engine_does_not_have_is_left_out_and_said_so() -> None:
    settings = StrategiesSettings(
        strategies={name: StrategySettings(capital=Decimal(100)) for name in ("somebody_elses", "multi_pair")}
    )
    with capture_logs() as logs:
        accounts = strategies_for(settings, [character.instrument for character in DEFAULT_SYMBOLS], None)
    assert [account.strategy.name for account in accounts] == ["multi_pair"]
    assert logs[0]["strategy"] == "somebody_elses"


def test_a_strategy_whose_name_begins_with_a_kind_is_of_that_kind_and_only_the_one_that_is_named_goes_bad() -> None:
    names = ("mean_reversion_eth", "statistical_arb_02", "statistical_arb", "multi_pairs")
    settings = StrategiesSettings(strategies={name: StrategySettings(capital=Decimal(100)) for name in names})
    with capture_logs() as logs:
        accounts = strategies_for(settings, [character.instrument for character in DEFAULT_SYMBOLS], 60)
    assert [type(account.strategy) for account in accounts] == [MeanReversion, StatisticalArb, FaultyExecution]
    assert [log["strategy"] for log in logs] == ["multi_pairs"]


def test_no_strategy_that_the_engine_has_is_a_configuration_fault() -> None:
    settings = StrategiesSettings(strategies={"somebody_elses": StrategySettings(capital=Decimal(100))})
    with pytest.raises(ConfigError, match=r"strategies.yaml: strategies: .*spread_capture"):
        strategies_for(settings, [DEFAULT_SYMBOLS[0].instrument], None)


def test_a_pair_needs_two_symbols() -> None:
    with capture_logs() as logs:
        accounts = strategies_for(FOUR, [DEFAULT_SYMBOLS[0].instrument], None)
    assert [account.strategy.name for account in accounts] == NAMES[:3]
    assert logs[0]["strategy"] == "statistical_arb"


async def test_the_paper_engine_starts_its_simulated_market_now_and_ends_with_the_duration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = HandClock()
    monkeypatch.setattr(asyncio, "sleep", clock.sleep)
    engine = paper_engine(FOUR, seed=1, speed=10, duration=3, market=None, run_id="run", clock=clock)
    tape = Tape()
    engine.subscribe(tape)
    await engine.run()
    assert tape.events[0].time == START
    assert 29 < (tape.events[-1].time - START).total_seconds() <= 30


def test_a_wrong_market_folder_says_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(MarketError, match=r"binance_bbo_\*"):
        paper_engine(FOUR, seed=1, speed=1, duration=None, market=tmp_path / "nowhere", run_id="run")


def test_fills_have_no_hint_of_the_fault() -> None:
    _, tape = _run(seed=1, seconds=70, goes_bad_after=60)
    fills = [event for event in tape.events if isinstance(event, Fill) and event.strategy == "statistical_arb"]
    assert {fill.source for fill in fills} == {"engine"}
