"""How long a page takes: from the event that the monitor is handed to the notification that the receiver gets.

Through the real Prometheus and Alertmanager, at three intervals, with the repository's rules, routes and group_interval; three
alerts at a time, each of which is raised at a random instant of the scrape's cycle, told, mended, and told again.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before anything that may import numpy

import asyncio
import math
import platform
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import aiohttp
import msgspec

from genesis import programs
from genesis.alerts.catalog.events import EVENTS_CONFLICTING
from genesis.alerts.catalog.losses import DAILY_LOSS, STRATEGY_DRAWDOWN
from genesis.app import MonitorApp
from genesis.configuration import Settings, load_settings
from genesis.core.clock import SystemClock
from genesis.core.duration import duration_text
from genesis.core.models import CapitalFlow, Fill, Quote, Side
from genesis.logs import configure_logs
from genesis.stack.native import ANY_PORTS, NativeStack
from genesis.stack.sink import NotificationSink, Status

INTERVALS = [timedelta(milliseconds=milliseconds) for milliseconds in (1000, 500, 250)]
"""Of scrapes and of evaluations."""
ROUNDS = int(os.environ.get("GENESIS_BENCH_ROUNDS", "30"))
BOUND = 5.0
"""Seconds that the product promises."""
KEEP = timedelta(seconds=3)
"""Longer than group_interval: what begins and ends between two looks at a group that was told before is never told."""
NEVER_AGAIN = timedelta(hours=1)
"""Prometheus sends resolved alerts again for a quarter of an hour, which makes their group anew. Here it does not, so that
there are new groups to measure; when an alert is sent first is not touched."""
PATIENCE = 25.0
"""Seconds after which a notification is given up."""
FORGOTTEN_POLL = 0.2
SCRAPES_FIRST = 3.0

NEW, AGAIN = "new", "again"


class Way(NamedTuple):
    """Monitor, programs, receiver."""

    app: MonitorApp
    stack: NativeStack
    sink: NotificationSink


class Alarm(NamedTuple):
    """An alert that can be raised at a known instant, and mended."""

    name: str
    fire: Callable[[Way], Awaitable[object]]
    mend: Callable[[Way], Awaitable[object]]


class Trial(NamedTuple):
    """Seconds from the event to the notification, and from the mending to the notification of the end."""

    alert: str
    group: str
    """New to Alertmanager, or one that was told of moments ago."""
    told: float
    ended: float


# What is raised. The strategy that loses 12 % is so small that the account hardly feels it; the one that uses up the account's
# daily loss loses 1.1 % of its own capital.

SMALL, LARGE = "small", "large"
HOLDINGS = {SMALL: ("AUSDT", Decimal(1_000)), LARGE: ("BUSDT", Decimal(100_000))}
_numbers = count(1)


def flow(strategy: str, amount: Decimal, event_id: str) -> CapitalFlow:
    return CapitalFlow(time=datetime.now(UTC), event_id=event_id, strategy=strategy, amount=amount)


async def open_positions(app: MonitorApp) -> None:
    """Each strategy holds its whole capital's worth, at a price of 100."""
    for strategy, (symbol, capital) in HOLDINGS.items():
        fill = Fill(
            time=datetime.now(UTC),
            event_id=f"f-{strategy}",
            strategy=strategy,
            symbol=symbol,
            side=Side.BUY,
            quantity=capital / 100,
            price=Decimal(100),
        )
        await app.monitor.handle_batch([flow(strategy, capital, f"c-{strategy}"), quote(symbol, "100"), fill])


def quote(symbol: str, price: str) -> Quote:
    return Quote(time=datetime.now(UTC), symbol=symbol, bid=Decimal(price), ask=Decimal(price))


def moves(strategy: str, price: str) -> Callable[[Way], Awaitable[object]]:
    async def move(way: Way) -> object:
        return await way.app.monitor.handle(quote(HOLDINGS[strategy][0], price))

    return move


async def contradict(way: Way) -> object:
    """An event under an identity that another one has."""
    return await way.app.monitor.handle(flow(SMALL, Decimal(next(_numbers)), f"c-{SMALL}"))


async def leave_it(_: Way) -> None:
    """It leaves its window by itself."""


ALARMS = (
    Alarm("StrategyDrawdown", moves(SMALL, "88"), moves(SMALL, "100")),
    Alarm("DailyLoss", moves(LARGE, "98.9"), moves(LARGE, "100")),
    Alarm("EventsConflicting", contradict, leave_it),
)


def chosen(interval: timedelta) -> Settings:
    """The repository's settings at another interval.

    So that an alert ends soon after it was mended, keep_firing_for is short and EventsConflicting looks back four scrapes; when
    an alert begins is not touched by either.
    """
    loaded = load_settings(Path(__file__).parents[1] / "config")
    alerts = loaded.alerts.alerts.changed(STRATEGY_DRAWDOWN, keep_firing_for=KEEP).changed(DAILY_LOSS, keep_firing_for=KEEP)
    changed = {
        "alerts": alerts.changed(EVENTS_CONFLICTING, keep_firing_for=KEEP, window=4 * interval),
        "scrape_interval": interval,
        "evaluation_interval": interval,
    }
    return loaded._replace(alerts=loaded.alerts.model_copy(update=changed))


# The way, and what is measured on it.


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Way]:
    with TemporaryDirectory() as folder:
        async with (
            NotificationSink(SystemClock()) as sink,
            MonitorApp(settings, journal=":memory:", port=0) as app,
            NativeStack(
                settings,
                data=Path(folder),
                monitor=app.url.removeprefix("http://"),
                sink_url=sink.url,
                environ=os.environ,
                ports=ANY_PORTS,
                resend_delay=NEVER_AGAIN,
            ) as stack,
        ):
            await open_positions(app)
            await stack.scraping()
            await asyncio.sleep(SCRAPES_FIRST)
            yield Way(app, stack, sink)


async def trial(way: Way, alarm: Alarm, group: str, interval: timedelta) -> Trial:
    """Raise the alert at a random instant, wait until the pager is told; mend it, and wait again."""
    await asyncio.sleep(random.uniform(0, interval.total_seconds()))
    told = await notified(way, alarm.name, "firing", alarm.fire)
    ended = await notified(way, alarm.name, "resolved", alarm.mend)
    return Trial(alarm.name, group, told, ended)


async def notified(way: Way, alert: str, status: Status, cause: Callable[[Way], Awaitable[object]]) -> float:
    """Seconds from just before the cause until the page of it came."""
    caused = datetime.now(UTC)
    await cause(way)
    note = await way.sink.wait_for(
        lambda note, one: (
            note.at > caused
            and note.receiver == "page"
            and (one.name, one.status, one.labels["severity"]) == (alert, status, "critical")
        ),
        PATIENCE,
    )
    return (note.at - caused).total_seconds()


async def forgotten(http: aiohttp.ClientSession, url: str | None) -> None:
    """Wait until Alertmanager has no group left that is empty: an alert that then comes is the first of its group."""
    names = {alarm.name for alarm in ALARMS}
    while True:
        async with http.get(f"{url}/api/v2/alerts/groups") as answer:
            groups = msgspec.json.decode(await answer.read())
        async with http.get(f"{url}/metrics") as answer:
            lines = (await answer.text()).splitlines()
        kept = next(float(line.split()[1]) for line in lines if line.startswith("alertmanager_dispatcher_aggregation_groups "))
        if kept == len(groups) and not any(group["labels"]["alertname"] in names for group in groups):
            return
        await asyncio.sleep(FORGOTTEN_POLL)


async def measured(interval: timedelta) -> list[Trial]:
    """All trials at one interval: in each round every alert twice."""
    trials: list[Trial] = []
    async with running(chosen(interval)) as way, aiohttp.ClientSession() as http:
        for round_ in range(1, ROUNDS + 1):
            await forgotten(http, way.stack.url(programs.ALERTMANAGER))
            for group in (NEW, AGAIN):
                trials += await asyncio.gather(*(trial(way, alarm, group, interval) for alarm in ALARMS))
            if round_ % 5 == 0:
                print(f"  {duration_text(interval)}: {round_} of {ROUNDS} rounds", flush=True)
    return trials


def report(interval: timedelta, group_interval: timedelta, trials: list[Trial]) -> None:
    steps = 2 * interval.total_seconds()
    for group, more in ((NEW, 0.0), (AGAIN, group_interval.total_seconds())):
        aim = steps + more + 0.05
        for alarm in ALARMS:
            mine = [one for one in trials if (one.alert, one.group) == (alarm.name, group)]
            told = sorted(one.told for one in mine)
            print(
                f"{duration_text(interval):>5}  {alarm.name:<18}{group:<6} p50 {rank(told, 0.5):.2f}  "
                f"p95 {rank(told, 0.95):.2f}  max {told[-1]:.2f} s of {len(told)} (aim: p95 ≤ {aim:.2f})"
            )
    ended = [one.ended for one in trials]
    print(
        f"{duration_text(interval):>5}  all {len(ended)} ends told, p50 {rank(sorted(ended), 0.5):.1f}, max {max(ended):.1f} s"
    )


def rank(ordered: list[float], part: float) -> float:
    """The smallest value that so large a part of them does not exceed."""
    return ordered[math.ceil(part * len(ordered)) - 1]


async def main() -> None:
    print(f"alerts · Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores")
    group_interval = chosen(INTERVALS[0]).alerts.group_interval
    print(
        f"{ROUNDS} rounds of 30 s, three intervals at the same time; group_interval {duration_text(group_interval)}", flush=True
    )
    results = await asyncio.gather(*map(measured, INTERVALS))
    for interval, trials in zip(INTERVALS, results, strict=True):
        report(interval, group_interval, trials)
    longest = max(one.told for trials in results for one in trials)
    print(
        f"the longest of {sum(map(len, results))}: {longest:.2f} s; {'all' if longest < BOUND else 'NOT all'} below {BOUND:g} s"
    )


if __name__ == "__main__":
    configure_logs("ERROR")
    asyncio.run(main())
