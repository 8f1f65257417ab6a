"""docs/reconciliation.md: its statement can be read, and its commands and columns are those that there are."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

from genesis.cli import parser
from genesis.core.statement import Item
from genesis.ingest.statement import COLUMNS, read_statement

PAGE = (Path(__file__).parents[2] / "docs" / "reconciliation.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_its_statement_can_be_read() -> None:
    (text,) = blocks("csv")
    statement = read_statement(text.encode())
    assert statement.positions.keys() == {Item("momentum", "BTCUSDT"), Item("momentum", "ETHUSDT"), Item("pairs", "ETHUSDT")}
    assert statement.cash.keys() == {Item("", "USDT")}


def test_every_column_is_explained() -> None:
    assert all(f"| `{column}` |" in PAGE for column in COLUMNS)


def test_its_commands_are_understood() -> None:
    commands = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("genesis ")]
    assert len(commands) == 3
    for command in commands:
        options = parser(os.environ).parse_args(shlex.split(command, comments=True)[1:])
        assert options.statement == Path("statement.csv")
