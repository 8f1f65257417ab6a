"""The whole way of an event, from the monitor through the real Prometheus and Alertmanager to a receiver; and events for it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from genesis.app import MonitorApp
from genesis.configuration import Settings
from genesis.core.clock import SystemClock
from genesis.core.models import AnyEvent, CapitalFlow, Fill, Quote, Side, Signal
from genesis.stack.native import ANY_PORTS, RESEND_DELAY, NativeStack
from genesis.stack.sink import NotificationSink

STRATEGY = "statistical_arb"
SYMBOL = "BTCUSDT"
SCRAPES_FIRST = 3.0
"""Seconds of ordinary scrapes before the loss, so that the start of the programs is not measured."""


class Way(NamedTuple):
    """The whole way of an event."""

    app: MonitorApp
    stack: NativeStack
    sink: NotificationSink


@asynccontextmanager
async def running(
    settings: Settings, data: Path, sink: NotificationSink | None = None, resend_delay: timedelta = RESEND_DELAY
) -> AsyncIterator[Way]:
    """Everything runs, and Prometheus has read the monitor."""
    data.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - once, before anything runs
    async with (
        sink or NotificationSink(SystemClock()) as receiver,
        MonitorApp(settings, journal=data / "journal.db", host="127.0.0.1", port=0, clock=SystemClock()) as app,
        NativeStack(
            settings,
            data=data,
            monitor=app.url.removeprefix("http://"),
            sink_url=receiver.url,
            environ=os.environ,
            ports=ANY_PORTS,
            resend_delay=resend_delay,
        ) as stack,
    ):
        await stack.scraping()
        yield Way(app, stack, receiver)


def quote(mid: str, symbol: str = SYMBOL) -> Quote:
    """Both sides at `mid`, now."""
    price = Decimal(mid)
    return Quote(time=datetime.now(UTC), symbol=symbol, bid=price, ask=price)


def opening(strategy: str = STRATEGY, symbol: str = SYMBOL) -> list[AnyEvent]:
    """10,000 of capital, and a position of 10,000 at 100, after a signal at 99.9."""
    now = datetime.now(UTC)
    signal = Signal(
        time=now,
        event_id=f"s-{strategy}",
        strategy=strategy,
        symbol=symbol,
        side=Side.BUY,
        quantity=Decimal(100),
        price=Decimal("99.9"),
    )
    fill = Fill(
        time=now,
        event_id=f"f-{strategy}",
        strategy=strategy,
        symbol=symbol,
        side=Side.BUY,
        quantity=Decimal(100),
        price=Decimal(100),
        fee=Decimal(1),
        signal_id=signal.event_id,
    )
    flow = CapitalFlow(time=now, event_id=f"c-{strategy}", strategy=strategy, amount=Decimal(10_000))
    return [flow, quote("100", symbol), signal, fill]


async def open_position(app: MonitorApp) -> None:
    """One strategy that holds something."""
    await app.monitor.handle_batch(opening())
