"""`genesis reconcile` as its user runs it: against a running monitor, over its kill, and against a journal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import pytest_asyncio

from genesis.cli import main
from genesis.core.models import Side
from tests.integration.live_monitor import CONFIG, TOKEN, LiveMonitor, secret, send
from tests.unit.monitoring.account import capital, fill

HEAD = "strategy,symbol,currency,quantity\n"
TRUE = HEAD + "alpha,BTCUSDT,,0.5\nbeta,BTCUSDT,,-2\n,,USDT,1999.9\n"
OTHER = "another-token-of-somebody"
Run = Callable[..., Coroutine[Any, Any, tuple[int, str, str]]]


@pytest_asyncio.fixture
async def live(tmp_path: Path) -> AsyncIterator[LiveMonitor]:
    """A monitor with two strategies in opposite positions."""
    made = LiveMonitor(tmp_path / "monitor")
    made.start()
    await made.ready()
    events = [
        capital("1000"),
        fill(Side.BUY, "0.5", "100", fee="0.1"),
        capital("1000", "beta"),
        fill(Side.SELL, "2", "100", strategy="beta"),
    ]
    async with aiohttp.ClientSession() as http:
        told = await send(http, made.url, b"\n".join(map(msgspec.json.encode, events)))
    assert told is not None
    assert told["accepted"] == len(events)
    yield made
    made.stop()


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `genesis reconcile` on a statement; exit code, and what it said on both channels."""

    async def reconcile(statement: str, *options: str) -> tuple[int, str, str]:
        file = tmp_path / "statement.csv"
        file.write_text(statement)
        capsys.readouterr()
        words = ["reconcile", "--config", str(CONFIG), "--statement", str(file), *options]
        code = await asyncio.to_thread(main, words, {})
        said = capsys.readouterr()
        return code, said.out, said.err

    return reconcile


def monitor_options(live: LiveMonitor) -> tuple[str, ...]:
    return "--url", live.url, "--token-file", str(live.token_file)


async def test_breaks_are_printed_exported_kept_over_a_kill_and_ended_by_a_true_statement(live: LiveMonitor, run: Run) -> None:
    code, out, _ = await run(TRUE.replace("0.5", "0.75").replace("1999.9", "2000"), *monitor_options(live))
    assert code == 1
    assert [line.split() for line in out.splitlines()] == [
        ["compared", "2", "positions", "and", "1", "balances:", "2", "breaks"],
        ["strategy", "of", "statement", "books", "difference"],
        ["alpha", "BTCUSDT", "0.75", "0.5", "0.25"],
        ["(account)", "USDT", "cash", "2000", "1999.9", "0.1"],
    ]
    for again in (False, True):
        if again:
            live.kill()
            live.start()
            await live.ready()
        assert await live.metric('genesis_reconciliation_break{scope="",strategy="alpha",symbol="BTCUSDT"}') == 0.25
        assert await live.metric('genesis_reconciliation_cash_break{currency="USDT",scope="",strategy=""}') == 0.1
        assert await live.metric('genesis_reconciliation_open_breaks{scope=""}') == 2
        assert await live.metric('genesis_reconciliation_timestamp_seconds{scope=""}') > 1.7e9
    code, out, _ = await run(TRUE, *monitor_options(live))
    assert (code, out) == (0, "compared 2 positions and 1 balances: no breaks\n")
    assert await live.metric('genesis_reconciliation_open_breaks{scope=""}') == 0
    assert await live.metric('genesis_reconciliation_break{scope="",strategy="alpha",symbol="BTCUSDT"}') == 0


async def test_a_statement_of_one_strategy(live: LiveMonitor, run: Run) -> None:
    text = "symbol,currency,quantity\nBTCUSDT,,-2\n,USDT,1200\n"
    options = (*monitor_options(live), "--strategy", "beta", "--cash", "settled")
    assert (await run(text, *options))[0] == 0
    code, _, err = await run(text, *monitor_options(live), "--strategy", "gamma")
    assert code == 2
    assert "refused with 400: strategy: gamma has no book, and cannot be compared" in err


async def test_a_journal_is_looked_up_beside_the_monitor_that_has_it_open(live: LiveMonitor, run: Run, tmp_path: Path) -> None:
    journal = str(tmp_path / "monitor" / "journal.db")
    assert (await run(TRUE, "--journal", journal))[0] == 0
    code, out, _ = await run(HEAD, "--journal", journal)
    assert code == 1
    assert out.startswith("compared 1 positions (the statement has no cash): 1 break\n")
    assert await live.metric('genesis_reconciliation_timestamp_seconds{scope=""}') == 0, "nobody else is told"
    code, _, err = await run(TRUE, "--journal", journal, "--strategy", "gamma")
    assert code == 2
    assert "gamma" in err


async def test_what_is_wrong_is_said_with_exit_code_2(live: LiveMonitor, run: Run, tmp_path: Path) -> None:
    code, _, err = await run(HEAD + "alpha,BTCUSDT,,1\nalpha,BTCUSDT,,x\n", *monitor_options(live))
    assert code == 2
    assert "wrong statement:\n  line 3: quantity: got 'x'; must be a number" in err
    code, _, err = await run(TRUE, "--url", live.url, "--token-file", str(secret(tmp_path / "other", OTHER)))
    assert code == 2
    assert "refused with 401: the Authorization header is missing or wrong" in err
    code, _, err = await run(TRUE, "--url", "http://127.0.0.1:9")
    assert code == 2
    assert "http://127.0.0.1:9/api/v1/statement: no answer: " in err
    assert "name a running monitor with --url, or a journal with --journal" in err
    code, _, err = await run(TRUE, *monitor_options(live), "--tolerance", "-1")
    assert (code, "tolerance: '-1' is below 0" in err) == (2, True)
    code, _, err = await run(TRUE, "--journal", str(tmp_path / "no" / "journal.db"))
    assert code == 2


async def asked(
    live: LiveMonitor, body: bytes, query: list[tuple[str, str]] | None = None, token: str = TOKEN
) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{live.url}/api/v1/statement", data=BytesIO(body), params=query or [], headers=headers) as answer,
    ):
        return answer.status, await answer.json()


async def test_the_answer_over_http(live: LiveMonitor) -> None:
    status, told = await asked(live, (HEAD + "alpha,BTCUSDT,,0.5\n").encode())
    assert status == 200
    assert told["breaks"] == [
        {"strategy": "beta", "symbol": "BTCUSDT", "currency": "", "books": "-2", "statement": "0", "difference": "2"}
    ]
    assert (told["positions"], told["cash"], told["total_breaks"], told["scope"]) == (2, 0, 1, "")
    status, told = await asked(live, b"symbol,quantity\nBTCUSDT,much\n")
    assert status == 400
    assert told["faults"][0]["line"] == 2
    assert told["faults"][0]["value"] == "much"
    for body, query, expected, text in (
        (b"", [], 400, "the statement has faults"),
        (b"\xff\xfe", [], 400, "the statement has faults"),
        (TRUE.encode(), [("strategies", "alpha")], 400, "query: strategies is not known: there are strategy, cash, tolerance"),
        (TRUE.encode(), [("cash", "wallet"), ("cash", "settled")], 400, "query: cash appears twice"),
        (TRUE.encode(), [("cash", "all")], 400, "cash: all is not one of wallet, settled"),
        (TRUE.encode(), [("tolerance", "NaN")], 400, "tolerance: NaN is not finite"),
        (TRUE.encode(), [("tolerance", "much")], 400, "tolerance: much is not a number"),
        (TRUE.encode(), [("strategy", "gamma")], 400, "strategy: gamma has no book"),
        (b"x" * 1_100_000, [], 413, "the statement is larger than 1 MiB"),
    ):
        status, told = await asked(live, body, query)
        assert (status, told["error"][: len(text)]) == (expected, text)
    assert (await asked(live, TRUE.encode(), token=OTHER))[0] == 401
    assert (await asked(live, TRUE.encode()))[0] == 200
