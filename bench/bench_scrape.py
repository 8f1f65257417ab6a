"""What a scrape costs: writing the exposition, the whole way over HTTP, Prometheus's own measure of it, and the memory.

The other side of each pair is prometheus_client's way with the same tables: families, samples, `generate_latest`. Both sides
take turns in one process; only the ratio of one round's two times says anything on a machine whose clock moves.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before anything that may import numpy

import asyncio
import gc
import platform
import random
import statistics
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import msgspec
from aiohttp import web
from prometheus_client import Metric as Family
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from genesis import programs
from genesis.alerts.rules import JOB
from genesis.app import MonitorApp
from genesis.configuration import Settings, load_settings
from genesis.core.clock import SystemClock
from genesis.core.models import AnyEvent, CapitalFlow, Fill, Liquidity, Quote, Side
from genesis.ledger.journal import Journal
from genesis.logs import configure_logs
from genesis.metrics.exporter import GenesisCollector
from genesis.metrics.exposition import TextExposition
from genesis.metrics.metric import Kind, Metric
from genesis.metrics.table import Table
from genesis.monitoring.alert_manager import thresholds
from genesis.monitoring.server import monitor_site
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.stack.native import ANY_PORTS, NativeStack
from genesis.stack.ports import LOOPBACK

CONFIG = Path(__file__).parents[1] / "config"
START = datetime(2024, 1, 1, tzinfo=UTC)
ROUNDS = 7
STRATEGIES = [f"strategy-{number}" for number in range(100)]
SYMBOLS = [f"SYM{number}USDT" for number in range(20)]
KINDS = [f"kind-{number}" for number in range(25)]
SCRAPED_SERIES = 100_000
STEPS = int(os.environ.get("GENESIS_BENCH_STEPS", "1500"))
"""Points of the grid before memory is read: more than the largest window holds."""


# The text alone.


class Families(Collector):
    """Families that are made already."""

    def __init__(self, families: list[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[Family]:
        return iter(self._families)


def render(what: str, value: Callable[[float], float | Decimal]) -> None:
    """Print the CPU time of either side for a table of so many series whose values are all new, and the ratio of each pair."""
    exposition = TextExposition()
    ours: list[float] = []
    theirs: list[float] = []
    for round_ in range(ROUNDS + 1):
        table = filled(round_, value)
        families = Families([table.family()])
        sides = [(ours, partial(exposition.family, table)), (theirs, partial(generate_latest, families))]
        told = []
        for times, work in sides if round_ % 2 else reversed(sides):
            started = time.process_time()
            told.append(work())
            times.append((time.process_time() - started) * 1e3)
        if not round_:
            assert samples(told[0]) == samples(told[1]), "a quick wrong answer is worth nothing"
    compared(f"text of {len(table.samples):,} series of {what}", "generate_latest", ours[1:], theirs[1:])


def filled(seed: int, value: Callable[[float], float | Decimal]) -> Table:
    numbers = random.Random(seed)
    table = Table(Metric("genesis_strategy_x", Kind.GAUGE, ("strategy", "symbol", "kind"), "A figure."))
    for labels in product(STRATEGIES, SYMBOLS, KINDS):
        table.put(value(numbers.uniform(-1e4, 1e4)), labels)
    return table


def money(amount: float) -> Decimal:
    """With as many digits as a position at its mark has."""
    return Decimal(f"{amount:.12f}")


def samples(text: bytes) -> dict[tuple[object, ...], float]:
    return {
        (sample.name, *sorted(sample.labels.items())): float(sample.value)
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


# An account that is traded.


class Account:
    """So many strategies that each trade so many symbols, on quotes that move."""

    def __init__(self, strategies: int, symbols: int) -> None:
        self.strategies = [f"strategy-{number}" for number in range(strategies)]
        self.symbols = [f"SYM{number}USDT" for number in range(symbols)]
        self._seconds = 0.0
        self._fills = 0

    def quotes(self, seconds: float = 0.1) -> list[Quote]:
        """A quote of each symbol, so much event time later."""
        self._seconds += seconds
        moved = Decimal(random.randrange(-100, 100)) / 100
        made = []
        for number, symbol in enumerate(self.symbols):
            bid = Decimal(100 + number) + moved
            made.append(Quote(time=self._now(), symbol=symbol, bid=bid, ask=bid + Decimal("0.01")))
        return made

    def opening(self, strategy: str) -> list[AnyEvent]:
        """Capital, and in each symbol a round trip and an open position."""
        made: list[AnyEvent] = [
            CapitalFlow(time=self._now(), event_id=f"c-{strategy}", strategy=strategy, amount=Decimal(10_000))
        ]
        for symbol in self.symbols:
            made += [self._fill(strategy, symbol, side) for side in (Side.BUY, Side.SELL, Side.BUY)]
        return made

    def _fill(self, strategy: str, symbol: str, side: Side) -> Fill:
        self._fills += 1
        return Fill(
            time=self._now(),
            event_id=f"f-{self._fills}",
            strategy=strategy,
            symbol=symbol,
            side=side,
            quantity=Decimal("0.125"),
            price=Decimal("100.05") + self._fills % 7,
            fee=Decimal("0.0125"),
            liquidity=Liquidity.MAKER if self._fills % 2 else Liquidity.TAKER,
        )

    def _now(self) -> datetime:
        return START + timedelta(seconds=self._seconds)


async def book(monitor: StrategyPerformanceMonitor, account: Account) -> None:
    await monitor.handle_batch(list(account.quotes()))
    for strategy in account.strategies:
        await monitor.handle_batch(account.opening(strategy))


def settings() -> Settings:
    """Those of the repository, without secrets or a listener that somebody else may have."""
    return load_settings(CONFIG)


@asynccontextmanager
async def serving(account: Account) -> AsyncIterator[tuple[StrategyPerformanceMonitor, str]]:
    """The monitor of `account`, and where it is served: at /metrics, and at /theirs in prometheus_client's way."""
    chosen, clock = settings(), SystemClock()
    gc.collect()
    gc.freeze()  # as `genesis monitor` does
    async with Journal(":memory:") as journal:
        monitor = StrategyPerformanceMonitor(chosen.monitor, chosen.rules, journal, clock)
        await book(monitor, account)
        exporter = GenesisCollector(
            monitor.snapshot,
            monitor.telemetry,
            partial(tuple, thresholds(chosen.alerts, chosen.rules)),
            clock,
            journal=journal,
            max_strategies=chosen.monitor.max_strategies,
            max_symbols=chosen.monitor.max_symbols,
        )

        async def theirs(_: web.Request) -> web.Response:
            return web.Response(body=generate_latest(exporter))

        site = monitor_site(exporter, lambda: True, dict, routes=[web.get("/theirs", theirs)])
        runner = web.AppRunner(site, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, LOOPBACK, 0).start()
            yield monitor, f"http://{LOOPBACK}:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


# The whole way.


async def scrape(strategies: int, symbols: int) -> int:
    """Print the time of a scrape over HTTP, snapshot included, either way, and how long ours keeps the event loop.

    Returns how many series there are.
    """
    account = Account(strategies, symbols)
    ours: list[float] = []
    theirs: list[float] = []
    held: list[float] = []
    snapshots: list[float] = []
    async with serving(account) as (monitor, url), aiohttp.ClientSession() as http:
        for round_ in range(ROUNDS + 1):
            sides = [("metrics", ours, held), ("theirs", theirs, [])]
            for path, times, pauses in sides if round_ % 2 else reversed(sides):
                await monitor.handle_batch(list(account.quotes()))
                async with longest_pause(pauses):
                    started = time.perf_counter()
                    async with http.get(f"{url}/{path}") as answer:
                        text = await answer.read()
                    times.append((time.perf_counter() - started) * 1e3)
            started = time.perf_counter()
            monitor.snapshot()
            snapshots.append((time.perf_counter() - started) * 1e3)
    number = series_of(text)
    compared(f"scrape of {strategies} × {symbols}, {number:,} series", "prometheus_client", ours[1:], theirs[1:])
    print(
        f"  of it the snapshot {statistics.median(snapshots[1:]):.1f} ms; the event loop is held "
        f"{statistics.median(held[1:]):.1f} ms at a time at most (worst round {max(held[1:]):.1f})"
    )
    return number


def series_of(text: bytes) -> int:
    return sum(not line.startswith(b"#") for line in text.splitlines())


@asynccontextmanager
async def longest_pause(found: list[float]) -> AsyncIterator[None]:
    """Append the longest time in ms for which the event loop gave nobody a turn."""
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0)
            longest = max(longest, time.perf_counter() - before)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        found.append(longest * 1e3)


def compared(what: str, other: str, ours: list[float], theirs: list[float]) -> None:
    ratios = [their / our for our, their in zip(ours, theirs, strict=True)]
    print(
        f"{what}: {statistics.median(ours):.1f} ms, {other} {statistics.median(theirs):.1f} ms, "
        f"ratio {statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})",
        flush=True,
    )


# Prometheus itself.


async def prometheus(strategies: int, symbols: int) -> None:
    """Print scrape_duration_seconds of a Prometheus that scrapes such an account each second, while quotes come in."""
    account, chosen = Account(strategies, symbols), settings()
    with TemporaryDirectory() as folder:
        async with (
            MonitorApp(chosen, journal=":memory:", port=0) as app,
            NativeStack(
                chosen,
                data=Path(folder),
                monitor=app.url.removeprefix("http://"),
                sink_url="http://127.0.0.1:9/",
                environ=os.environ,
                ports=ANY_PORTS,
            ) as stack,
            aiohttp.ClientSession() as http,
        ):
            await book(app.monitor, account)
            await stack.scraping()
            for _ in range(200):
                await app.monitor.handle_batch(list(account.quotes()))
                await asyncio.sleep(0.1)
            url = f"{stack.url(programs.PROMETHEUS)}/api/v1/query"
            durations = await samples_of(http, url, "scrape_duration_seconds[15s]")
            number = (await samples_of(http, url, "scrape_samples_scraped[5s]"))[-1]
    times = [1e3 * seconds for seconds in durations]
    print(
        f"Prometheus scrapes {number:,.0f} series ({strategies} × {symbols}) each second: scrape_duration_seconds median "
        f"{statistics.median(times):.0f} ms, {min(times):.0f} to {max(times):.0f} of {len(times)}",
        flush=True,
    )


async def samples_of(http: aiohttp.ClientSession, url: str, selector: str) -> list[float]:
    async with http.get(url, params={"query": selector.replace("[", f'{{job="{JOB}"}}[')}) as answer:
        data = msgspec.json.decode(await answer.read())["data"]["result"]
    return [float(value) for series in data for _, value in series["values"]]


# Memory.


async def resident(strategies: int, symbols: int, steps: int = 0) -> None:
    """Print what a process of its own holds that monitors such an account, after ten scrapes."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--serve", str(strategies), str(symbols), str(steps),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None
    url = (await child.stdout.readline()).decode().strip()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http:
        for _ in range(10):
            async with http.get(f"{url}/metrics") as answer:
                text = await answer.read()
    status = status_of(child.pid)
    child.stdin.close()
    await child.wait()
    number = series_of(text)
    held, most = (int(status[key].split()[0]) / 1024 for key in ("VmRSS", "VmHWM"))
    print(
        f"memory of {strategies} strategies × {symbols} symbols, {steps} grid points, {number:,} series: "
        f"{held:.1f} MiB resident, {most:.1f} at most",
        flush=True,
    )


def status_of(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return dict(line.split(":", 1) for line in lines)


async def serve(strategies: int, symbols: int, steps: int) -> None:
    """The child: tell where it serves, and end with its standard input."""
    account = Account(strategies, symbols)
    with TemporaryDirectory() as folder:
        async with MonitorApp(settings(), journal=Path(folder) / "journal.db", port=0) as app:
            gc.collect()
            gc.freeze()  # as `genesis monitor` does
            if strategies:
                await book(app.monitor, account)
            for step in range(steps):
                await app.monitor.handle_batch(list(account.quotes(seconds=60)))
                if step % 10 == 0:  # a minute of event time takes no minute here: so often it would be saved
                    await app.monitor.save_snapshot()
            print(app.url, flush=True)
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def main() -> None:
    print(f"scrape · Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores")
    render("floats", float)
    render("exact money", money)
    series = await scrape(100, 20)
    await prometheus(SCRAPED_SERIES * 100 // series, 20)
    for strategies, symbols, steps in ((0, 0, 0), (100, 20, STEPS), (1_000, 2, STEPS)):
        await resident(strategies, symbols, steps)


if __name__ == "__main__":
    configure_logs("ERROR")
    if sys.argv[1:2] == ["--serve"]:
        asyncio.run(serve(*map(int, sys.argv[2:])))
    else:
        asyncio.run(main())
