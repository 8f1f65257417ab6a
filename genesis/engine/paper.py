"""Puts the paper engine of the demo together: a market, the configured strategies, and the fault."""

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
    """The demo's engine.

    Args:
        strategies: which strategies trade, each with its capital.
        seed: of the simulated market and of the latencies.
        speed: event seconds a wall second; `inf` does not wait at all.
        duration: wall seconds until it ends; None for no end.
        market: a folder with a recorded market; None simulates one from now on.
        run_id: stands in every event id, so that another run's events are not taken for repeats.
        goes_bad_after: event seconds after which the execution of `statistical_arb` is faulty; None for never.
        clock: wall time; the machine's own by default.

    Raises:
        ConfigError: none of the configured strategies is one that this engine has; single ones are left out with a log line.
        MarketError: `market` does not hold what is expected.
    """
    clock = clock or SystemClock()
    source: Market = RecordedMarket(market) if market is not None else SimulatedMarket(clock.now(), seed)
    accounts = strategies_for(strategies, source.instruments, goes_bad_after)
    return TradingEngine(source, accounts, clock=clock, run_id=run_id, seed=seed, speed=speed, duration=duration)


def strategies_for(
    strategies: StrategiesSettings, instruments: Sequence[Instrument], goes_bad_after: float | None
) -> list[Account]:
    """The configured strategies that this engine has, each built for symbols of the market.

    A name that is a kind's, or begins with it, is a strategy of that kind. Several of one kind differ in what they trade.

    Raises:
        ConfigError: there is none.
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
    """The kind that a strategy's name is, or begins with (`mean_reversion_eth`); None if there is none."""
    return next((kind for word, kind in _KINDS.items() if name == word or name.startswith(f"{word}_")), None)


def _symbols_of(kind: type[GridStrategy], number: int, instruments: Sequence[Instrument]) -> Sequence[Instrument]:
    """What the strategy `number` of its kind trades: the first all there is, the others a part of it each, pairs last.

    A pair strategy trades one pair after the other, the nearest first. Once every part had its turn they come again.
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
