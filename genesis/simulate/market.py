"""One run of the simulated market in which a strategy decays, as samples for a Prometheus that holds many runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import inf
from random import Random
from typing import IO, Literal, NamedTuple

from genesis.configuration import Settings
from genesis.core.errors import GenesisError
from genesis.core.models import AnyEvent, CapitalFlow, Fill, Quote
from genesis.engine.engine import Account, TradingEngine
from genesis.engine.faults import FaultyExecution, LostEdge
from genesis.engine.market import SimulatedMarket
from genesis.engine.paper import strategies_for
from genesis.engine.strategies import StatisticalArb
from genesis.engine.strategy import GridStrategy
from genesis.ledger.journal import Journal
from genesis.settings.strategies import StrategySettings
from genesis.simulate.openmetrics import OpenMetrics
from genesis.simulate.recorder import EventClock, Recorder

Fault = Literal["edge", "execution"]
"""edge: half of its trades are on the wrong side; execution: the fault of the demo, which churns."""

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
"""The start of every run: all runs share one time range, so one query covers them."""
SEED = "seed"
"""The label of a run's series that have no strategy."""
DECAYING = ("mean_reversion", "multi_pair", "statistical_arb")
"""Those that trade with market orders: for the others, the wrong side would not be a valid quote."""
_CHURNING = "statistical_arb"
_EARLIEST, _LATEST = 0.35, 0.5
"""When the strategy decays, as a part of the run."""


class Plan(NamedTuple):
    """The plan of a run."""

    seed: int
    minutes: float
    decays: str | None
    """The strategy that decays; None for none."""
    after: float
    """Seconds from the start of the run until the strategy decays."""
    fault: Fault = "edge"

    @property
    def end(self) -> float:
        """Seconds since 1970."""
        return BEGIN.timestamp() + self.minutes * 60


def plan(seed: int, minutes: float, decays: str | None = None, fault: Fault = "edge") -> Plan:
    """The plan of a seed: when a strategy decays, and which one unless `decays` names it."""
    random = Random(f"decay {seed}")  # noqa: S311 - a simulation, not a secret
    drawn = random.choice(DECAYING)
    after = random.uniform(_EARLIEST, _LATEST) * minutes * 60
    return Plan(seed, minutes, decays or (_CHURNING if fault == "execution" else drawn), after, fault)


def healthy(seed: int, minutes: float) -> Plan:
    """A plan without decay."""
    return Plan(seed, minutes, None, 0.0)


def suffixed(name: str, seed: int) -> str:
    """A strategy's or symbol's name in the run of a seed."""
    return f"{name}#{seed}"


def with_fifth(settings: Settings, name: str, fifth: StrategySettings) -> Settings:
    """The settings with one more strategy, unless they have it already."""
    strategies = {name: fifth} | dict(settings.strategies.strategies)
    return settings._replace(strategies=settings.strategies.model_copy(update={"strategies": strategies}))


async def record(plan: Plan, settings: Settings, metrics: frozenset[str], step: float, file: IO[bytes]) -> None:
    """Run the market, and write the monitor's metrics at each step.

    The market's depth, trades and signals are left out; of the quotes, only the last of each second and before each fill are
    used. So the data have no slippage and no capacity, and P&L within a second is not recorded.
    """
    market = SimulatedMarket(BEGIN, plan.seed, seconds=plan.minutes * 60)
    accounts = [_decaying(account, plan) for account in strategies_for(settings.strategies, market.instruments, None)]
    clock = EventClock(BEGIN.timestamp())
    engine = TradingEngine(market, accounts, clock=clock, run_id=f"seed-{plan.seed}", seed=plan.seed, speed=inf)
    written = OpenMetrics(file, metrics, suffix=f"#{plan.seed}", extra={SEED: str(plan.seed)})
    async with Journal(":memory:") as journal:
        recorder = Recorder(settings, journal, written.write, start=BEGIN.timestamp() + step, step=step)
        await recorder.begin()
        thinned = _Thinned(recorder)
        engine.subscribe(thinned.take)
        await engine.run()
        await thinned.end()
        await recorder.reach(plan.end + step / 2)


def _decaying(account: Account, plan: Plan) -> Account:
    strategy = account.strategy
    if strategy.name != plan.decays:
        return account
    after = timedelta(seconds=plan.after)
    if plan.fault == "execution" and isinstance(strategy, StatisticalArb):
        return account._replace(strategy=FaultyExecution(strategy, after))
    if plan.fault == "execution" or not isinstance(strategy, GridStrategy) or strategy.name not in DECAYING:
        choice = _CHURNING if plan.fault == "execution" else ", ".join(DECAYING)
        raise GenesisError(f"--decays: {strategy.name!r} cannot decay in this way; choose from: {choice}")
    return account._replace(strategy=LostEdge(strategy, after, seed=plan.seed))


class _Thinned:
    """Passes on what changes the P&L: account events, and the last quotes of each second and before each account event."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._quotes: dict[str, Quote] = {}
        self._second = -1

    async def take(self, event: AnyEvent) -> None:
        if isinstance(event, Quote):
            second = int(event.time.timestamp())
            if second != self._second:
                await self.end()
                self._second = second
            self._quotes.pop(event.symbol, None)
            self._quotes[event.symbol] = event
        elif isinstance(event, Fill | CapitalFlow):
            await self.end()
            await self._recorder.take(event)

    async def end(self) -> None:
        """Pass on the waiting quotes."""
        for quote in self._quotes.values():
            await self._recorder.take(quote)
        self._quotes.clear()
