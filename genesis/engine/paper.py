"""Builds the paper engine of the demo: a market, the configured strategies, and the fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from itertools import combinations
from pathlib import Path

import structlog

from genesis.core.clock import Clock, SystemClock
from genesis.core.errors import ConfigError, Fault
from genesis.core.instrument import Instrument
from genesis.engine.engine import Account, TradingEngine
from genesis.engine.faults import FaultyExecution
from genesis.engine.market import Market, SimulatedMarket
from genesis.engine.strategies import MarketMaking, MeanReversion, MultiPair, SpreadCapture, StatisticalArb
from genesis.engine.strategy import GridStrategy, Strategy
from genesis.ingest.recorded_market import RecordedMarket
from genesis.settings.strategies import StrategiesSettings

_KINDS: dict[str, type[GridStrategy]] = {
    "spread_capture": SpreadCapture,
    "market_making": MarketMaking,
    "mean_reversion": MeanReversion,
    "multi_pair": MultiPair,
    "statistical_arb": StatisticalArb,
}

FAULTY = "statistical_arb"
PAIR = 2

_log = structlog.get_logger(__name__)


def paper_engine(
    strategies: StrategiesSettings,
    *,
    seed: int,
    speed: float,
    duration: float | None,
    market: Path | None,
    run_id: str,
    goes_bad_after: float | None = 60.0,
    clock: Clock | None = None,
) -> TradingEngine:
    """Build the demo's engine.

    Args:
        strategies: which strategies trade, each with its capital.
        seed: the seed of the simulated market and of the latencies.
        speed: event seconds per wall second; `inf` does not wait at all.
        duration: wall seconds until the engine ends; None for no end.
        market: a folder with a recorded market; None simulates one from now on.
        run_id: part of every event id, so that events of another run are not taken for repeats.
        goes_bad_after: event seconds after which the execution of `statistical_arb` is faulty; None for never.
        clock: wall time; the machine's own by default.

    Raises:
        ConfigError: the engine has none of the configured strategies; if it lacks some, it logs and omits them.
        MarketError: the files in `market` are missing or invalid.
    """
    clock = clock or SystemClock()
    source: Market = RecordedMarket(market) if market is not None else SimulatedMarket(clock.now(), seed)
    accounts = strategies_for(strategies, source.instruments, goes_bad_after)
    return TradingEngine(source, accounts, clock=clock, run_id=run_id, seed=seed, speed=speed, duration=duration)


def strategies_for(
    strategies: StrategiesSettings, instruments: Sequence[Instrument], goes_bad_after: float | None
) -> list[Account]:
    """Build the configured strategies that this engine has, each with its symbols of the market.

    The name of a strategy is its kind, or begins with it. Strategies of one kind trade different symbols.

    Raises:
        ConfigError: the engine has none of the configured strategies.
    """
    accounts = []
    built: Counter[type[GridStrategy]] = Counter()
    for name, settings in strategies.strategies.items():
        kind = kind_of(name)
        if kind is None:
            _log.warning("strategy_left_out", strategy=name, reason=f"the paper engine has {', '.join(_KINDS)}")
            continue
        if kind is StatisticalArb and len(instruments) < PAIR:
            _log.warning("strategy_left_out", strategy=name, reason="it trades a pair, and the market has one symbol")
            continue
        strategy = kind(name, settings.capital, _symbols_of(kind, built[kind], instruments))
        built[kind] += 1
        accounts.append(Account(_with_fault(strategy, goes_bad_after), settings.capital))
    if not accounts:
        names = list(strategies.strategies)
        raise ConfigError([Fault("strategies.yaml", "strategies", names, f"the paper engine has {', '.join(_KINDS)}")])
    return accounts


def kind_of(name: str) -> type[GridStrategy] | None:
    """The kind of a strategy by its name (`mean_reversion`, `mean_reversion_eth`); None if the engine has no such kind."""
    return next((kind for word, kind in _KINDS.items() if name == word or name.startswith(f"{word}_")), None)


def _symbols_of(kind: type[GridStrategy], number: int, instruments: Sequence[Instrument]) -> Sequence[Instrument]:
    """The instruments of strategy `number` (from 0) of its kind.

    The first strategy trades all instruments, the next ones smaller and smaller subsets, pairs last. A pair strategy gets one
    pair: the first one the first two instruments, and so on. After the last subset, the first one is used again.
    """
    if kind is StatisticalArb:
        parts = list(combinations(instruments, PAIR))
    else:
        sizes = range(len(instruments), min(PAIR, len(instruments)) - 1, -1)
        parts = [part for size in sizes for part in combinations(instruments, size)]
    return parts[number % len(parts)]


def _with_fault(strategy: GridStrategy, goes_bad_after: float | None) -> Strategy:
    if goes_bad_after is None or strategy.name != FAULTY or not isinstance(strategy, StatisticalArb):
        return strategy
    return FaultyExecution(strategy, timedelta(seconds=goes_bad_after))
