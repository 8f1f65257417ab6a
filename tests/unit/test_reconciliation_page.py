"""docs/reconciliation.md: its statement can be read, and its columns are those that there are."""

from __future__ import annotations

from genesis.core.statement import Item
from genesis.ingest.statement import COLUMNS, read_statement
from tests.code_blocks import ROOT, block

PAGE = "docs/reconciliation.md"


def test_its_statement_can_be_read() -> None:
    statement = read_statement(block(PAGE, "csv").text.encode())
    assert statement.positions.keys() == {Item("momentum", "BTCUSDT"), Item("momentum", "ETHUSDT"), Item("pairs", "ETHUSDT")}
    assert statement.cash.keys() == {Item("", "USDT")}


def test_every_column_is_explained() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    assert all(f"| `{column}` |" in text for column in COLUMNS)
