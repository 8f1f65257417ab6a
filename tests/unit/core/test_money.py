"""Exact decimals: what may enter the books, and the one division that may round."""

from __future__ import annotations

from decimal import Decimal, Inexact, getcontext, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.core.errors import EventError
from genesis.core.money import EXACT, exact, exact_arithmetic, share

LARGEST = "999999999999999.999999999999999999"


@pytest.mark.parametrize(
    "text", ["0", "-0", "1", "-1", "1e-18", LARGEST, f"-{LARGEST}", "1E+14", "0E-100000", "0E+100000", "1." + "0" * 200]
)
def test_a_value_within_15_and_18_digits_enters(text: str) -> None:
    exact("price", Decimal(text))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("NaN", "is not finite"),
        ("-NaN", "is not finite"),
        ("sNaN", "is not finite"),
        ("Infinity", "is not finite"),
        ("-Infinity", "is not finite"),
        ("1e15", "is not below 1e15 in size"),
        ("-1e15", "is not below 1e15 in size"),
        ("1E+999999", "is not below 1e15 in size"),
        ("1e-19", "has more than 18 digits after the point"),
        ("0.1234567890123456789", "has more than 18 digits after the point"),
        ("1E-999999", "has more than 18 digits after the point"),
        (LARGEST + "9", "is not below 1e15 in size"),
    ],
)
def test_a_value_that_the_books_cannot_hold_is_refused_with_field_and_value(text: str, reason: str) -> None:
    with pytest.raises(EventError) as caught:
        exact("price", Decimal(text))
    assert caught.value.field == "price"
    assert str(caught.value) == f"price: {Decimal(text)!r} {reason}"


@pytest.mark.parametrize("value", [1, True, 0.1, "1", None])
def test_a_value_that_is_not_a_decimal_is_refused(value: object) -> None:
    with pytest.raises(EventError, match=r"price: .* is not a decimal\.Decimal"):
        exact("price", value)  # type: ignore[arg-type]


entries = st.decimals(min_value=Decimal("-" + LARGEST), max_value=Decimal(LARGEST), places=18)
positive_entries = st.decimals(min_value=Decimal("1e-18"), max_value=Decimal(LARGEST), places=18)


@given(entries, entries, entries, entries)
def test_sums_and_products_of_entries_never_round(a: Decimal, b: Decimal, c: Decimal, d: Decimal) -> None:
    with exact_arithmetic():
        result = a * b + c * d - a
    assert Fraction(result) == Fraction(a) * Fraction(b) + Fraction(c) * Fraction(d) - Fraction(a)


@given(positive_entries, entries, positive_entries, positive_entries)
def test_a_share_is_the_true_quotient_rounded_half_even_to_24_places(
    quantity: Decimal, price: Decimal, one: Decimal, other: Decimal
) -> None:
    with exact_arithmetic():
        amount, part, whole = quantity * price, min(one, other), max(one, other)
    got = share(amount, part, whole)
    true = Fraction(amount) * Fraction(part) / Fraction(whole)
    if part == whole:
        assert got == amount
    else:
        assert Fraction(got) == Fraction(round(true * 10**24), 10**24)  # round() of a Fraction is half-even


@pytest.mark.parametrize(
    ("amount", "part", "whole", "expected"),
    [
        ("1e-24", "1", "2", "0"),  # 0.5 of the last place: to the even 0
        ("3e-24", "1", "2", "2e-24"),  # 1.5: to the even 2
        ("-3e-24", "1", "2", "-2e-24"),
        ("100", "1", "3", "33.333333333333333333333333"),
        ("100", "2", "3", "66.666666666666666666666667"),
        ("0.1", "3", "3", "0.1"),
    ],
)
def test_a_share_by_hand(amount: str, part: str, whole: str, expected: str) -> None:
    assert share(Decimal(amount), Decimal(part), Decimal(whole)) == Decimal(expected)


def test_the_exact_context_turns_a_rounding_into_an_error() -> None:
    with exact_arithmetic(), pytest.raises(Inexact):
        _ = Decimal(1) / Decimal(3)


def third_in_the_exact_context() -> Decimal:
    with exact_arithmetic():
        assert getcontext().prec == EXACT.prec
        return Decimal(1) / Decimal(3)


def test_the_exact_context_gives_the_callers_context_back_even_after_an_error() -> None:
    with localcontext(prec=6):
        with pytest.raises(Inexact):
            third_in_the_exact_context()
        assert getcontext().prec == 6


def test_a_share_does_not_depend_on_the_callers_context() -> None:
    with localcontext(prec=3):
        assert share(Decimal(100), Decimal(1), Decimal(3)) == Decimal("33.333333333333333333333333")
