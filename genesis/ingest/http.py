"""POST /api/v1/events: lines of JSON in, the outcome of each line out."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

import msgspec
import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Middleware

from genesis.core.errors import EventError, JournalBusyError, JournalError
from genesis.core.models import AnyEvent
from genesis.core.receipt import Receipt
from genesis.ingest.answers import JSON, answer, later, refuse
from genesis.ingest.codec import decode_event, identity, shown
from genesis.ingest.schema import event_schema
from genesis.settings.access import IngestSettings

_log = structlog.get_logger(__name__)

EVENTS = "/api/v1/events"
SCHEMA = "/api/v1/schema"

BATCH = 500
"""Events per commit. Between commits the loop serves other requests: a large one does not delay a scrape."""
BODY_SECONDS = 60.0
"""How long a request may take to arrive."""
LOG_SECONDS = 5.0
"""The least time between two log lines about refused lines."""
TURNED_AWAY = (401, 403, 413, 429, 503)
"""Status codes of responses that are sent without reading the events."""
HELD_BODIES = 4
"""How many of the largest requests may be in memory at a time."""

_ONE_EVENT = frozenset({JSON})
_LINES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"})
_GZIP = "gzip"
_GZIP_WINDOW = 31
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_REJECTED = "rejected"


class RequestCounter(Protocol):
    """Where requests, refused lines and waiting events are counted."""

    requests: Counter[tuple[str, int]]
    """(path, status) → requests."""
    pending_events: int

    def refuse(self, kind: str | None) -> None:
        """Count a refused line; `kind`: the kind of event that it names, if it can be read."""
        ...


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """The outcome of one line; lines count from 1."""

    line: int
    outcome: str
    event_id: str | None = None
    field: str | None = None
    value: str | None = None
    reason: str | None = None


class _RefusalError(Exception):
    """Carries the response to a refused request."""

    def __init__(self, response: web.Response) -> None:
        super().__init__()
        self.response = response


class _Line(NamedTuple):
    number: int
    text: bytes


class EventIntake:
    """Takes requests, decodes their lines, passes the events on in order, and reports the outcome of each line.

    Status 200 means that every line has an outcome. With any other status the sender corrects the request if it is wrong, and
    sends it again whole: events that were booked already are then duplicates.
    """

    def __init__(
        self,
        settings: IngestSettings,
        handle: Callable[[Sequence[AnyEvent]], Awaitable[Sequence[Receipt]]],
        *,
        ready: Callable[[], bool],
        counter: RequestCounter,
    ) -> None:
        """`handle` books events durably, in their order, or raises JournalError having kept none of them.

        The server must not decompress bodies (`auto_decompress=False`): aiohttp accepts a truncated one as complete.
        """
        self._settings = settings
        self._handle = handle
        self._ready = ready
        self._counter = counter
        self._held_bytes = 0
        self._unlogged = 0
        self._next_log_at = 0.0

    async def post(self, request: web.Request) -> web.Response:
        """Answer one request; never raises."""
        try:
            return await self._take(request)
        except _RefusalError as refusal:
            return refusal.response
        except JournalBusyError as error:
            return later(429, str(error))
        except JournalError as error:
            _log.warning("events not taken", reason=str(error))
            return later(503, str(error))
        except Exception:
            _log.exception("a request for events failed")
            return later(503, "an unexpected fault: see the monitor's log")

    async def _take(self, request: web.Request) -> web.Response:
        if not self._ready():
            raise _RefusalError(later(503, "the books are being restored"))
        single = _is_single(request)
        body = await self._body(request)
        lines = [_Line(1, body)] if single else list(_lines(body))
        if not any(line.text.strip() for line in lines):
            raise _RefusalError(refuse(400, "the body is empty: send one event, or one a line"))
        return await self._book(lines)

    async def _body(self, request: web.Request) -> bytes:
        limit = self._settings.max_body_bytes
        too_large = refuse(413, f"the body is larger than {limit} bytes: send it in parts", max_body_bytes=limit)
        if (request.content_length or 0) > limit:
            raise _RefusalError(too_large)
        body = await self._received(request, too_large)
        if _encoding(request) == _GZIP:
            body = _unpacked(body, limit)
        if len(body) > limit:
            raise _RefusalError(too_large)
        return body.removeprefix(_BYTE_ORDER_MARK)

    async def _received(self, request: web.Request, too_large: web.Response) -> bytes:
        """The body as it came over the wire."""
        limit = self._settings.max_body_bytes
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for chunk in request.content.iter_any():
                    body += chunk
                    self._held_bytes += len(chunk)
                    if len(body) > limit:
                        raise _RefusalError(too_large)
                    if self._held_bytes > limit * HELD_BODIES:
                        raise _RefusalError(later(429, "too many requests are arriving at the same time"))
        except TimeoutError:
            raise _RefusalError(refuse(408, f"the body did not arrive within {BODY_SECONDS:g} s")) from None
        except (HttpProcessingError, web.RequestPayloadError, ConnectionError) as error:
            raise _RefusalError(refuse(400, f"the body cannot be read: {shown(error)}")) from None
        finally:
            self._held_bytes -= len(body)
        return bytes(body)

    async def _book(self, lines: Sequence[_Line]) -> web.Response:
        limit, count = self._settings.max_pending_events, len(lines)
        if count > limit:
            raise _RefusalError(
                refuse(413, f"the body has {count} events, {limit} are allowed: send it in parts", max_pending_events=limit)
            )
        if self._counter.pending_events + count > limit:
            raise _RefusalError(later(429, f"{self._counter.pending_events} events wait to be booked, {limit} are allowed"))
        self._counter.pending_events += count
        counts: Counter[str] = Counter()
        results: list[bytes] = []
        try:
            for start in range(0, count, BATCH):
                for result in await self._book_batch(lines[start : start + BATCH]):
                    counts[result.outcome] += 1
                    results.append(_RESULT.encode(result))
                await asyncio.sleep(0)
        finally:
            self._counter.pending_events -= count
        return _response(counts, results)

    async def _book_batch(self, lines: Sequence[_Line]) -> list[Result]:
        judged = [(line, self._decoded(line)) for line in lines]
        events = [event for _, event in judged if not isinstance(event, Result)]
        receipts = iter(await self._handle(events) if events else ())
        self._log_refused([outcome for _, outcome in judged if isinstance(outcome, Result)])
        return [event if isinstance(event, Result) else _result(line.number, event, next(receipts)) for line, event in judged]

    def _decoded(self, line: _Line) -> AnyEvent | Result:
        try:
            return decode_event(line.text)
        except EventError as error:
            kind, event_id = identity(line.text)
            self._counter.refuse(kind)
            return Result(line.number, _REJECTED, event_id, error.field, shown(error.value), error.reason)

    def _log_refused(self, refused: Sequence[Result]) -> None:
        """Log refused lines, but at most once in `LOG_SECONDS`: a faulty sender repeats its fault."""
        if not refused:
            return
        self._unlogged += len(refused)
        if (now := time.monotonic()) >= self._next_log_at:
            _log.warning("lines refused", lines=self._unlogged, latest=msgspec.to_builtins(refused[-1]))
            self._unlogged, self._next_log_at = 0, now + LOG_SECONDS


def ingest_routes(intake: EventIntake) -> list[web.RouteDef]:
    """The routes of events: where they are sent, and the JSON Schema that they follow."""
    schema = msgspec.json.format(msgspec.json.encode(event_schema()), indent=2)

    async def get_schema(_: web.Request) -> web.Response:
        return web.Response(body=schema + b"\n", content_type="application/schema+json")

    return [web.post(EVENTS, intake.post), web.get(SCHEMA, get_schema)]


def counted(counter: RequestCounter) -> Middleware:
    """Counts every request to an existing path under /api/, refused ones included.

    The codes of refused requests begin at 0: Prometheus sees no increase in a counter whose first sample is 500.
    """
    for status in TURNED_AWAY:
        counter.requests[EVENTS, status] += 0

    @web.middleware
    async def count(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        response = await handler(request)
        resource = request.match_info.route.resource
        if resource is not None and resource.canonical.startswith("/api/"):
            counter.requests[resource.canonical, response.status] += 1
        return response

    return count


_RESULT = msgspec.json.Encoder()


def _result(number: int, event: AnyEvent, receipt: Receipt) -> Result:
    event_id, error = getattr(event, "event_id", None), receipt.error
    outcome = str(receipt.outcome.value)
    if error is None:
        return Result(number, outcome, event_id)
    return Result(number, outcome, event_id, error.field, shown(error.value), error.reason)


def _response(counts: Counter[str], results: Sequence[bytes]) -> web.Response:
    totals = {"accepted": 0, "duplicate": 0, "conflict": 0, _REJECTED: 0, "late": 0} | counts
    return answer(200, msgspec.json.encode(totals)[:-1] + b',"results":[\n' + b",\n".join(results) + b"\n]}")


def _is_single(request: web.Request) -> bool:
    """Whether the body is one event, by its Content-Type; without one, the body is lines."""
    if (encoding := _encoding(request)) not in {"identity", _GZIP}:
        raise _RefusalError(refuse(415, f"Content-Encoding {shown(encoding)} is not known: send gzip or none"))
    if "Content-Type" not in request.headers:
        return False
    if request.content_type not in _ONE_EVENT | _LINES:
        hint = "application/x-ndjson for one event a line, or application/json for one event"
        raise _RefusalError(refuse(415, f"Content-Type {shown(request.content_type)} is not known: send {hint}"))
    if (request.charset or "utf-8").lower() not in {"utf-8", "utf8", "us-ascii"}:
        raise _RefusalError(refuse(415, f"charset {shown(request.charset)} is not known: JSON is UTF-8"))
    return request.content_type in _ONE_EVENT


def _encoding(request: web.Request) -> str:
    return request.headers.get("Content-Encoding", "identity").strip().lower()


def _unpacked(body: bytes, limit: int) -> bytes:
    """The decompressed body, at most one byte more than `limit`. A truncated stream, or data after its end, is refused."""
    unpacking = zlib.decompressobj(_GZIP_WINDOW)
    try:
        plain = unpacking.decompress(body, limit + 1)
    except zlib.error as error:
        raise _RefusalError(refuse(400, f"the body cannot be unpacked: {shown(error)}")) from None
    if len(plain) <= limit and (not unpacking.eof or unpacking.unused_data):
        raise _RefusalError(refuse(400, "the body is not one whole gzip stream"))
    return plain


def _lines(body: bytes) -> Iterator[_Line]:
    """The lines that are not blank, with their numbers."""
    for number, text in enumerate(body.split(b"\n"), start=1):
        if text and not text.isspace():
            yield _Line(number, text)
