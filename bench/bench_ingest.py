"""JSON → events, and events over HTTP into the books, beside what one would write first.

Both sides of a pair work on the same bytes in turn, in one process; only the ratio of one round's two times says anything on a
machine whose clock moves.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import platform
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp

from genesis.app import MonitorApp
from genesis.configuration import load_settings
from genesis.core.models import AnyEvent, Fill, Liquidity, Side
from genesis.ingest.codec import decode_event
from genesis.logs import configure_logs
from genesis.settings.access import IngestSettings

START = datetime(2024, 1, 1, tzinfo=UTC)
TOKEN = "of-the-benchmark-0123456789"
ROUNDS = 9
EVENTS = 20_000
BATCH = 100


def line(number: int) -> bytes:
    """A fill as an engine sends it; numbers are strings."""
    fill = {
        "kind": "fill",
        "time": (START + timedelta(milliseconds=number)).isoformat().replace("+00:00", "Z"),
        "source": "okx",
        "event_id": f"fill-{number}",
        "strategy": f"strategy-{number % 10}",
        "symbol": "BTCUSDT",
        "side": "sell" if number % 3 == 0 else "buy",
        "quantity": f"{number % 7 + 1}.25",
        "price": f"{60_000 + number % 997}.5",
        "fee": "1.2",
        "fee_currency": "USDT",
        "liquidity": "taker",
    }
    return json.dumps(fill, separators=(",", ":")).encode()


def plainly(text: bytes) -> Fill:
    """What one would write first: the same event with the same checks of the model, from json and Decimal."""
    told = json.loads(text)
    return Fill(
        time=datetime.fromisoformat(told["time"]),
        source=told["source"],
        event_id=told["event_id"],
        strategy=told["strategy"],
        symbol=told["symbol"],
        side=Side(told["side"]),
        quantity=Decimal(told["quantity"]),
        price=Decimal(told["price"]),
        fee=Decimal(told["fee"]),
        fee_currency=told["fee_currency"],
        liquidity=Liquidity(told["liquidity"]),
    )


def unchecked(text: bytes) -> tuple[Decimal, Decimal, Decimal]:
    """json and Decimal alone, nothing checked: the yardstick of the design."""
    told = json.loads(text)
    return Decimal(told["quantity"]), Decimal(told["price"]), Decimal(told["fee"])


def cpu(work: Callable[[bytes], object], lines: list[bytes]) -> float:
    """Microseconds of CPU an event."""
    started = time.process_time()
    for text in lines:
        work(text)
    return (time.process_time() - started) / len(lines) * 1e6


def decoding() -> None:
    lines = [line(number) for number in range(EVENTS)]
    ours: Callable[[bytes], AnyEvent] = decode_event
    assert all(ours(text) == plainly(text) for text in lines[:1000])
    for name, theirs in (("json + Decimal into the same event", plainly), ("json + Decimal, nothing checked", unchecked)):
        pairs = []
        for round_ in range(ROUNDS + 1):
            sides: list[Callable[[bytes], object]] = [ours, theirs] if round_ % 2 else [theirs, ours]
            times = {side: cpu(side, lines) for side in sides}
            pairs.append((times[ours], times[theirs]))
        mine, other = zip(*pairs[1:], strict=True)
        ratios = [their / our for our, their in pairs[1:]]
        print(
            f"decode: {statistics.median(mine):.2f} µs an event ({1 / statistics.median(mine):.2f} M events/CPU-s); "
            f"{name} {statistics.median(other):.2f} µs, ratio {statistics.median(ratios):.2f} "
            f"({min(ratios):.2f} to {max(ratios):.2f})"
        )


def serve(folder: str, port: multiprocessing.Queue[str]) -> None:
    """The monitor, in a process of its own; tells its address."""

    async def run() -> None:
        settings = load_settings(Path(__file__).parents[1] / "config")
        token = Path(folder) / "token"
        token.touch(mode=0o600)
        token.write_text(TOKEN)
        monitor = settings.monitor.model_copy(update={"ingest": IngestSettings(token_file=token)})
        async with MonitorApp(settings._replace(monitor=monitor), journal=Path(folder) / "journal.db", port=0) as app:
            port.put(app.url)
            while not (Path(folder) / "end").exists():  # noqa: ASYNC110 - another process tells no event
                await asyncio.sleep(0.05)

    configure_logs("WARNING")
    asyncio.run(run())


def cpu_of(pid: int | None) -> float:
    """Seconds of CPU that a process has spent."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def post(url: str, bodies: list[bytes]) -> float:
    """Seconds to have them all acknowledged, one request after another on one connection."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/x-ndjson"}
    async with aiohttp.ClientSession(headers=headers) as http:
        started = time.perf_counter()
        for body in bodies:
            async with http.post(f"{url}/api/v1/events", data=body) as answer:
                assert answer.status == 200, await answer.text()
                await answer.read()
        return time.perf_counter() - started


async def streams(url: str, bodies: list[bytes], number: int) -> float:
    return max(await asyncio.gather(*(post(url, bodies[start::number]) for start in range(number))))


def over_http() -> None:
    with TemporaryDirectory() as folder:
        port: multiprocessing.Queue[str] = multiprocessing.Queue()
        monitor = multiprocessing.Process(target=serve, args=(folder, port))
        monitor.start()
        url = port.get()
        booked = 0
        for number, batch in ((1, BATCH), (4, BATCH), (1, 1)):
            rates = []
            before, first = cpu_of(monitor.pid), booked
            for _ in range(3):
                count = EVENTS if batch > 1 else 1_000
                lines = [line(booked + i) for i in range(count)]
                bodies = [b"\n".join(lines[start : start + batch]) for start in range(0, count, batch)]
                rates.append(count / asyncio.run(streams(url, bodies, number)))
                booked += count
            spent = (cpu_of(monitor.pid) - before) / (booked - first)
            print(
                f"HTTP, {number} connection(s), {batch} fill(s) a request, durable and booked: "
                f"{statistics.median(rates):,.0f} fills/s ({min(rates):,.0f} to {max(rates):,.0f}); "
                f"the monitor spends {spent * 1e6:.0f} µs of CPU a fill"
            )
        (Path(folder) / "end").touch()
        monitor.join()


def main() -> None:
    print(f"ingest · Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores")
    decoding()
    over_http()


if __name__ == "__main__":
    main()
