"""GET and PUT /api/v1/allocations: how an engine in another process reports its shares and receives decisions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from aiohttp import web

from genesis.core.allocation import MAX_BODY, EngineReport, Share, decode_decision, encode
from genesis.core.errors import ConfigError, EventError
from genesis.core.secret import read_secret
from genesis.engine.allocations import AllocationError, StaleDecisionError, UnsavedDecisionError
from genesis.ingest.answers import answer, refuse
from genesis.ingest.auth import CredentialGuard

ALLOCATIONS = "/api/v1/allocations"
BODY_SECONDS = 10.0
"""How long the body of a decision may take to arrive."""


class Engine(Protocol):
    """Applies numbered decisions: `AllocationBook`."""

    def report(self) -> EngineReport: ...
    def apply(self, number: int, shares: Mapping[str, Share]) -> EngineReport: ...


def allocation_routes(engine: Engine, token_file: Path) -> list[web.RouteDef]:
    """The routes; both require the bearer token, which is read from the file at each request.

    200: the engine's report. 400: the body is not a decision. 401: the token is wrong. 408: the body did not arrive in time.
    409: a newer decision, or another one with this number, was applied before. 413: the body is too large. 422: the engine
    refuses the decision. 503: the token file cannot be read, or the decision cannot be stored.
    """

    async def get(request: web.Request) -> web.Response:
        return _refused(request, token_file) or _report(engine.report())

    async def put(request: web.Request) -> web.Response:
        refused = _refused(request, token_file)
        if refused is not None:
            return refused
        body = await _body(request)
        return body if isinstance(body, web.Response) else _applied(engine, body)

    return [web.get(ALLOCATIONS, get, allow_head=False), web.put(ALLOCATIONS, put)]


def _applied(engine: Engine, body: bytes) -> web.Response:
    try:
        return _report(engine.apply(*decode_decision(body)))
    except EventError as error:
        return refuse(400, str(error))
    except StaleDecisionError as error:
        return refuse(409, str(error))
    except UnsavedDecisionError as error:
        return refuse(503, str(error))
    except AllocationError as error:
        return refuse(422, str(error))


def _report(report: EngineReport) -> web.Response:
    return answer(200, encode(report.decision, report.shares), {"Cache-Control": "no-store"})


def _refused(request: web.Request, token_file: Path) -> web.Response | None:
    try:
        token = read_secret(token_file, "token_file", "the engine")
    except ConfigError as error:
        return refuse(503, str(error.faults[0]))
    return CredentialGuard("Bearer", token)(request.headers.get("Authorization"))


async def _body(request: web.Request) -> bytes | web.Response:
    """Read the body; a response if it is refused."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > MAX_BODY:
                    return refuse(413, f"the body is larger than {MAX_BODY} bytes")
    except TimeoutError:
        return refuse(408, f"the body did not arrive within {BODY_SECONDS:g} s")
    except (web.RequestPayloadError, ConnectionError) as error:
        return refuse(400, f"the body cannot be read: {type(error).__name__}")
    return bytes(body)
