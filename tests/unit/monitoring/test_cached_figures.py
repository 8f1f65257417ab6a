"""What is kept between a strategy's events is what would be worked out anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest
from msgspec.structs import replace

from genesis.core.models import AnyEvent, Fill, Quote, Side, Signal, SignalEnd, Void
from genesis.core.money import exact_arithmetic
from genesis.monitoring.cached_figures import EventFiguresCache
from genesis.settings.monitor import MonitorSettings
from genesis.settings.statistics import StatisticsSettings
from tests.unit.monitoring.account import at, capital, fill, monitor, quote, signal

SETTINGS = MonitorSettings(
    conversions={"EUR": "EURUSDT"},
    symbol_currencies={"DAX": "EUR"},
    statistics=StatisticsSettings(
        step=timedelta(seconds=1),
        windows=(timedelta(seconds=40), timedelta(seconds=200)),
        risk_window=timedelta(seconds=60),
        signal_expiry=timedelta(seconds=15),
    ),
)
STRATEGIES = ("alpha", "beta")


class History:
    """Events of an account that does everything, one at a time."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - a walk that can be walked again
        self._signals: list[Signal] = []
        self._fills: list[Fill] = []
        self._seconds = 0.0

    def events(self, number: int) -> Iterator[AnyEvent]:
        yield from (capital("10000", name) for name in STRATEGIES)
        yield quote("1.1", "1.2", "EURUSDT")
        makers: list[Callable[[], AnyEvent | None]] = [self._quote, self._signal, self._fill, self._end, self._void]
        for _ in range(number):
            self._seconds += self._random.choice([0, 0.5, 3, 20])
            event = self._random.choices(makers, (4, 2, 6, 1, 1))[0]()
            if event is not None:
                yield event

    def _quote(self) -> Quote:
        symbol, low = self._random.choice([("BTCUSDT", 90), ("DAX", 40), ("EURUSDT", 1)])
        bid = low + self._random.randrange(20)
        return quote(str(bid), str(bid + 1), symbol, self._seconds)

    def _signal(self) -> Signal:
        name = self._random.choice(STRATEGIES)
        made = signal(f"s{len(self._signals)}", self._random.choice(list(Side)), "100", name, self._seconds)
        made = replace(made, symbol=self._random.choice(["BTCUSDT", "DAX"]))
        self._signals.append(made)
        return made

    def _fill(self) -> Fill:
        of = self._random.choice(self._signals[-5:]) if self._signals and self._random.random() < 0.5 else None
        made = fill(
            of.side if of else self._random.choice(list(Side)),
            self._random.choice(["0.5", "1"]),
            str(90 + self._random.randrange(20)),
            fee="0.1",
            fee_currency=self._random.choice([None, "EUR"]),
            strategy=of.strategy if of else self._random.choice(STRATEGIES),
            symbol=of.symbol if of else self._random.choice(["BTCUSDT", "DAX"]),
            seconds=self._seconds,
            signal_id=of.event_id if of else None,
        )
        self._fills.append(made)
        return made

    def _end(self) -> SignalEnd | None:
        if not self._signals:
            return None
        of = self._signals.pop(self._random.randrange(len(self._signals)))
        return SignalEnd(
            time=at(self._seconds), event_id=f"e-{of.event_id}", strategy=of.strategy, signal_id=of.event_id, price=Decimal(99)
        )

    def _void(self) -> Void | None:
        if not self._fills:
            return None
        of = self._fills.pop(self._random.randrange(len(self._fills)))
        return Void(time=at(self._seconds), event_id=f"v-{of.event_id}", strategy=of.strategy, voids=of.event_id)


@pytest.mark.parametrize("seed", range(4))
async def test_after_each_event_it_is_what_somebody_who_kept_nothing_finds(seed: int) -> None:
    kept = worked_out = 0
    async with monitor(settings=SETTINGS) as made:
        before: dict[str, object] = {}
        for event in History(seed).events(150):
            await made.handle(event)
            snapshot = made.snapshot()
            anew = EventFiguresCache(made.accounts, {})
            for strategy in snapshot.strategies:
                with exact_arithmetic():
                    found = anew.of(strategy.name)
                told = (strategy.trades, strategy.execution, strategy.slippage_adverse, strategy.fill_delay)
                assert told == (found.trades.snapshot, found.execution, found.adverse, found.delay)
                assert {held.symbol: held.turnover for held in strategy.holdings} == found.turnover
                assert strategy.voided_fills == found.voided_fills
                kept += before.get(strategy.name) is strategy.execution
                worked_out += before.get(strategy.name) is not strategy.execution
                before[strategy.name] = strategy.execution
    assert kept > 50
    assert worked_out > 50


async def test_quotes_alone_leave_it_as_it_is() -> None:
    async with monitor() as made:
        await made.handle_batch([capital("100"), quote("9", "11"), fill(Side.BUY, "1", "10")])
        before = made.snapshot().strategies[0]
        await made.handle(quote("19", "21", seconds=1))
        after = made.snapshot().strategies[0]
    assert after.execution is before.execution
    assert after.trades is before.trades
    assert after.account.equity != before.account.equity


async def test_the_turnover_counts_a_voided_fill_on() -> None:
    async with monitor() as made:
        await made.handle_batch([capital("100"), fill(Side.BUY, "1", "10", event_id="a"), fill(Side.BUY, "2", "10")])
        await made.handle(Void(time=at(1), event_id="v", strategy="alpha", voids="a"))
        (strategy,) = made.snapshot().strategies
    (counted,) = strategy.holdings[0].turnover.values()
    assert (counted.fills, counted.value, strategy.voided_fills, strategy.holdings[0].quantity) == (2, 30, 1, 2)
