"""The connection to the engine: it reports what it does, and gets what to do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Protocol
from urllib.parse import urlsplit

import structlog

from genesis.clients.server import Server
from genesis.core.allocation import MAX_BODY, EngineReport, Share, decode_report, encode
from genesis.core.errors import ConfigError, EventError, ServerError
from genesis.core.secret import read_secret
from genesis.settings.rotation import EngineEndpoint

_FIRST_WAIT = 0.2
_PART_OF_INTERVAL = 1 / 3
"""The part of an interval for each of the two requests: with Prometheus's part, a round ends before the next is due."""
_TRY_AGAIN = frozenset({408, 425, 429})
"""Refusals that are temporary; a request with any other refusal is not repeated."""
_SERVER_FAILS = 500

_log = structlog.get_logger(__name__)


class EnginePort(Protocol):
    """An engine that follows allocations.

    It applies each number once: a repeat is acknowledged, a number below its last one is refused. Both methods raise
    ServerError: with a status from 400 to 499 if the engine refuses, with its own words. Otherwise it cannot be reached, or its
    answer cannot be read, and a later attempt may succeed.
    """

    async def report(self) -> EngineReport | None:
        """What the engine does now; None if there is no engine."""
        ...

    async def deliver(self, number: int, shares: Mapping[str, Share]) -> EngineReport:
        """Give the strategies these shares; returns what the engine does then. With an unknown strategy all are refused."""
        ...


class NoEngine:
    """No engine: for the mode `advise` without engine.url."""

    async def report(self) -> EngineReport | None:
        return None

    async def deliver(self, number: int, shares: Mapping[str, Share]) -> EngineReport:
        raise ServerError(f"decision {number} cannot be delivered: rotation.yaml has no engine.url")


class HttpEngine:
    """The engine at `engine.url`: GET reads its report, PUT gives it shares; an async context manager.

    Args:
        endpoint: of rotation.yaml; it has a URL.
        interval: seconds between two decisions: each request ends within a third of it, further attempts included.
    """

    def __init__(self, endpoint: EngineEndpoint, interval: float) -> None:
        if endpoint.url is None:
            raise ValueError("an engine without engine.url")
        parts = urlsplit(endpoint.url)
        self._path = parts._replace(scheme="", netloc="", fragment="").geturl()
        self._within = interval * _PART_OF_INTERVAL
        self._timeout = min(endpoint.timeout.total_seconds(), self._within)
        self._server = Server("the engine", "engine.url", f"{parts.scheme}://{parts.netloc}", self._timeout)
        self._token_file = endpoint.token_file
        self._attempts = endpoint.attempts

    async def __aenter__(self) -> HttpEngine:
        await self._server.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.__aexit__(kind, error, trace)

    async def report(self) -> EngineReport | None:
        return await self._retry(lambda: self._request("GET"))

    async def deliver(self, number: int, shares: Mapping[str, Share]) -> EngineReport:
        body = encode(number, shares)
        return await self._retry(lambda: self._request("PUT", body))

    async def _retry(self, request: Callable[[], Awaitable[EngineReport]]) -> EngineReport:
        """Repeat the request until it succeeds, within the time and the number of attempts."""
        loop = asyncio.get_running_loop()
        end, wait = loop.time() + self._within, _FIRST_WAIT
        for attempt in range(1, self._attempts + 1):
            try:
                return await request()
            except ServerError as error:
                # Each attempt gets its full timeout.
                if attempt == self._attempts or not _may_succeed(error) or loop.time() + wait + self._timeout > end:
                    raise
                _log.info("engine asked again", attempt=attempt, reason=str(error))
            await asyncio.sleep(wait)
            wait *= 2
        raise AssertionError("attempts is at least 1")

    async def _request(self, method: str, body: bytes | None = None) -> EngineReport:
        kind = {} if body is None else {"Content-Type": "application/json"}
        headers = {"Accept": "application/json", **kind, **_authorization(self._token_file)}
        answer = await self._server.ask(method, self._path, raw=body, headers=headers, max_bytes=MAX_BODY)
        try:
            return decode_report(answer)
        except EventError as error:
            raise ServerError(f"the engine at {self._server.shown} sent an invalid report: {error}") from error


def _authorization(file: Path | None) -> dict[str, str]:
    """Read for each request: the token may be replaced while the controller runs."""
    if file is None:
        return {}
    try:
        return {"Authorization": f"Bearer {read_secret(file, 'engine.token_file', 'rotation.yaml')}"}
    except ConfigError as error:
        raise ServerError(f"the engine cannot be asked: {error.faults[0]}") from error


def _may_succeed(error: ServerError) -> bool:
    return error.status is None or error.status in _TRY_AGAIN or error.status >= _SERVER_FAILS
