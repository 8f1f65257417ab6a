"""Results as JSON values."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.core.money import EXACT
from genesis.monitoring.json_values import Json, text, to_json


class Colour(enum.Enum):
    RED = "red"


class Pair(NamedTuple):
    one: int
    two: Decimal


class Box(msgspec.Struct):
    pair: Pair


@dataclass(frozen=True, slots=True)
class Thing:
    box: Box
    by_colour: Mapping[Colour, float | None]


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("1E+3", "1000"), ("1200", "1200"), ("0.00010", "0.0001"), ("-3.50", "-3.5"), ("0E-24", "0"), ("-0.00", "0"),
        ("0", "0"), ("1E-18", "0.000000000000000001"),
        ("999999999999999.999999999999999999", "999999999999999.999999999999999999"),
    ],
)  # fmt: skip
def test_a_number_has_all_its_digits_no_exponent_and_nothing_that_says_nothing(number: str, told: str) -> None:
    assert text(Decimal(number)) == told


@given(st.decimals(allow_nan=False, allow_infinity=False, places=24, min_value=-(10**30), max_value=10**30))
def test_the_text_of_a_number_is_the_number(number: Decimal) -> None:
    told = text(number)
    assert EXACT.create_decimal(told) == number
    assert "E" not in told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (Thing(Box(Pair(1, Decimal("2.50"))), {Colour.RED: None}),
         {"box": {"pair": {"one": 1, "two": "2.5"}}, "by_colour": {"red": None}}),
        ({(Colour.RED, "a"): 1, (Colour.RED, "b"): 2}, {"red": {"a": 1, "b": 2}}),
        ({Decimal("0.95"): 1.0, 1: 2.0, None: 3.0}, {"0.95": 1.0, "1": 2.0, "null": 3.0}),
        ([float("nan"), float("inf"), -float("inf"), 1e-300, np.float64(0.5), np.float64("nan")],
         [None, None, None, 1e-300, 0.5, None]),
        ((True, np.bool_(False), np.int64(3)), [True, False, 3]),
        (np.array([[1.0, np.nan], [2.0, 3.0]]), [[1.0, None], [2.0, 3.0]]),
        (frozenset({"b", "a"}), ["a", "b"]),
        (datetime(2026, 1, 7, 12, 0, 0, 250_000, tzinfo=UTC), "2026-01-07T12:00:00.250000Z"),
        (timedelta(minutes=1.5), 90.0),
        ("héllo\n\"", "héllo\n\""),
        (None, None),
    ],
)  # fmt: skip
def test_every_kind_of_value_has_its_form(value: object, told: Json) -> None:
    assert to_json(value) == told
    assert msgspec.json.decode(msgspec.json.encode(to_json(value))) == told


def test_a_type_that_nobody_thought_of_is_an_error_and_not_a_guess() -> None:
    with pytest.raises(TypeError, match="object has no JSON form"):
        to_json(object())
