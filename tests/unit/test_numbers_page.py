"""docs/numbers.md: its metrics, reasons and fields exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from genesis.core.models import Fill, Funding
from genesis.ledger.currency import NO_CONVERSION, NO_MARK
from genesis.metrics.catalog import BY_NAME

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "numbers.md").read_text(encoding="utf-8")
OF_ANOTHER_FORM = {
    *("warming_up", "zero_variance", "window_too_short", "out_of_range", "equity_lost", "cornish_fisher_invalid"),
    *("insufficient_overlap", "below_smallest_tier", "as_baseline", "only_exceedances", "error", "strategy_error"),
}
"""The reasons that do not begin as most do."""


def test_every_metric_that_it_names_exists() -> None:
    named = set(re.findall(r"genesis_\w+", PAGE))
    assert len(named) > 5
    assert named <= BY_NAME.keys()


def test_the_reasons_and_fields_that_it_names_exist() -> None:
    for name in (NO_MARK, NO_CONVERSION, "fee_currency", "fee_rate", "currency", "rate"):
        assert f"`{name}`" in PAGE
    assert {"currency", "rate"} <= set(Funding.__struct_fields__)
    assert {"fee_currency", "fee_rate"} <= set(Fill.__struct_fields__)


def texts() -> Iterator[str]:
    """All texts that are written in the rooms that give reasons."""
    for room in ("analytics", "ledger", "monitoring", "metrics"):
        for path in (ROOT / "genesis" / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def test_every_reason_is_explained_and_no_other() -> None:
    written = set(texts())
    assert written >= OF_ANOTHER_FORM
    known = OF_ANOTHER_FORM | {text for text in written if re.fullmatch(r"(no|too)(_[a-z]+)+", text)}
    table = PAGE.partition("## Reasons")[2]
    explained = [name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)]
    assert sorted(explained) == sorted(known)
