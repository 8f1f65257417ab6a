from __future__ import annotations

import io
from collections.abc import AsyncIterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from genesis.core.allocation import MAX_BODY, Share
from genesis.core.models import Allocation, StrategyState
from genesis.engine.allocations import AllocationBook, AllocationError, StaleDecisionError, UnsavedDecisionError
from genesis.engine.allocations_http import ALLOCATIONS, allocation_routes
from genesis.engine.engine import Account, TradingEngine
from tests.unit.engine.market_data import NO_PACING, HandClock, Script, WrittenMarket

ACTIVE, PAUSED = StrategyState.ACTIVE, StrategyState.PAUSED
NAMES = ("one", "two", "three")
TOKEN = "0123456789abcdef"  # noqa: S105 - of the test
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def _engine() -> TradingEngine:
    accounts = [Account(Script(name=name), Decimal(5000)) for name in NAMES]
    return TradingEngine(WrittenMarket([]), accounts, clock=HandClock(), run_id="run", speed=NO_PACING)


def _shares(**weights: str) -> dict[str, Share]:
    return {name: Share(Decimal(weight), ACTIVE if Decimal(weight) else PAUSED) for name, weight in weights.items()}


def _weights(book: AllocationBook) -> Mapping[str, str]:
    return {name: str(share.weight) for name, share in book.report().shares.items()}


def test_before_the_first_decision_every_strategy_has_an_equal_share() -> None:
    report = AllocationBook(_engine()).report()
    assert report.decision is None
    assert report.shares == dict.fromkeys(NAMES, Share(Decimal("0.3333"), ACTIVE))


def test_a_decision_is_applied_and_reported_and_what_it_leaves_out_stays() -> None:
    engine = _engine()
    book = AllocationBook(engine)
    report = book.apply(3, _shares(one="0.5", two="0"))
    assert report == book.report()
    assert report.decision == 3
    assert _weights(book) == {"one": "0.5", "two": "0", "three": "0.3333"}
    assert engine.allocations["two"].state is PAUSED


def test_a_repeat_is_acknowledged_and_not_applied_again() -> None:
    engine = _engine()
    book = AllocationBook(engine)
    book.apply(3, _shares(one="0.3"))
    engine.allocate(Allocation(strategy="one", weight=Decimal("0.1"), state=ACTIVE))  # by hand, meanwhile
    assert book.apply(3, _shares(one="0.3")).decision == 3
    assert _weights(book)["one"] == "0.1"


@pytest.mark.parametrize(("number", "shares"), [(2, _shares(one="0.3")), (3, _shares(one="0.2")), (3, _shares(two="0.1"))])
def test_an_older_decision_or_another_of_the_same_number_is_refused(number: int, shares: dict[str, Share]) -> None:
    book = AllocationBook(_engine())
    book.apply(3, _shares(one="0.3"))
    with pytest.raises(StaleDecisionError, match=f"decision: {number}"):
        book.apply(number, shares)
    assert _weights(book)["one"] == "0.3"
    assert book.report().decision == 3


@pytest.mark.parametrize(
    ("shares", "reason"),
    [
        (_shares(one="0.1", nobody="0.1"), "'nobody' is not one of this engine's strategies: one, two, three"),
        (_shares(one="0.5", two="0.5", three="0.0001"), "sum to 1.0001, which is more than 1"),
        (_shares(one="0.9"), "sum to 1.5666, which is more than 1"),  # the others keep what they have
        (_shares(one="0.1", two="1.1"), "weight"),
    ],
)
def test_a_decision_with_anything_wrong_is_refused_whole(shares: dict[str, Share], reason: str) -> None:
    engine = _engine()
    book = AllocationBook(engine)
    with pytest.raises(AllocationError, match=reason):
        book.apply(1, shares)
    assert engine.allocations == {}
    assert book.report().decision is None
    book.apply(1, _shares(one="0.1"))  # its number was not used up


def test_an_engine_that_is_started_again_follows_the_decision_that_it_kept(tmp_path: Path) -> None:
    file = tmp_path / "allocations.json"
    AllocationBook(_engine(), file).apply(7, _shares(one="0.5", two="0", three="0.2"))
    again = _engine()
    book = AllocationBook(again, file)
    assert book.report().decision == 7
    assert _weights(book) == {"one": "0.5", "two": "0", "three": "0.2"}
    assert again.allocations["two"].state is PAUSED
    with pytest.raises(StaleDecisionError):
        book.apply(6, _shares(one="0.9"))


def test_a_decision_that_cannot_be_kept_is_not_applied(tmp_path: Path) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    engine = _engine()
    book = AllocationBook(engine, folder / "allocations.json")
    folder.rmdir()
    with pytest.raises(UnsavedDecisionError, match="cannot be written"):
        book.apply(1, _shares(one="0.3"))
    assert engine.allocations == {}


def test_a_file_that_holds_something_else_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "allocations.json"
    file.write_text("{")
    with pytest.raises(AllocationError, match=r"allocations\.json: the last decision cannot be read"):
        AllocationBook(_engine(), file)


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.touch(mode=0o600)
    file.write_text(f"{TOKEN}\n")
    return file


@pytest.fixture
async def url(token_file: Path) -> AsyncIterator[str]:
    app = web.Application()
    app.add_routes(allocation_routes(AllocationBook(_engine()), token_file))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}{ALLOCATIONS}"
    await runner.cleanup()


async def _ask(url: str, method: str = "GET", **sent: Any) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as client, client.request(method, url, **{"headers": BEARER, **sent}) as response:
        return response.status, await response.json()


def _body(decision: object, weight: str = "0.5", name: str = "one") -> dict[str, Any]:
    return {"decision": decision, "shares": {name: {"weight": weight, "state": "active"}}}


async def test_the_endpoint_answers_a_decision_with_what_the_engine_does_then(url: str) -> None:
    status, told = await _ask(url, "PUT", json=_body(4, "0.1"))
    assert (status, told["decision"], told["shares"]["one"]) == (200, 4, {"weight": "0.1", "state": "active"})
    assert await _ask(url) == (200, told)
    assert await _ask(url, "PUT", json=_body(4, "0.1")) == (200, told)


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}])
async def test_without_the_token_nothing_is_told_and_nothing_taken(url: str, method: str, headers: dict[str, str]) -> None:
    status, told = await _ask(url, method, headers=headers, json=_body(4, "0.1"))
    assert status == 401
    assert "shares" not in told
    assert (await _ask(url))[1]["decision"] is None


def _replace(file: Path, text: str | None) -> None:
    file.unlink() if text is None else file.write_text(text)


async def test_a_token_that_is_replaced_holds_at_once_and_without_its_file_nothing_is_answered(
    url: str, token_file: Path
) -> None:
    _replace(token_file, "fedcba9876543210\n")
    assert (await _ask(url))[0] == 401
    _replace(token_file, None)
    status, told = await _ask(url)
    assert status == 503
    assert TOKEN not in str(told)


@pytest.mark.parametrize(
    ("sent", "status", "reason"),
    [
        ({"json": _body(4, "1.5")}, 400, r"shares['one'].weight: '1.5' is not between 0 and 1"),
        ({"json": _body(None)}, 400, "decision: None"),
        ({"json": _body(4, name="nobody")}, 422, "'nobody' is not one of this engine's strategies"),
        ({"json": _body(4, "0.9")}, 422, "more than 1"),
        ({"json": _body(2, "0.1")}, 409, "decision: 2 is below 3, the last one that was applied"),
        ({"data": io.BytesIO(b"x" * (MAX_BODY + 1))}, 413, "the body is larger than 1048576 bytes"),
        ({"data": b""}, 400, "body"),
    ],
)
async def test_a_refusal_says_the_field_and_the_value(url: str, sent: dict[str, Any], status: int, reason: str) -> None:
    await _ask(url, "PUT", json=_body(3, "0.2"))
    answered, told = await _ask(url, "PUT", **sent)
    assert answered == status
    assert reason in told["error"]
    assert (await _ask(url))[1]["decision"] == 3
