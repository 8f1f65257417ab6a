from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from aiohttp import web

from genesis.core.allocation import MAX_BODY, Share
from genesis.core.errors import ServerError
from genesis.core.models import StrategyState
from genesis.rotation import delivery
from genesis.rotation.delivery import HttpEngine, NoEngine
from genesis.settings.rotation import EngineEndpoint

SHARES = {'a "b"\n{c}': Share(Decimal("0.3000"), StrategyState.REDUCED)}
REPORT = r'{"decision":17,"shares":{"a \"b\"\n{c}":{"weight":"0.3000","state":"reduced"}}}'
TOKEN = "0123456789abcdef"  # noqa: S105 - of the test
Answer = Callable[[], web.Response]


@asynccontextmanager
async def _engine(*answers: Answer) -> AsyncIterator[tuple[str, list[web.Request], list[str]]]:
    """Its URL, what it was asked, and the bodies; the last answer is given again and again."""
    asked: list[web.Request] = []
    bodies: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request)
        bodies.append(await request.text())
        return answers[min(len(asked), len(answers)) - 1]()

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/v1/allocations?account=1", asked, bodies
    finally:
        await runner.cleanup()


def _told(text: str = REPORT, status: int = 200) -> Answer:
    return lambda: web.Response(text=text, status=status)


def _port(url: str, token_file: Path | None = None) -> HttpEngine:
    return HttpEngine(EngineEndpoint(url=url, token_file=token_file, timeout=timedelta(seconds=2)), interval=30)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "_FIRST_WAIT", 0.001)


async def test_a_decision_is_put_whole_with_its_number_and_the_report_is_read() -> None:
    async with _engine(_told()) as (url, asked, bodies), _port(url) as port:
        report = await port.deliver(17, SHARES)
        assert (report.decision, report.shares) == (17, SHARES)
        assert await port.report() == report
    assert [(request.method, request.path_qs) for request in asked] == [
        ("PUT", "/api/v1/allocations?account=1"),
        ("GET", "/api/v1/allocations?account=1"),
    ]
    assert bodies == [REPORT, ""]
    assert asked[0].content_type == "application/json"
    assert "Authorization" not in asked[0].headers


async def test_the_token_is_read_from_its_file_at_each_question(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.touch(mode=0o600)
    async with _engine(_told()) as (url, asked, _), _port(url, file) as port:
        for token in (TOKEN, TOKEN[::-1]):
            file.write_text(token)
            await port.report()
        assert [request.headers["Authorization"] for request in asked] == [f"Bearer {TOKEN}", f"Bearer {TOKEN[::-1]}"]
        file.chmod(0o644)
        with pytest.raises(ServerError, match=r"rotation.yaml: engine.token_file.*mode 0644"):
            await port.report()
        assert len(asked) == 2


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_an_engine_that_fails_for_the_moment_is_asked_again(status: int) -> None:
    async with _engine(_told("", status), _told("", status), _told()) as (url, asked, bodies), _port(url) as port:
        assert (await port.deliver(17, SHARES)).decision == 17
    assert len(asked) == 3
    assert set(bodies) == {REPORT}  # the same number: the engine applies it once


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 409, 422])
async def test_a_refusal_is_told_in_the_engines_words_and_not_tried_again(status: int) -> None:
    async with _engine(_told('{"error": "decision: 3 is\\nbelow 4"}', status)) as (url, asked, _), _port(url) as port:
        with pytest.raises(ServerError, match="decision: 3 is below 4") as raised:
            await port.deliver(3, SHARES)
    assert raised.value.status == status
    assert len(asked) == 1


async def test_an_engine_that_keeps_failing_is_given_up_after_the_attempts() -> None:
    async with _engine(_told("", 500)) as (url, asked, _), _port(url) as port:
        with pytest.raises(ServerError, match="500"):
            await port.report()
    assert len(asked) == 3


async def test_an_engine_that_is_not_there_is_an_error_that_names_the_key() -> None:
    async with _engine(_told()) as (url, _, _):
        pass
    async with _port(url) as port:
        with pytest.raises(ServerError, match=r"the engine at http://127.*engine\.url"):
            await port.report()


@pytest.mark.parametrize("text", ["<html>", "{}", '{"decision": 1, "shares": {"a": {"weight": "NaN", "state": "active"}}}'])
async def test_what_is_no_report_is_an_error(text: str) -> None:
    async with _engine(_told(text)) as (url, _, _), _port(url) as port:
        with pytest.raises(ServerError, match="invalid report"):
            await port.report()


async def test_an_endless_answer_is_not_read_to_its_end() -> None:
    async with _engine(_told(" " * (MAX_BODY * 4))) as (url, _, _), _port(url) as port:
        with pytest.raises(ServerError, match="longer than 1048576 bytes"):
            await port.report()


async def test_a_question_that_is_not_answered_ends_within_a_third_of_the_interval() -> None:
    async with _engine(_told()) as (url, _, _):
        port = HttpEngine(EngineEndpoint(url=url, timeout=timedelta(seconds=5), attempts=10), interval=6)
    assert port._timeout == 2


async def test_without_an_engine_there_is_no_report_and_nothing_can_be_delivered() -> None:
    assert await NoEngine().report() is None
    with pytest.raises(ServerError, match="decision 1 cannot be delivered"):
        await NoEngine().deliver(1, {})
