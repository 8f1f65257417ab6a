"""The snapshot as JSON over HTTP: all strategies, one of them, and the curve of its capacity."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import msgspec
import structlog
from aiohttp import web

from genesis.analytics.capacity import CapacityFigures, CurvePoint, curve
from genesis.monitoring.plain import Plain, members, plain
from genesis.snapshot import MonitorSnapshot, StrategySnapshot

STRATEGIES = "/api/v1/strategies"
STRATEGY = STRATEGIES + "/{name}"
CAPACITY = STRATEGY + "/capacity"

_JSON = "application/json"
_NOT_KEPT = {"Cache-Control": "no-store"}
_TOGETHER = 8
"""So many strategies are told in a row, before other work has its turn."""

_log = structlog.get_logger(__name__)

Answer = Callable[[web.Request], Awaitable[web.Response]]


class _ErrorAnswer(Exception):  # noqa: N818 - it ends a request, and is no fault
    """What is answered instead of what was asked for."""

    def __init__(self, status: int, error: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(error)
        self.response = _refusal(status, error, headers)


def strategy_routes(snapshot: Callable[[], MonitorSnapshot | None]) -> list[web.RouteDef]:
    """The routes of what is known of the strategies. `snapshot` gives None while the books are being restored."""

    async def strategies(_: web.Request) -> web.Response:
        return _answer(await _whole(_taken(snapshot)))

    async def strategy(request: web.Request) -> web.Response:
        taken = _taken(snapshot)
        told = plain(_found(taken, request.match_info["name"]))
        return _answer(msgspec.json.encode({**_heading(taken), **_as_object(told)}))

    async def capacity(request: web.Request) -> web.Response:
        taken = _taken(snapshot)
        found = _found(taken, request.match_info["name"])
        return _answer(msgspec.json.encode({**_heading(taken), "name": found.name, **_capacity(found.capacity)}))

    return [
        web.get(STRATEGIES, _answering(strategies)),
        web.get(STRATEGY, _answering(strategy)),
        web.get(CAPACITY, _answering(capacity)),
    ]


def _answering(answer: Answer) -> Answer:
    async def answered(request: web.Request) -> web.Response:
        try:
            return await answer(request)
        except _ErrorAnswer as error:
            return error.response
        except Exception:
            _log.exception("a request for figures failed", path=request.path)
            return _refusal(500, "an unexpected fault, which the monitor's log tells")

    return answered


def _taken(snapshot: Callable[[], MonitorSnapshot | None]) -> MonitorSnapshot:
    taken = snapshot()
    if taken is None:
        raise _ErrorAnswer(503, "the books are being restored; ask again", {"Retry-After": "1"})
    return taken


def _found(taken: MonitorSnapshot, name: str) -> StrategySnapshot:
    for strategy in taken.strategies:
        if strategy.name == name:
            return strategy
    if name in taken.failed:
        raise _ErrorAnswer(500, f"the strategy {name!r} is left out: {taken.failed[name]}")
    raise _ErrorAnswer(404, f"there is no strategy {name!r}; GET {STRATEGIES} lists those that there are")


async def _whole(taken: MonitorSnapshot) -> bytes:
    """The whole snapshot. It is frozen, so that what is told stays of one moment though others have their turn."""
    parts = []
    for name, value in members(taken):
        told = b"[" + b",".join(await _each(taken)) + b"]" if name == "strategies" else msgspec.json.encode(plain(value))
        parts.append(b'"%b":%b' % (name.encode(), told))
    return b"{" + b",\n".join(parts) + b"}"


async def _each(taken: MonitorSnapshot) -> list[bytes]:
    told = []
    for number, strategy in enumerate(taken.strategies, start=1):
        told.append(b"\n" + msgspec.json.encode(plain(strategy)))
        if number % _TOGETHER == 0:
            await asyncio.sleep(0)
    return told


def _heading(taken: MonitorSnapshot) -> dict[str, Plain]:
    return {"time": plain(taken.time), "currency": taken.portfolio.currency}


def _capacity(figures: CapacityFigures | None) -> dict[str, Plain]:
    """The figures, and the net daily edge over the capital; without an edge the curve has no points."""
    told: dict[str, Plain] = {"capacity": plain(figures), "now": None, "best": None, "break_even": None, "curve": []}
    if figures is None or figures.edge is None or not figures.capital > 0:
        return told
    edge = figures.edge
    for mark, m in (("now", 1.0), ("best", edge.best_multiple), ("break_even", edge.break_even_multiple)):
        told[mark] = plain(CurvePoint(m, m * figures.capital, edge.at(m))) if m is not None else None
    return told | {"curve": plain(curve(edge, figures.capital))}


def _as_object(told: Plain) -> dict[str, Plain]:
    assert isinstance(told, dict)  # noqa: S101 - a dataclass was told
    return told


def _refusal(status: int, error: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return _answer(msgspec.json.encode({"error": error}), status, headers)


def _answer(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """`body` is JSON."""
    return web.Response(status=status, body=body + b"\n", content_type=_JSON, headers={**_NOT_KEPT, **(headers or {})})
