"""Puts the paper engine of the demo together: a market, the configured strategies, and the fault."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import structlog

from genesis.core.clock import Clock, SystemClock
from genesis.core.config import StrategiesSettings
from genesis.core.errors import ConfigError, Fault
from genesis.core.instrument import Instrument
from genesis.engine.engine import Account, TradingEngine
from genesis.engine.faults import FaultyExecution
from genesis.engine.market import Market, SimulatedMarket
from genesis.engine.strategies import MarketMaking, MeanReversion, MultiPair, SpreadCapture, StatisticalArb
from genesis.engine.strategy import GridStrategy, Strategy
from genesis.ingest.recorded_market import RecordedMarket

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
    """The configured strategies that this engine has, each built for the market's symbols.

    Raises:
        ConfigError: there is none.
    """
    accounts = []
    for name, settings in strategies.strategies.items():
        strategy = _strategy(name, settings.capital, instruments, goes_bad_after)
        if strategy is not None:
            accounts.append(Account(strategy, settings.capital))
    if not accounts:
        names = list(strategies.strategies)
        raise ConfigError([Fault("strategies.yaml", "strategies", names, f"the paper engine has {', '.join(_KINDS)}")])
    return accounts


def _strategy(name: str, capital: Decimal, instruments: Sequence[Instrument], goes_bad_after: float | None) -> Strategy | None:
    kind = _KINDS.get(name)
    if kind is None:
        _log.warning("strategy_left_out", strategy=name, reason=f"the paper engine has {', '.join(_KINDS)}")
        return None
    if kind is not StatisticalArb:
        return kind(name, capital, instruments)
    if len(instruments) < PAIR:
        _log.warning("strategy_left_out", strategy=name, reason="it trades a pair, and the market has one symbol")
        return None
    pair = StatisticalArb(name, capital, instruments)
    if goes_bad_after is None:
        return pair
    return FaultyExecution(pair, timedelta(seconds=goes_bad_after))
