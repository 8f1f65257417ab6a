"""POST /api/v1/events: every line judged by itself, in order; and what is answered where none can be."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from genesis.alerts.catalog.events import TURNED_AWAY as WATCHED
from genesis.core.errors import EventError, JournalBusyError, JournalError
from genesis.core.models import AnyEvent, CapitalFlow
from genesis.core.receipt import Outcome, Receipt
from genesis.ingest import http as ingest_http
from genesis.ingest.http import BATCH, EVENTS, SCHEMA, TURNED_AWAY, EventIntake, counted, ingest_routes
from genesis.ingest.schema import event_schema
from genesis.metrics.telemetry import Telemetry
from genesis.settings.access import IngestSettings

NDJSON = {"Content-Type": "application/x-ndjson"}
JSON = {"Content-Type": "application/json"}


def flow(event_id: str, **changed: Any) -> bytes:
    event = {"kind": "capital_flow", "time": "2026-01-31T12:00:00Z", "event_id": event_id, "strategy": "s", "amount": "1"}
    return json.dumps(event | changed).encode()


PACKED = gzip.compress(flow("packed"), mtime=0)


class Books:
    """Stands for the monitor: notes what it was given, and answers as it is told to."""

    def __init__(self) -> None:
        self.batches: list[Sequence[AnyEvent]] = []
        self.seen: set[str] = set()
        self.fault: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def handle(self, events: Sequence[AnyEvent]) -> list[Receipt]:
        await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        self.batches.append(events)
        return [self._receipt(event) for event in events]

    def _receipt(self, event: AnyEvent) -> Receipt:
        assert isinstance(event, CapitalFlow)
        if event.event_id.startswith("conflict"):
            return Receipt(Outcome.CONFLICT, EventError("event_id", event.event_id, "is already in the journal"))
        if event.event_id in self.seen:
            return Receipt(Outcome.DUPLICATE)
        self.seen.add(event.event_id)
        return Receipt(Outcome.ACCEPTED)

    @property
    def booked(self) -> list[str]:
        return [event.event_id for batch in self.batches for event in batch if isinstance(event, CapitalFlow)]


class Site(NamedTuple):
    http: TestClient[web.Request, web.Application]
    books: Books
    telemetry: Telemetry

    async def post(self, body: Any, headers: dict[str, str] | None = None) -> ClientResponse:
        return await self.http.post(EVENTS, data=body, headers=NDJSON if headers is None else headers)

    async def verdict(self, body: Any, headers: dict[str, str] | None = None) -> dict[str, Any]:
        answer = await self.post(body, headers)
        assert answer.status == 200, await answer.text()
        told: dict[str, Any] = await answer.json()
        return told

    async def refusal(self, status: int, body: Any, headers: dict[str, str] | None = None) -> str:
        answer = await self.post(body, headers)
        assert answer.status == status, await answer.text()
        assert ("Retry-After" in answer.headers) == (status in {429, 503})
        return str((await answer.json())["error"])


@asynccontextmanager
async def site(*, ready: bool = True, **settings: Any) -> AsyncIterator[Site]:
    books, telemetry = Books(), Telemetry()
    intake = EventIntake(IngestSettings(**settings), books.handle, ready=lambda: ready, counter=telemetry)
    app = web.Application(middlewares=[counted(telemetry)])
    app.add_routes(ingest_routes(intake))
    server = TestServer(app)
    await server.start_server(auto_decompress=False)
    async with TestClient(server) as http:
        yield Site(http, books, telemetry)


async def test_every_line_gets_its_own_answer_and_a_bad_one_loses_no_neighbour() -> None:
    lines = [
        flow("a"),
        b'{"kind":"capital_flow","event_id":"b"',
        flow("c"),
        b"",
        flow("c"),
        flow("conflict"),
        flow("d", amount="x"),
    ]
    async with site() as served:
        told = await served.verdict(b"\n".join([*lines, b"  \r", flow("e") + b"\r"]))
        assert served.books.booked == ["a", "c", "c", "conflict", "e"]
    results = told.pop("results")
    assert told == {"accepted": 3, "duplicate": 1, "conflict": 1, "rejected": 2, "late": 0}
    assert [(result["line"], result["outcome"], result.get("event_id")) for result in results] == [
        (1, "accepted", "a"),
        (2, "rejected", None),
        (3, "accepted", "c"),
        (5, "duplicate", "c"),
        (6, "conflict", "conflict"),
        (7, "rejected", "d"),
        (9, "accepted", "e"),
    ]
    assert results[5] | {"line": 0} == {
        "line": 0, "outcome": "rejected", "event_id": "d", "field": "amount", "value": "x", "reason": "is not a decimal number",
    }  # fmt: skip
    assert results[4]["reason"] == "is already in the journal"


async def test_refused_lines_are_counted_under_the_kind_that_they_name() -> None:
    async with site() as served:
        await served.verdict(b"\n".join([flow("a", amount="x"), b"{", b'{"kind":"fill"}', b"[]"]))
        assert served.telemetry.unreadable == 2
        counts = {kind.kind: kind.outcomes["rejected"] for kind in served.telemetry.kinds.values()}
        assert {kind: count for kind, count in counts.items() if count} == {"capital_flow": 1, "fill": 1}
        assert served.telemetry.requests == Counter({(EVENTS, 200): 1})


def test_senders_that_are_turned_away_are_counted_from_0_on() -> None:
    """A series that begins at its first burst has no increase, and RequestsRefused would not see it."""
    telemetry = Telemetry()
    counted(telemetry)
    assert dict(telemetry.requests) == {(EVENTS, status): 0 for status in TURNED_AWAY}
    assert tuple(map(str, TURNED_AWAY)) == WATCHED


@pytest.mark.parametrize("headers", [JSON, NDJSON, {"Content-Type": "application/json; charset=UTF-8"}])
async def test_one_event_may_be_sent_as_json(headers: dict[str, str]) -> None:
    async with site() as served:
        assert (await served.verdict(flow("a"), headers))["accepted"] == 1


async def test_an_event_sent_as_json_may_stand_on_many_lines() -> None:
    async with site() as served:
        spread = json.dumps(json.loads(flow("a")), indent=2).encode()
        assert (await served.verdict(spread, JSON))["accepted"] == 1
        assert (await served.verdict(flow("b") + b"\n" + flow("c"), JSON))["rejected"] == 1
        assert served.books.booked == ["a"]


async def test_a_byte_order_mark_does_not_matter() -> None:
    async with site() as served:
        assert (await served.verdict(b"\xef\xbb\xbf" + flow("a")))["accepted"] == 1


async def test_large_requests_are_booked_in_parts_in_their_order() -> None:
    count = 2 * BATCH + 1
    async with site() as served:
        told = await served.verdict(b"\n".join(flow(str(number)) for number in range(count)))
        assert told["accepted"] == count
        assert served.books.booked == [str(number) for number in range(count)]
        assert [len(batch) for batch in served.books.batches] == [BATCH, BATCH, 1]


@pytest.mark.parametrize("body", [b"", b"\n\r\n  \t\n", b"\xef\xbb\xbf"])
async def test_an_empty_body_is_refused(body: bytes) -> None:
    async with site() as served:
        assert "is empty" in await served.refusal(400, body)


@pytest.mark.parametrize(
    ("headers", "complaint"),
    [
        ({"Content-Type": "text/csv"}, "text/csv is not known: send application/x-ndjson"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "send application/x-ndjson"),
        ({"Content-Type": "application/json; charset=utf-16"}, "charset utf-16 is not known"),
        (NDJSON | {"Content-Encoding": "snappy"}, "Content-Encoding snappy is not known"),
    ],
)
async def test_other_types_of_content_are_refused_with_those_that_are_taken(headers: dict[str, str], complaint: str) -> None:
    async with site() as served:
        assert complaint in await served.refusal(415, flow("a"), headers)
        assert not served.books.booked


async def test_a_body_may_be_compressed() -> None:
    async with site() as served:
        assert (await served.verdict(PACKED, NDJSON | {"Content-Encoding": "gzip"}))["accepted"] == 1


@pytest.mark.parametrize("packed", [b"", flow("a"), PACKED[:-1], PACKED[:-12], PACKED + PACKED, PACKED[:-8] + bytes(8)])
async def test_a_body_that_cannot_be_unpacked_is_refused(packed: bytes) -> None:
    async with site() as served:
        answer = await served.post(packed, NDJSON | {"Content-Encoding": "gzip"})
        assert answer.status == 400
        assert not served.books.booked


async def test_what_is_too_large_is_refused_told_or_not_packed_or_not() -> None:
    large = flow("a").ljust(3000)

    async def untold() -> AsyncIterator[bytes]:
        yield large

    async with site(max_body_bytes=2000) as served:
        assert "larger than 2000 bytes" in await served.refusal(413, large)
        assert "larger than 2000 bytes" in await served.refusal(413, untold())
        assert "larger than 2000 bytes" in await served.refusal(
            413, gzip.compress(large), NDJSON | {"Content-Encoding": "gzip"}
        )
        assert (await served.verdict(flow("b").ljust(2000)))["accepted"] == 1
        assert served.books.booked == ["b"]


async def test_more_events_than_may_ever_wait_are_too_many_for_one_request() -> None:
    async with site(max_pending_events=3) as served:
        body = b"\n".join(flow(str(number)) for number in range(4))
        assert "has 4 events, 3 are allowed: send it in parts" in await served.refusal(413, body)
        assert (await served.verdict(body.rpartition(b"\n")[0]))["accepted"] == 3


async def test_while_too_many_events_wait_others_are_told_to_come_again() -> None:
    async with site(max_pending_events=3) as served:
        served.books.gate.clear()
        first = asyncio.create_task(served.verdict(flow("a") + b"\n" + flow("b")))
        while not served.telemetry.pending_events:  # noqa: ASYNC110 - it is a number
            await asyncio.sleep(0.001)
        assert "send the whole request again" in await served.refusal(429, flow("c") + b"\n" + flow("d"))
        served.books.gate.set()
        assert (await first)["accepted"] == 2
        assert served.telemetry.pending_events == 0
        assert (await served.verdict(flow("c") + b"\n" + flow("d")))["accepted"] == 2
        assert served.telemetry.requests == Counter({(EVENTS, 200): 2, (EVENTS, 429): 1})


async def test_while_the_books_are_restored_senders_are_told_to_come_again() -> None:
    async with site(ready=False) as served:
        assert "are being restored; send the whole request again" in await served.refusal(503, flow("a"))
        assert not served.books.booked


async def test_when_the_journal_cannot_write_senders_are_told_to_come_again() -> None:
    async with site() as served:
        served.books.fault = JournalError("journal j.db: disk full: free some space")
        assert "disk full" in await served.refusal(503, flow("a"))
        served.books.fault = None
        assert served.telemetry.pending_events == 0
        assert (await served.verdict(flow("a")))["accepted"] == 1


async def test_when_the_journal_is_busy_senders_are_told_to_come_again() -> None:
    async with site() as served:
        served.books.fault = JournalBusyError("journal j.db: 10000 events wait for their commit")
        assert "wait for their commit" in await served.refusal(429, flow("a"))


async def test_a_fault_that_nobody_foresaw_is_no_answer_of_500_and_tells_nothing_of_the_inside() -> None:
    async with site() as served:
        served.books.fault = ZeroDivisionError("secret")
        told = await served.refusal(503, flow("a"))
        assert "send the whole request again" in told
        assert "secret" not in told
        assert served.telemetry.pending_events == 0


async def test_a_body_that_does_not_arrive_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest_http, "BODY_SECONDS", 0.05)

    async def endless() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(10)

    async with site() as served:
        assert "did not arrive within" in await served.refusal(408, endless())


async def test_bodies_in_arrival_share_a_limit_and_give_it_back() -> None:
    arrived, more = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b" " * 1500
        arrived.set()
        await more.wait()
        yield flow("slow")

    async with site(max_body_bytes=2000) as served:
        waiting = [asyncio.create_task(served.verdict(slow())) for _ in range(5)]
        await arrived.wait()
        while (answer := await served.post(b" " * 1900 + b"{")).status == 200:
            await answer.read()
        assert answer.status == 429
        more.set()
        assert sum([(await task)["accepted"] for task in waiting]) == 1
        assert (await served.verdict(b" " * 1900 + b"{"))["rejected"] == 1


async def test_the_schema_is_served() -> None:
    async with site() as served:
        answer = await served.http.get(SCHEMA)
        assert answer.content_type == "application/schema+json"
        assert json.loads(await answer.read()) == event_schema()
