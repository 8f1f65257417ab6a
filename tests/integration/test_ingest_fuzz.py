"""Bodies as no engine should send them, and the good events between them: each is judged, none breaks anything."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.integration.live_monitor import TOKEN, LiveMonitor
from tests.search import SEARCHING, examples

BODIES = examples(20_000)
"""How many malformed bodies are sent."""
SEED = random.SystemRandom().randrange(2**32) if SEARCHING else 1
"""Of the bodies."""
SENDERS = 2
LARGE = 12
"""How many lines of 10 MB."""
PIPELINED = 50
"""Requests that are written before their answers are read."""
MIB = 1024 * 1024

GOOD: dict[str, Any] = {
    "kind": "fill",
    "time": "2024-01-31T12:00:00.123Z",
    "source": "fuzzed",
    "strategy": "alpha",
    "symbol": "BTCUSDT",
    "side": "buy",
    "quantity": "0.5",
    "price": 61000.25,
    "fee": "1.2",
    "liquidity": "taker",
}

WRONG_VALUES: tuple[Any, ...] = (
    None, True, False, [], {}, [[]], [1, 2], {"a": 1}, "", " ", "x", "NaN", "-Infinity", "1e", "0x10", "1,5", "--1", "\u0000",
    "\ud800", "\U0001f4a9" * 200, "a" * 129, "a" * 5000, "ﬀ" * 70, "\u202e", 10**15, -1, 0, 1e308, 10**400, "1e999999999",
    "1e-999999999", 0.1 + 1e-17, "0." + "1" * 19, "9" * 4000, "2026-13-01T00:00:00Z", "1969-12-31T23:59:59Z",
    "9999-12-31T23:59:59-23:59", "2026-01-31T12:00:00", "BUY", "fill ", 1767225600,
)  # fmt: skip
WRONG_TEXTS = (
    "NaN", "Infinity", "-Infinity", "1e99999999999999999999", "01", "+1", ".5", "1.", "0x1F", "1_0", "'a'", "undefined", "nul",
    "[" * 3000, '{"a":' * 3000, "[" * 900 + "]" * 900, '"\\ud800"', '"\\x"', '"\t"', "9" * 100_000, "-" + "9" * 5000, "1e-400",
)  # fmt: skip


class Request(NamedTuple):
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    good: int = 0
    """How many good events are in it."""

    def encoded(self) -> bytes:
        lines = [
            "POST /api/v1/events HTTP/1.1",
            "Host: genesis",
            f"Authorization: Bearer {TOKEN}",
            f"Content-Length: {len(self.body)}",
            *(f"{name}: {value}" for name, value in self.headers),
        ]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + self.body


class Fuzzer:
    """Makes malformed bodies, each wrong in one of many ways, from a seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self._numbers = iter(range(1, 10**9))
        self._ways: tuple[Callable[[], Request], ...] = (
            self._wrong_value,
            self._wrong_value,
            self._wrong_text,
            self._wrong_text,
            self._missing_or_unknown,
            self._twice,
            self._cut,
            self._spoiled_bytes,
            self._noise,
            self._not_an_object,
            self._headers,
            self._blank,
            self._many_lines,
        )

    def request(self) -> Request:
        return self._random.choice(self._ways)()

    def good(self) -> Request:
        """One good event, alone or between lines that are not."""
        line = json.dumps(GOOD | {"event_id": f"good-{self._seed}-{next(self._numbers)}"}).encode()
        if self._random.random() < 0.5:
            return Request(line, good=1)
        return Request(b"\r\n".join([b"\xef\xbb\xbf{", self._wrong_value().body, line, self._noise_line(), b"", b"[]"]), good=1)

    def _line(self, **changed: Any) -> bytes:
        return json.dumps(GOOD | {"event_id": f"bad-{next(self._numbers)}"} | changed).encode()

    def _field(self) -> str:
        return self._random.choice([*GOOD, "event_id"])

    def _wrong_value(self) -> Request:
        """A value that is wrong for most fields, and another fault for the fields that would take it."""
        field = self._field()
        second = {"mistyped": 1} if self._random.random() < 0.3 else {"fee" if field == "price" else "price": "-Infinity"}
        return Request(self._line(**second | {field: self._random.choice(WRONG_VALUES)}))

    def _wrong_text(self) -> Request:
        marker = b'"\xc2\xa7"'
        line = json.dumps(GOOD | {"event_id": "bad", self._field(): "§"}, ensure_ascii=False).encode()
        return Request(line.replace(marker, self._random.choice(WRONG_TEXTS).encode(), 1))

    def _missing_or_unknown(self) -> Request:
        event = GOOD | {"event_id": "bad", "x" * self._random.randrange(1, 2000): 1}
        for field in self._random.sample(sorted(event), self._random.randrange(4)):
            del event[field]
        return Request(json.dumps({**event, "?": None}).encode())

    def _twice(self) -> Request:
        field = self._field()
        return Request(self._line()[:-1] + f', "{field}" : {json.dumps(GOOD.get(field, "again"))}}}'.encode())

    def _cut(self) -> Request:
        line = self._line()
        return Request(line[: self._random.randrange(1, len(line) - 1)])

    def _spoiled_bytes(self) -> Request:
        line = bytearray(self._line(mistyped="\u2028"))
        for _ in range(self._random.randrange(1, 6)):
            line[self._random.randrange(len(line))] = self._random.randrange(256)
        return Request(bytes(line))

    def _noise_line(self) -> bytes:
        return self._random.randbytes(self._random.randrange(1, 300)).replace(b"\n", b" ") + b"\xff"

    def _noise(self) -> Request:
        return Request(self._noise_line())

    def _not_an_object(self) -> Request:
        return Request(
            self._random.choice([b"[]", b"1", b'"fill"', b"null", b"true", b"[" + self._line() + b"]", b"{}", b"\x00"])
        )

    def _headers(self) -> Request:
        name, value = self._random.choice(
            [
                ("Content-Type", "text/plain"),
                ("Content-Type", "application/json; charset=utf-16"),
                ("Content-Type", "\xff/\xfe;;;="),
                ("Content-Type", ""),
                ("Content-Encoding", "br, gzip"),
                ("Content-Encoding", "snappy"),
                ("Content-Type", "application/json"),
            ]
        )
        return Request(self._line(mistyped=1), ((name, value),))

    def _blank(self) -> Request:
        return Request(self._random.choice([b"", b"\n", b" \r\n\t\n", b"\xef\xbb\xbf"]))

    def _many_lines(self) -> Request:
        return Request(b"\n".join(self._random.choice([b"1", b"{}", self._noise_line()]) for _ in range(20)))


def large(number: int) -> Request:
    """A line of 10 MB: a number, a text, a nest, a list; one of them is small on the way and large only when unpacked."""
    lines = [
        b'{"kind":"fill","price":' + b"9" * (10 * MIB) + b"}",
        b'{"kind":"fill","source":"' + b"a" * (10 * MIB) + b'"}',
        b"[" * (10 * MIB),
        gzip.compress(b'{"kind":"fill","source":"' + b"a" * (10 * MIB) + b'"}'),
    ]
    line = lines[number % len(lines)]
    return Request(line, (("Content-Encoding", "gzip"),) if line.startswith(b"\x1f\x8b") else ())


class Sender:
    """Sends requests on one connection, many before it reads their answers, and judges these."""

    def __init__(self, port: int, fuzzer: Fuzzer) -> None:
        self._port = port
        self._fuzzer = fuzzer
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.statuses: Counter[int] = Counter()
        self.good = 0

    async def send(self, bodies: int) -> None:
        """So many malformed bodies, and a good event among each of the writes."""
        for start in range(0, bodies, PIPELINED):
            requests = [self._fuzzer.request() for _ in range(min(PIPELINED, bodies - start))]
            requests.insert(len(requests) // 2, self._fuzzer.good())
            self.good += 1
            reader, writer = await self._open()
            writer.write(b"".join(request.encoded() for request in requests))
            for request in requests:
                self._judge(request, *await self._answer(reader))

    async def send_large(self, number: int) -> None:
        """On a connection of its own: it may be answered, and closed, before it has arrived."""
        request = large(number)
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(request.encoded())
            self._judge(request, *await self._answer(reader))
        finally:
            writer.transport.abort()

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            await self._streams[1].wait_closed()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=64 * MIB)
        return self._streams

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[int, bytes]:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        return int(head[0].split()[1]), await reader.readexactly(int(headers["content-length"]))

    def _judge(self, request: Request, status: int, body: bytes) -> None:
        verdict = json.loads(body)
        self.statuses[status] += 1
        assert status in ({200} if request.good else {200, 400, 413, 415}), (status, body[:500], request.body[:200])
        if status == 200:
            assert verdict["accepted"] == request.good, (body[:500], request.body[:500])
            assert all(len(str(value)) < 1000 for result in verdict["results"] for value in result.values())
        else:
            assert verdict["error"]


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[LiveMonitor]:
    live = LiveMonitor(tmp_path)
    live.start()
    yield live
    live.stop()


async def test_malformed_bodies_cost_neither_a_good_event_nor_memory(monitor: LiveMonitor) -> None:
    await monitor.ready()
    senders = [Sender(monitor.port, Fuzzer(SEED + number)) for number in range(SENDERS)]

    async def send(bodies: int) -> None:
        await asyncio.gather(*(sender.send(bodies // SENDERS) for sender in senders))

    await send(BODIES // 50)  # what the process needs in order to work at all
    for number in range(4):
        await senders[0].send_large(number)
    before = highest = monitor.resident_bytes()
    for part in range(LARGE):
        await send(BODIES // LARGE + SENDERS)
        await senders[0].send_large(part)
        highest = max(highest, monitor.resident_bytes())
    for sender in senders:
        await sender.close()

    growth = (highest - before) / MIB
    statuses = sum((sender.statuses for sender in senders), Counter[int]())
    good = sum(sender.good for sender in senders)
    print(f"seed {SEED}: {dict(statuses)}, {good} good events, {before / MIB:.1f} MiB and {growth:+.1f} MiB")  # noqa: T201
    assert growth < 20
    assert sum(statuses.values()) - good > BODIES
    fills = 'genesis_strategy_fills_total{liquidity="taker",side="buy",strategy="alpha",symbol="BTCUSDT"}'
    assert await monitor.metric(fills) == good
    assert statuses.keys() >= {200, 400, 413, 415}
    assert "a request for events failed" not in monitor.log.read_text(encoding="utf-8")
    assert "Error handling request" not in monitor.log.read_text(encoding="utf-8")
