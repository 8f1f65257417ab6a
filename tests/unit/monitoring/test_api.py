"""The snapshot over HTTP."""

from __future__ import annotations

import enum
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from typing import Any
from urllib.parse import quote as quoted

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from genesis.analytics.capacity import CapacityFigures, Edge, Limit
from genesis.core.models import Side
from genesis.monitoring.api import strategy_routes
from genesis.snapshot import MonitorSnapshot, StrategySnapshot
from tests.unit.monitoring.account import capital, fill, monitor, quote

FIGURES = CapacityFigures(
    capital=1000.0,
    capacity=4000.0,
    used_ratio=0.25,
    limits={Limit.EDGE: 4000.0, Limit.DEPTH: 5000.0},
    binding_limit=Limit.EDGE,
    binding_symbol="BTCUSDT",
    edge=Edge.of(20.0, 2.0, 10.0),
    days=1.5,
    impact_coefficient=1.0,
    calibrated_on=0,
    symbols=(),
    undefined={"capacity_participation": "no_volume"},
)


@asynccontextmanager
async def served(taken: MonitorSnapshot | None) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = web.Application()
    app.add_routes(strategy_routes(lambda: taken))
    async with TestClient(TestServer(app)) as client:
        yield client


async def account(*names: str) -> MonitorSnapshot:
    """Strategies with a position, a closed round trip and a symbol that nobody quoted."""
    async with monitor() as made:
        await made.handle_batch([quote("99", "101"), *(capital("6000.10", name) for name in names)])
        for name in names:
            await made.handle(fill(Side.BUY, "2", "100.1", fee="0.2", strategy=name))
            await made.handle(fill(Side.SELL, "1", "110", fee="0.1", strategy=name, seconds=1))
        await made.handle(quote("110", "112", seconds=2))
        return made.snapshot()


def items_of(value: object) -> dict[str, object] | None:
    """The fields of a result, the items of a mapping or a list, by the name under which they are told; else None."""
    if isinstance(value, Mapping):
        return {"/".join(map(name_of, key if isinstance(key, tuple) else [key])): item for key, item in value.items()}
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    names = getattr(value, "_fields", None) or getattr(value, "__struct_fields__", None)
    if names:
        return {name: getattr(value, name) for name in names}
    return dict(enumerate(value)) if isinstance(value, tuple | list) else None  # type: ignore[arg-type]


def name_of(key: object) -> str:
    return str(key.value) if isinstance(key, enum.Enum) else str(key)


def assert_told(value: object, told: Any, path: str = "snapshot") -> None:
    """Every field and item of a result is in its JSON, and equal."""
    items = items_of(value)
    if items is None:
        if isinstance(value, Decimal):
            assert isinstance(told, str), path
            assert Decimal(told) == value, path
        elif isinstance(value, enum.Enum | int | float | str | None):
            assert told == (value.value if isinstance(value, enum.Enum) else value) or value == float("inf"), path
        return
    for name, item in items.items():
        found = told
        for part in [name] if isinstance(name, int) else name.split("/"):
            found = found[part]
        assert_told(item, found, f"{path}.{name}")


async def test_the_list_is_the_whole_snapshot_field_by_field() -> None:
    taken = await account("alpha", "beta")
    async with served(taken) as http:
        answer = await http.get("/api/v1/strategies")
        assert answer.status == 200
        assert answer.content_type == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"
        assert_told(taken, await answer.json())


async def test_one_strategy_is_told_as_in_the_list_with_the_time_and_the_currency() -> None:
    taken = await account("alpha", "beta")
    async with served(taken) as http:
        whole = await (await http.get("/api/v1/strategies")).json()
        one = await (await http.get("/api/v1/strategies/beta")).json()
    assert one == {"time": "2026-01-07T12:00:02Z", "currency": "USDT", **whole["strategies"][1]}


async def test_money_is_an_exact_string_and_what_is_not_known_is_null_with_its_reason() -> None:
    taken = await account("alpha")
    async with served(taken) as http:
        one = await (await http.get("/api/v1/strategies/alpha")).json()
    assert one["account"]["equity"] == "6020.6"
    assert one["account"]["realized"] == "9.9"
    assert one["account"]["fees"] == "0.3"
    assert one["account"]["period_pnl"]["day"] == "20.5"
    assert one["holdings"][0]["turnover"]["buy"]["taker"] == {"fills": 1, "value": "200.2"}
    assert one["trades"]["win_rate"] is None
    assert one["undefined"]["win_rate"] == "no_round_trips"


async def test_no_answer_holds_a_number_that_json_does_not_know() -> None:
    async with served(await account("alpha")) as http:
        text = await (await http.get("/api/v1/strategies")).text()

    def unknown(word: str) -> None:
        raise AssertionError(word)

    json.loads(text, parse_constant=unknown)


@pytest.mark.parametrize("name", ["a/b", "ünïcode", "with space", "a?b=c#d%2F", '"quoted"\\', "capacity", "x" * 128])
async def test_a_strategy_is_found_by_any_name_that_it_may_have(name: str) -> None:
    async with served(await account(name)) as http:
        for path in ("", "/capacity"):
            answer = await http.get(f"/api/v1/strategies/{quoted(name, safe='')}{path}")
            assert answer.status == 200
            assert (await answer.json())["name"] == name


@pytest.mark.parametrize("path", ["", "/capacity"])
async def test_a_strategy_that_is_not_there_is_404_and_told_where_the_list_is(path: str) -> None:
    async with served(await account("alpha")) as http:
        answer = await http.get(f"/api/v1/strategies/gamma{path}")
        assert answer.status == 404
        assert answer.headers["Cache-Control"] == "no-store"
        error = "there is no strategy 'gamma'; GET /api/v1/strategies lists all strategies"
        assert await answer.json() == {"error": error}


async def test_a_strategy_that_failed_is_500_and_says_what_it_failed_of() -> None:
    taken = replace(await account("alpha"), failed={"gamma": "ArithmeticError: broken"})
    async with served(taken) as http:
        answer = await http.get("/api/v1/strategies/gamma")
        assert answer.status == 500
        assert await answer.json() == {"error": "the strategy 'gamma' is left out: ArithmeticError: broken"}
        assert (await (await http.get("/api/v1/strategies")).json())["failed"] == {"gamma": "ArithmeticError: broken"}


async def test_a_fault_is_told_as_json_too_and_what_it_was_is_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> MonitorSnapshot:
        raise ArithmeticError("of the tests")

    app = web.Application()
    app.add_routes(strategy_routes(broken))
    async with TestClient(TestServer(app)) as http:
        answer = await http.get("/api/v1/strategies")
        assert answer.status == 500
        assert await answer.json() == {"error": "an unexpected fault: see the monitor's log"}
    assert "of the tests" in capsys.readouterr().out


@pytest.mark.parametrize("path", ["", "/alpha", "/alpha/capacity"])
async def test_while_the_books_are_being_restored_everything_is_503_and_to_be_asked_again(path: str) -> None:
    async with served(None) as http:
        answer = await http.get(f"/api/v1/strategies{path}")
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "1"
        assert "being restored" in (await answer.json())["error"]


def with_capacity(taken: MonitorSnapshot, figures: CapacityFigures | None) -> MonitorSnapshot:
    return replace(taken, strategies=tuple(replace(one, capacity=figures) for one in taken.strategies))


async def test_the_curve_of_the_capacity_marks_now_the_best_and_the_break_even() -> None:
    async with served(with_capacity(await account("alpha"), FIGURES)) as http:
        told = await (await http.get("/api/v1/strategies/alpha/capacity")).json()
    assert told["currency"] == "USDT"
    assert_told(FIGURES, told["capacity"])
    assert told["now"] == {"m": 1.0, "capital": 1000.0, "net_daily_edge": 20.0}
    assert told["break_even"] == {"m": 9.0, "capital": 9000.0, "net_daily_edge": 0.0}
    assert told["best"] == {"m": 4.0, "capital": 4000.0, "net_daily_edge": 40.0}
    assert len(told["curve"]) == 51
    assert told["best"] in told["curve"]
    assert told["break_even"] in told["curve"]
    assert max(point["net_daily_edge"] for point in told["curve"]) == 40.0


@pytest.mark.parametrize(
    "figures",
    [
        None,
        replace(FIGURES, edge=None, undefined={"capacity": "warming_up"}),
        replace(FIGURES, capital=0.0, undefined={"capacity": "no_capital"}),
    ],
)
async def test_without_an_edge_or_capital_the_curve_has_no_points(figures: CapacityFigures | None) -> None:
    async with served(with_capacity(await account("alpha"), figures)) as http:
        told = await (await http.get("/api/v1/strategies/alpha/capacity")).json()
    assert told["curve"] == []
    assert told["now"] is told["best"] is told["break_even"] is None
    assert figures is None or told["capacity"]["undefined"] == dict(figures.undefined)


async def test_a_curve_that_never_rises_has_a_point_for_now_alone() -> None:
    figures = replace(FIGURES, edge=Edge.of(-20.0, 2.0, 10.0))
    async with served(with_capacity(await account("alpha"), figures)) as http:
        told = await (await http.get("/api/v1/strategies/alpha/capacity")).json()
    assert told["now"] == {"m": 1.0, "capital": 1000.0, "net_daily_edge": -20.0}
    assert told["best"] is told["break_even"] is None
    assert told["curve"] == []


def test_no_field_of_a_strategy_has_the_name_of_what_stands_beside_it() -> None:
    assert not {"time", "currency"} & {field.name for field in fields(StrategySnapshot)}


async def test_nothing_of_it_can_be_changed() -> None:
    async with served(await account("alpha")) as http:
        for path in ("", "/alpha", "/alpha/capacity"):
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                assert (await http.request(method, f"/api/v1/strategies{path}")).status == 405
