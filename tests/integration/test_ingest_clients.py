"""The clients of docs/ingest.md, as they stand there, against a running monitor."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import jsonschema
import pytest

from genesis.ingest.schema import event_schema
from tests.code_blocks import ROOT, block, run
from tests.integration.live_monitor import TOKEN, LiveMonitor, secret

PAGE = "docs/ingest.md"
DOC = (ROOT / PAGE).read_text(encoding="utf-8")


class Client(NamedTuple):
    program: str
    command: tuple[str, ...]
    """Before the text of the client."""


CLIENTS = {
    "sh": Client("curl", ("sh", "-euc")),
    "python": Client(sys.executable, (sys.executable, "-W", "error", "-c")),
    "js": Client("node", ("node", "--input-type=commonjs", "--eval")),
}


def client(language: str) -> str:
    return block(PAGE, language, "client").text


async def answer(command: tuple[str, ...], text: str, folder: Path, url: str) -> str:
    ended = await run((*command, text), folder, {"GENESIS_URL": url})
    assert ended.code == 0, ended.errors
    return ended.out


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[LiveMonitor]:
    live = LiveMonitor(tmp_path / "monitor")
    yield live
    live.stop()


@pytest.mark.parametrize("language", CLIENTS)
async def test_a_client_of_the_document_is_taken_and_may_be_run_again(
    language: str, monitor: LiveMonitor, tmp_path: Path
) -> None:
    program, command = CLIENTS[language]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    (tmp_path / "secrets").mkdir()
    secret(tmp_path / "secrets" / "ingest_token", TOKEN)
    sending = asyncio.create_task(answer(command, client(language), tmp_path, monitor.url))  # it waits for the monitor
    await asyncio.sleep(0.3)
    monitor.start()
    first = await sending
    second = await answer(command, client(language), tmp_path, monitor.url)
    assert re.findall("accepted|duplicate", first.partition("results")[2] or first) == ["accepted"] * 3
    assert re.findall("accepted|duplicate", second.partition("results")[2] or second)[:2] == ["duplicate"] * 2
    assert await monitor.metric('genesis_strategy_capital{strategy="momentum"}') == 10_000
    assert await monitor.metric('genesis_strategy_position_quantity{strategy="momentum",symbol="BTCUSDT"}') == 0.05


async def test_the_token_that_the_document_makes_is_one_that_the_monitor_takes(tmp_path: Path) -> None:
    await answer(("sh", "-euc"), block(PAGE, "sh", "setup").text, tmp_path, "")
    token = tmp_path / "secrets" / "ingest_token"
    monitor = LiveMonitor(tmp_path / "monitor", {"ingest": {"token_file": str(token)}})
    monitor.start()
    try:
        await monitor.ready()
        assert '"accepted":3' in await answer(("sh", "-euc"), client("sh"), tmp_path, monitor.url)
    finally:
        monitor.stop()


def test_the_events_of_the_document_follow_the_schema() -> None:
    lines = [line for line in client("sh").splitlines() if line.startswith("{")]
    assert len(lines) == 3
    for line in lines:
        jsonschema.Draft202012Validator(event_schema()).validate(json.loads(line))


def test_every_status_and_outcome_of_the_document_is_in_its_tables() -> None:
    assert re.findall(r"^\| (\d{3}) \|", DOC, re.MULTILINE) == [
        "200", "400", "401", "403", "408", "413", "415", "429", "503",
    ]  # fmt: skip
    assert re.findall(r"^\| `(\w+)` \|", DOC, re.MULTILINE) == ["accepted", "duplicate", "conflict", "rejected", "late"]
