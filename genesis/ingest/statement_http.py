"""POST /api/v1/statement: a broker's statement in, its differences from the books out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import MultiMapping

from genesis.core.errors import EventError
from genesis.core.money import exact
from genesis.core.statement import CashBasis, ComparisonSettings, Statement
from genesis.ingest.answers import answer, later, refuse
from genesis.ingest.codec import shown
from genesis.ingest.statement import StatementError, read_statement

_log = structlog.get_logger(__name__)

STATEMENT = "/api/v1/statement"
BODY_SECONDS = 60.0
"""How long a request may take to arrive. aiohttp itself refuses more than 1 MiB."""
_KEYS = ("strategy", "cash", "tolerance")

Reconcile = Callable[[Statement, ComparisonSettings], Awaitable[msgspec.Struct]]
"""Compares, and keeps the result; raises EventError for settings that do not fit the books."""


def statement_routes(reconcile: Reconcile, *, ready: Callable[[], bool]) -> list[web.RouteDef]:
    """The route of statements."""

    async def post(request: web.Request) -> web.Response:
        if not ready():
            return later(503, "the books are being restored")
        try:
            comparison = comparison_settings(request.query)
            async with asyncio.timeout(BODY_SECONDS):
                body = await request.read()
            # Not on the loop: a large statement takes a while to read.
            statement = await asyncio.to_thread(read_statement, body)
            return answer(200, msgspec.json.encode(await reconcile(statement, comparison)))
        except Exception as error:
            return _refused(error)

    return [web.post(STATEMENT, post)]


def _refused(error: Exception) -> web.Response:
    status, text = 400, str(error)
    faults: dict[str, Any] = {}
    match error:
        case StatementError():
            text, faults = "the statement has faults", {"faults": [fault._asdict() for fault in error.faults]}
        case EventError():
            text = f"{error.field}: {shown(error.value)} {error.reason}"
        case TimeoutError():
            status, text = 408, f"the statement did not arrive within {BODY_SECONDS:g} s"
        case web.HTTPRequestEntityTooLarge():
            status, text = 413, "the statement is larger than 1 MiB"
        case HttpProcessingError() | web.RequestPayloadError() | ConnectionError():
            text = f"the statement cannot be read: {shown(error)}"
        case _:
            _log.error("a statement could not be compared", exc_info=error)
            return later(503, "an unexpected fault: see the monitor's log")
    return refuse(status, text, **faults)


def comparison_settings(query: MultiMapping[str]) -> ComparisonSettings:
    """The settings in a request's query: strategy (may be repeated), cash, tolerance.

    Raises:
        EventError: naming what is wrong.
    """
    for key in query:
        if key not in _KEYS:
            raise EventError("query", key, f"is not known: there are {', '.join(_KEYS)}")
    for key in _KEYS[1:]:
        if len(query.getall(key, [])) > 1:
            raise EventError("query", key, "appears twice")
    return ComparisonSettings(
        strategies=tuple(sorted(set(query.getall("strategy", [])))),
        cash=cash_basis(query.get("cash", CashBasis.WALLET.value)),
        tolerance=tolerance(query.get("tolerance", "0")),
    )


def cash_basis(text: str) -> CashBasis:
    """The cash basis of this name."""
    try:
        return CashBasis(text)
    except ValueError:
        raise EventError("cash", text, f"is not one of {', '.join(basis.value for basis in CashBasis)}") from None


def tolerance(text: str) -> Decimal:
    """An amount of money, not below 0."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise EventError("tolerance", text, "is not a number, for example 0.01") from None
    exact("tolerance", amount)
    if amount < 0:
        raise EventError("tolerance", text, "is below 0")
    return amount
