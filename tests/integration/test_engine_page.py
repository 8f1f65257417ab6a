"""The engine's side as docs/rotation.md tells it: its examples, as they stand there, are run."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from pathlib import Path

import pytest
from aiohttp import web

from genesis.core.allocation import EngineReport, Share, decode_report
from genesis.core.errors import ServerError
from genesis.core.models import StrategyState
from genesis.engine.allocations import AllocationBook
from genesis.engine.allocations_http import allocation_routes
from genesis.engine.engine import Account, TradingEngine
from genesis.rotation.delivery import HttpEngine
from genesis.settings.rotation import EngineEndpoint
from tests.code_blocks import block, run
from tests.integration.ports import own_port
from tests.integration.waiting import SOON
from tests.unit.engine.market_data import HandClock, Script, WrittenMarket

pytestmark = pytest.mark.real_time

PAGE = "docs/rotation.md"
ACTIVE, PAUSED = StrategyState.ACTIVE, StrategyState.PAUSED
ORDER = {"momentum": Share(Decimal("0.3000"), ACTIVE), "carry": Share(Decimal(0), PAUSED)}


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    file = tmp_path / "secrets" / "engine_token"
    file.parent.mkdir()
    file.touch(mode=0o600)
    file.write_text("0123456789abcdef\n")
    return file


@asynccontextmanager
async def own_engine(folder: Path, port: int) -> AsyncIterator[None]:
    """The engine of the page, in a process of its own, once it listens."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", block(PAGE, "python", "engine").text, cwd=folder, env={**os.environ, "PORT": str(port)},
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(SOON):
            while True:
                with suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                await asyncio.sleep(0.05)
        yield
    finally:
        process.kill()
        await process.wait()


def port_to(endpoint: str, token_file: Path) -> HttpEngine:
    return HttpEngine(EngineEndpoint(url=endpoint, token_file=token_file), interval=30)


async def test_the_engine_of_the_page_takes_each_decision_once_and_knows_it_after_a_restart(
    tmp_path: Path, token_file: Path
) -> None:
    number = own_port()
    url = f"http://127.0.0.1:{number}/api/v1/allocations"
    async with own_engine(tmp_path, number), port_to(url, token_file) as engine:
        before = await engine.report()
        assert before is not None
        assert before.decision is None
        assert await engine.deliver(17, ORDER) == EngineReport(decision=17, shares=ORDER)
        assert (await engine.deliver(17, {"momentum": Share(Decimal(1), ACTIVE)})).shares == ORDER
        for wrong, status in ((16, 409), (18, 422)):
            with pytest.raises(ServerError) as raised:
                await engine.deliver(wrong, {"nobody": Share(Decimal(0), PAUSED)})
            assert raised.value.status == status
    async with own_engine(tmp_path, number), port_to(url, token_file) as engine:
        assert await engine.report() == EngineReport(decision=17, shares=ORDER)
        token_file.write_text("another-token-that-is-wrong\n")  # noqa: ASYNC240 - of the test
        with pytest.raises(ServerError, match="the token is missing or wrong"):
            await engine.report()


async def test_curl_asks_and_tells_the_reference_endpoint_as_the_page_says(tmp_path: Path, token_file: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    accounts = [Account(Script(name=name), Decimal(5000)) for name in ("momentum", "carry")]
    book = AllocationBook(TradingEngine(WrittenMarket([]), accounts, clock=HandClock(), run_id="run"))
    app = web.Application()
    app.add_routes(allocation_routes(book, token_file))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/v1/allocations"
        ended = await run(("sh", "-euc", block(PAGE, "sh", "engine").text), tmp_path, {"ENGINE_URL": url})
    finally:
        await runner.cleanup()
    assert ended.code == 0, ended.errors
    told = [decode_report(line.encode()) for line in ended.out.splitlines() if line]
    assert [report.decision for report in told] == [None, 1]
    assert told[-1].shares["momentum"] == Share(Decimal("0.3"), ACTIVE)


def test_the_report_of_the_page_is_one() -> None:
    assert decode_report(block(PAGE, "json").text.encode()) == EngineReport(decision=17, shares=ORDER)
