"""False alarms: hours of the demo's market without its fault, in which no alert should fire; and with it, to see which ones do.

Nobody waits for the hours: the engine goes as fast as it can, every second of market time is a scrape in a real Prometheus, and
every rule is asked at each of these seconds. An alert fires where its expression held for its `for`.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before anything that may import numpy

import asyncio
import platform
import re
import subprocess
from collections.abc import AsyncIterator, Generator, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TextIO

import aiohttp
import msgspec
import yaml

from genesis import programs
from genesis.alerts.rules import JOB
from genesis.alerts.scrape import INSTANCE
from genesis.configuration import Settings, load_settings
from genesis.core.duration import parse_duration
from genesis.core.instrument import Instrument
from genesis.core.models import AnyEvent, AnyMarketEvent
from genesis.demo.settings import GOES_BAD_AFTER, GRID
from genesis.engine.engine import TradingEngine
from genesis.engine.market import SimulatedMarket
from genesis.engine.paper import strategies_for
from genesis.ledger.journal import Journal
from genesis.logs import configure_logs
from genesis.metrics.exporter import GenesisCollector
from genesis.monitoring.alert_manager import rule_files, thresholds
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.stack.child import Child
from genesis.stack.ports import LOOPBACK, free_port

CALM_SEEDS = [int(seed) for seed in os.environ.get("GENESIS_BENCH_SEEDS", "7,8").split(",")]
FAULTY_SEEDS = [1]
CALM, FAULTY = timedelta(hours=1), timedelta(minutes=20)
START = datetime(2026, 1, 5, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NOT_OF_STRATEGIES = {"Watchdog", "StorageBelowTier"}
"""One always fires; the other tells, rightly, that the journal is not in PostgreSQL."""


class Fired(NamedTuple):
    """An alert that fires, and the seconds from the start until it did."""

    severity: str
    alert: str
    whom: str
    after: float


# The market, and what the monitor tells of it.


class MarketClock:
    """Event time as wall time: what is worked out of wall time is then as it would be at real speed."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    def timestamp(self) -> float:
        return self.time.timestamp()

    monotonic = timestamp


class Until:
    """A market that ends."""

    def __init__(self, market: SimulatedMarket, end: datetime) -> None:
        self._market = market
        self._end = end

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        return self._market.instruments

    def events(self) -> Generator[AnyMarketEvent, None, None]:
        for event in self._market.events():
            if event.time > self._end:
                return
            yield event


def chosen() -> Settings:
    """The repository's settings on the demo's grid."""
    loaded = load_settings(Path(__file__).parents[1] / "config")
    statistics = loaded.monitor.statistics.model_copy(update=GRID)
    events = loaded.monitor.events.model_copy(update={"max_future_seconds": None})
    return loaded._replace(monitor=loaded.monitor.model_copy(update={"statistics": statistics, "events": events}))


async def expose(settings: Settings, seed: int, length: timedelta, *, faulty: bool, wanted: set[str], out: TextIO) -> None:
    """Write what a scrape a second would have read, as OpenMetrics; of the metrics that are `wanted`."""
    clock, market = MarketClock(), Until(SimulatedMarket(START, seed), START + length)
    accounts = strategies_for(settings.strategies, market.instruments, GOES_BAD_AFTER if faulty else None)
    engine = TradingEngine(market, accounts, clock=clock, run_id=f"seed-{seed}", seed=seed, speed=float("inf"))
    async with Journal(":memory:") as journal:
        monitor = StrategyPerformanceMonitor(
            settings.monitor, settings.rules, journal, clock, configured=settings.strategies.strategies
        )
        await monitor.restore()
        exporter = GenesisCollector(
            monitor.snapshot,
            monitor.telemetry,
            partial(tuple, thresholds(settings.alerts, settings.rules)),
            clock,
            journal=journal,
            max_strategies=settings.monitor.max_strategies,
            max_symbols=settings.monitor.max_symbols,
        )

        async def take(event: AnyEvent) -> None:
            while event.time >= clock.time + SECOND:
                clock.time += SECOND
                out.writelines(stamped(exporter, clock.time, wanted))
            await monitor.handle(event)

        engine.subscribe(take)
        await engine.run()
    out.write("# EOF\n")


def stamped(exporter: GenesisCollector, time: datetime, wanted: set[str]) -> Iterator[str]:
    """The samples of a scrape with its time, and with the labels that Prometheus adds."""
    own, at = f'job="{JOB}",instance="{INSTANCE}"', int(time.timestamp())
    yield f"up{{{own}}} 1 {at}\n"
    for line in b"".join(exporter.text()).decode().splitlines():
        head, _, value = line.rpartition(" ")
        name, _, labels = head.partition("{")
        if name in wanted:
            yield f"{name}{{{own}{',' if labels else ''}{labels.removesuffix('}')}}} {value} {at}\n"


# Prometheus, and what its rules say of it.


class History:
    """A folder with the data of a Prometheus that scrapes nothing, and the rules to ask."""

    def __init__(self, folder: Path, rules: Path, length: timedelta) -> None:
        self._folder = folder
        self._rules = rules
        self._end = START + length
        self._found = programs.require([programs.PROMETHEUS, programs.PROMTOOL], os.environ)

    async def take(self, text: Path) -> None:
        """Read the samples; then let promtool work out what the recording rules would have."""
        self._promtool("openmetrics", text, self._folder)
        span = [f"--start={START.timestamp():.0f}", f"--end={self._end.timestamp():.0f}", "--eval-interval=1s"]
        async with self.running() as url:
            files = sorted(self._rules.glob("*.yml"))
            await asyncio.to_thread(self._promtool, "rules", *span, f"--url={url}", f"--output-dir={self._folder}", *files)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Prometheus on this data; its address."""
        config = self._folder.parent / "empty.yml"
        config.write_text("global: {}\n")
        address = f"{LOOPBACK}:{free_port(0)}"
        arguments = [
            f"--config.file={config}",
            f"--storage.tsdb.path={self._folder}",
            "--storage.tsdb.retention.time=3650d",
            f"--web.listen-address={address}",
        ]
        log = self._folder.parent / "prometheus.log"
        child = Child("prometheus", [self._found[programs.PROMETHEUS], *arguments], log=log, environ=os.environ)
        await child.start()
        try:
            await child.ready(f"http://{address}/-/ready", 60)
            yield f"http://{address}"
        finally:
            await child.stop()

    async def fired(self) -> list[Fired]:
        """Every alert that would have fired, the first one first."""
        found: list[Fired] = []
        async with self.running() as url, aiohttp.ClientSession() as http:
            for rule in rules_of(self._rules):
                if "alert" in rule and rule["alert"] not in NOT_OF_STRATEGIES:
                    found += [fired async for fired in self._ask(http, url, rule)]
        return sorted(found, key=lambda fired: fired.after)

    async def _ask(self, http: aiohttp.ClientSession, url: str, rule: dict[str, Any]) -> AsyncIterator[Fired]:
        span = {"start": START.timestamp() + 1, "end": self._end.timestamp(), "step": 1}
        async with http.post(f"{url}/api/v1/query_range", data={"query": rule["expr"], **span}) as answer:
            assert answer.status == 200, await answer.text()
            result = msgspec.json.decode(await answer.read())["data"]["result"]
        hold = parse_duration(rule.get("for", "0s")).total_seconds()
        for series in result:
            after = first_held([time for time, _ in series["values"]], hold)
            if after is not None:
                labels = {key: value for key, value in series["metric"].items() if key not in ("__name__", "job", "instance")}
                yield Fired(rule["labels"]["severity"], rule["alert"], " ".join(labels.values()), after)

    def _promtool(self, what: str, *arguments: str | Path) -> None:
        command = [self._found[programs.PROMTOOL], "tsdb", "create-blocks-from", what, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def first_held(times: Iterable[float], hold: float) -> float | None:
    """Seconds from the start until the seconds in `times` have followed each other for `hold` seconds; None for never."""
    began = before = -1.0
    for time in times:
        if time - before > 1:
            began = time
        before = time
        if time - began >= hold:
            return time - START.timestamp()
    return None


def rules_of(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield from group["rules"]


async def report(settings: Settings, seed: int, length: timedelta, *, faulty: bool) -> None:
    """Print what fired."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        rules = folder / "rules"
        rules.mkdir()
        for file, content in rule_files(settings.alerts, settings.rules).items():
            (rules / file).write_text(content)
        wanted = {word for rule in rules_of(rules) for word in re.findall(r"genesis_\w+", rule["expr"])}
        text = folder / "scrapes"
        with text.open("w") as out:
            await expose(settings, seed, length, faulty=faulty, wanted=wanted, out=out)
        history = History(folder / "data", rules, length)
        await history.take(text)
        fired = await history.fired()
    what = "with the fault" if faulty else "without the fault"
    print(f"seed {seed}, {length} {what}: {len(fired)} alerts fired" if fired else f"seed {seed}, {length} {what}: none fired")
    for one in fired:
        since = one.after - GOES_BAD_AFTER if faulty else one.after
        print(f"  {since:7.0f} s  {one.severity:<9}{one.alert:<24}{one.whom}")
    print(end="", flush=True)


async def main() -> None:
    print(f"false alarms · Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores", flush=True)
    settings = chosen()
    for seed in CALM_SEEDS:
        await report(settings, seed, CALM, faulty=False)
    for seed in FAULTY_SEEDS:
        await report(settings, seed, FAULTY, faulty=True)


if __name__ == "__main__":
    configure_logs("ERROR")
    asyncio.run(main())
