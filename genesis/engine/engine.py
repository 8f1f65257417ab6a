"""The trading loop: market → strategies → broker; every event goes to the subscribers.

Everything happens in event time, in an order that depends only on the market and the seed. Wall time only sets the pace: an
event is due at its distance from the first event divided by `speed`. An engine that cannot keep up runs as fast as it can.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import NamedTuple

import structlog

from genesis.core.clock import Clock
from genesis.core.errors import EventError
from genesis.core.models import Allocation, AnyEvent, AnyMarketEvent, CapitalFlow, Quote, Side, Signal, SignalEnd, StrategyState
from genesis.core.money import ZERO
from genesis.engine.broker import Cancel, Instruction, Order, PaperBroker, TradingConditions
from genesis.engine.market import Market
from genesis.engine.pacer import Pacer
from genesis.engine.strategy import Strategy

Subscriber = Callable[[AnyEvent], Awaitable[object]]

_log = structlog.get_logger(__name__)


class Account(NamedTuple):
    """A strategy and its starting capital."""

    strategy: Strategy
    capital: Decimal


class _Desk:
    """What one strategy sees of the broker; see `Desk`."""

    def __init__(self, account: Account, broker: PaperBroker) -> None:
        self._strategy = account.strategy.name
        self._capital = account.capital
        self._broker = broker
        self.now: datetime | None = None

    def mid(self, symbol: str) -> float | None:
        mid = self._broker.books[symbol].mid
        if mid is None or self.now is None or not self._broker.fresh(symbol, self.now):
            return None
        return float(mid)

    def equity(self) -> float:
        return float(self._capital + self._broker.profit(self._strategy))

    def position(self, symbol: str) -> Decimal:
        return self._broker.position(self._strategy, symbol)

    def working(self, symbol: str) -> bool:
        return self._broker.working(self._strategy, symbol)

    def quote(self, symbol: str, side: Side) -> Order | None:
        return self._broker.quote(self._strategy, symbol, side)


class TradingEngine:
    """Runs strategies on a market through a paper broker.

    An engine runs once: after `run` has ended, make a new one. If a strategy or subscriber raises, the run ends with its error.
    """

    def __init__(
        self,
        market: Market,
        accounts: Sequence[Account],
        *,
        clock: Clock,
        run_id: str,
        seed: int = 1,
        speed: float = 1.0,
        duration: float | None = None,
        conditions: TradingConditions = TradingConditions(),  # noqa: B008 - a frozen value
    ) -> None:
        self._market = market
        self._accounts = {account.strategy.name: account for account in accounts}
        self._event_ids = _event_ids(run_id)
        self.broker = PaperBroker(market.instruments, self._event_ids, seed=seed, conditions=conditions)
        self._desks = {name: _Desk(account, self.broker) for name, account in self._accounts.items()}
        self._pacer = Pacer(clock, speed, duration)
        self._subscribers: list[Subscriber] = []
        self._allocations: dict[str, Allocation] = {}
        self._now: datetime | None = None
        """The time of the last market event."""

    def subscribe(self, subscriber: Subscriber) -> None:
        """Send every event from now on to `subscriber`; the engine awaits it each time."""
        self._subscribers.append(subscriber)

    @property
    def strategies(self) -> tuple[str, ...]:
        """The names of the engine's strategies."""
        return tuple(self._accounts)

    @property
    def allocations(self) -> Mapping[str, Allocation]:
        """Strategy → its last allocation; strategies without one trade an equal share."""
        return self._allocations

    def allocate(self, allocation: Allocation) -> None:
        """Apply an allocation from the strategy's next order on.

        ACTIVE and REDUCED trade; the part of an order that opens a position is scaled by weight / (1 / number of strategies),
        the part that closes one is not. PAUSED only reduces or closes positions. STOPPED sends no orders, and keeps its
        positions. Resting quotes of a paused or stopped strategy are cancelled at once; a taker order in flight still arrives.

        Raises:
            EventError: the engine has no such strategy.
        """
        name = allocation.strategy
        if name not in self._accounts:
            raise EventError("strategy", name, f"is not one of this engine's strategies: {', '.join(self._accounts)}")
        self._allocations[name] = allocation
        if allocation.state in (StrategyState.PAUSED, StrategyState.STOPPED) and self._now is not None:
            self.broker.pull(name, self._now)
        _log.info("allocated", strategy=name, weight=str(allocation.weight), state=allocation.state.value)

    async def run(self) -> None:
        """Trade until the market or the duration ends, or the task is cancelled."""
        started = False
        with closing(self._market.events()) as events:
            for event in events:
                if not started:
                    started = True
                    await self._start(event.time)
                if not await self._pacer.reach(event.time):
                    break
                await self._step(event)
        _log.info("engine_ended", orders_not_filled=dict(self.broker.dropped))

    async def _start(self, now: datetime) -> None:
        self._pacer.start(now)
        for name, account in self._accounts.items():
            await self._publish(CapitalFlow(time=now, event_id=next(self._event_ids), strategy=name, amount=account.capital))

    async def _step(self, event: AnyMarketEvent) -> None:
        await self._publish_ends()
        for fill in self.broker.arrivals(event.time):
            await self._publish_ends()
            await self._publish(fill)
        await self._publish_ends()
        self._now = event.time
        fills = list(self.broker.on_market(event))
        await self._publish(event)
        for fill in fills:
            await self._publish(fill)
        await self._publish_ends()
        if isinstance(event, Quote):
            await self._decide(event.time)

    async def _decide(self, now: datetime) -> None:
        for name, account in self._accounts.items():
            desk = self._desks[name]
            desk.now = now
            for instruction in account.strategy.decide(now, desk):
                await self._send(name, instruction, now)

    async def _send(self, strategy: str, instruction: Instruction, now: datetime) -> None:
        """Publish the signal of an order, then send the order. A cancel has no signal."""
        if isinstance(instruction, Cancel):
            if self._state(strategy) is not StrategyState.STOPPED:
                self.broker.submit(strategy, instruction, "", now)
            return
        allocation = self._allocations.get(strategy)
        order = self._permitted(strategy, instruction)
        mid = self.broker.books[instruction.symbol].mid
        if order is None or mid is None:
            return
        signal = Signal(
            time=now,
            event_id=next(self._event_ids),
            strategy=strategy,
            symbol=order.symbol,
            side=order.side,
            quantity=order.quantity,
            price=mid,
        )
        await self._publish(signal)
        if self._allocations.get(strategy) is not allocation:
            order = self._permitted(strategy, order)  # a subscriber has just changed the allocation
        if order is not None:
            self.broker.submit(strategy, order, signal.event_id, now, partial=order.quantity < signal.quantity)
        else:
            end = SignalEnd(time=now, event_id=next(self._event_ids), strategy=strategy, signal_id=signal.event_id)
            await self._publish(end)

    def _state(self, strategy: str) -> StrategyState:
        allocation = self._allocations.get(strategy)
        return StrategyState.ACTIVE if allocation is None else allocation.state

    def _permitted(self, strategy: str, order: Order) -> Order | None:
        """The order as the strategy's allocation permits it; None if nothing remains."""
        allocation = self._allocations.get(strategy)
        if allocation is None:
            return order
        if allocation.state is StrategyState.STOPPED:
            return None
        position = self.broker.position(strategy, order.symbol)
        closing_part = min(order.quantity, max(ZERO, -position * order.side.sign))
        opening_part = order.quantity - closing_part
        if allocation.state is StrategyState.PAUSED or order.reduce_only:
            return order._replace(quantity=closing_part, reduce_only=True) if closing_part > 0 else None
        scaled = self.broker.instruments[order.symbol].quantity(opening_part * allocation.weight * len(self._accounts))
        quantity = closing_part + scaled
        return order._replace(quantity=quantity) if quantity > 0 else None

    async def _publish_ends(self) -> None:
        """Publish the ends of signals, in the order of their time."""
        for end in self.broker.ends():
            await self._publish(end)

    async def _publish(self, event: AnyEvent) -> None:
        for subscriber in self._subscribers:
            await subscriber(event)


def _event_ids(run_id: str) -> Iterator[str]:
    """Event ids that are unique to the run, and the same whenever it is repeated."""
    for number in count(1):
        yield f"{run_id}-{number}"
