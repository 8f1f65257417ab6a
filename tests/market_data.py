"""The account of tests/fixtures/market_data.json, worked out by hand: its events, and the figures after each of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import pytest

_FILE: dict[str, Any] = json.loads((Path(__file__).parent / "fixtures" / "market_data.json").read_text(encoding="utf-8"))

ACCOUNT: dict[str, Any] = {key: _FILE[key] for key in ("time_zone", "reporting_currency", "conversions")}
"""The settings of monitor.yaml that the account is kept under."""


class Step(NamedTuple):
    """One event of the account."""

    number: int
    why: str
    """How its figures are worked out."""
    event: dict[str, Any]
    """As an engine sends it, in JSON."""
    outcome: str
    """What the monitor answers."""
    expect: dict[str, dict[str, Any]]
    """Strategy, or "portfolio" → figure → its value after the event."""


STEPS = [
    Step(number, step["why"], step["event"], step.get("outcome", "accepted"), step["expect"])
    for number, step in enumerate(_FILE["steps"], start=1)
]


def figures_of(steps: Iterable[Step] = STEPS) -> set[str]:
    """The names of all figures that are worked out somewhere."""
    return {figure for step in steps for expected in step.expect.values() for figure in expected}


def differences(got: Mapping[str, object], expected: Mapping[str, object]) -> dict[str, tuple[object, object]]:
    """Figure → (got, expected), of each figure that is not as it was worked out."""
    return {name: (got[name], value) for name, value in expected.items() if not agrees(got[name], value)}


def agrees(got: object, expected: object) -> bool:
    """Money to the last digit, ratios (which stand as divisions) to 1e-12, everything else as it is."""
    if not isinstance(expected, str) or isinstance(got, str):
        return got == expected
    if "/" in expected:
        part, whole = map(Fraction, expected.split("/"))
        return got == pytest.approx(float(part / whole), rel=1e-12, abs=1e-15)
    return isinstance(got, Decimal) and got == Decimal(expected)
