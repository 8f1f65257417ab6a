"""The snapshot as JSON over HTTP: all strategies, one of them, and the curve of its capacity."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import msgspec
import structlog
from aiohttp import web

from genesis.analytics.capacity import CapacityFigures, CurvePoint, curve
from genesis.monitoring.json_values import Json, members, to_json
from genesis.snapshot import MonitorSnapshot, StrategySnapshot

STRATEGIES = "/api/v1/strategies"
STRATEGY = STRATEGIES + "/{name}"
CAPACITY = STRATEGY + "/capacity"

_CONTENT_TYPE = "application/json"
_NOT_KEPT = {"Cache-Control": "no-store"}
_STRATEGIES_PER_TURN = 8
"""Strategies that are encoded in a row before other tasks get their turn."""

_log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.Response]]


class _ErrorResponse(Exception):  # noqa: N818 - it ends a request, and is not a fault
    """Carries the error response to a request."""

    def __init__(self, status: int, error: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(error)
        self.response = _refusal(status, error, headers)


def strategy_routes(snapshot: Callable[[], MonitorSnapshot | None]) -> list[web.RouteDef]:
    """The routes of the strategies' figures. `snapshot` gives None while the books are being restored."""

    async def strategies(_: web.Request) -> web.Response:
        return _answer(await _whole(_taken(snapshot)))

    async def strategy(request: web.Request) -> web.Response:
        taken = _taken(snapshot)
        found = _found(taken, request.match_info["name"])
        return _answer(msgspec.json.encode({**_heading(taken), **_as_object(to_json(found))}))

    async def capacity(request: web.Request) -> web.Response:
        taken = _taken(snapshot)
        found = _found(taken, request.match_info["name"])
        return _answer(msgspec.json.encode({**_heading(taken), "name": found.name, **_capacity(found.capacity)}))

    return [
        web.get(STRATEGIES, _with_error_responses(strategies)),
        web.get(STRATEGY, _with_error_responses(strategy)),
        web.get(CAPACITY, _with_error_responses(capacity)),
    ]


def _with_error_responses(handler: Handler) -> Handler:
    async def answered(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except _ErrorResponse as error:
            return error.response
        except Exception:
            _log.exception("a request for figures failed", path=request.path)
            return _refusal(500, "an unexpected fault: see the monitor's log")

    return answered


def _taken(snapshot: Callable[[], MonitorSnapshot | None]) -> MonitorSnapshot:
    taken = snapshot()
    if taken is None:
        raise _ErrorResponse(503, "the books are being restored; ask again", {"Retry-After": "1"})
    return taken


def _found(taken: MonitorSnapshot, name: str) -> StrategySnapshot:
    for strategy in taken.strategies:
        if strategy.name == name:
            return strategy
    if name in taken.failed:
        raise _ErrorResponse(500, f"the strategy {name!r} is left out: {taken.failed[name]}")
    raise _ErrorResponse(404, f"there is no strategy {name!r}; GET {STRATEGIES} lists all strategies")


async def _whole(taken: MonitorSnapshot) -> bytes:
    """The whole snapshot as JSON. It is frozen: the result is of one moment although other tasks run in between."""
    parts = []
    for name, value in members(taken):
        encoded = b"[" + b",".join(await _each(taken)) + b"]" if name == "strategies" else msgspec.json.encode(to_json(value))
        parts.append(b'"%b":%b' % (name.encode(), encoded))
    return b"{" + b",\n".join(parts) + b"}"


async def _each(taken: MonitorSnapshot) -> list[bytes]:
    encoded = []
    for number, strategy in enumerate(taken.strategies, start=1):
        encoded.append(b"\n" + msgspec.json.encode(to_json(strategy)))
        if number % _STRATEGIES_PER_TURN == 0:
            await asyncio.sleep(0)
    return encoded


def _heading(taken: MonitorSnapshot) -> dict[str, Json]:
    return {"time": to_json(taken.time), "currency": taken.portfolio.currency}


def _capacity(figures: CapacityFigures | None) -> dict[str, Json]:
    """The figures, and the net daily edge by capital; without an edge the curve has no points."""
    result: dict[str, Json] = {"capacity": to_json(figures), "now": None, "best": None, "break_even": None, "curve": []}
    if figures is None or figures.edge is None or not figures.capital > 0:
        return result
    edge = figures.edge
    for name, m in (("now", 1.0), ("best", edge.best_multiple), ("break_even", edge.break_even_multiple)):
        result[name] = to_json(CurvePoint(m, m * figures.capital, edge.at(m))) if m is not None else None
    return result | {"curve": to_json(curve(edge, figures.capital))}


def _as_object(value: Json) -> dict[str, Json]:
    assert isinstance(value, dict)  # noqa: S101 - a dataclass becomes an object
    return value


def _refusal(status: int, error: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return _answer(msgspec.json.encode({"error": error}), status, headers)


def _answer(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """`body` is JSON."""
    return web.Response(status=status, body=body + b"\n", content_type=_CONTENT_TYPE, headers={**_NOT_KEPT, **(headers or {})})
