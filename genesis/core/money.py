"""Exact decimal arithmetic for money, prices and quantities.

An input value has at most 15 digits before the decimal point and 18 after it (`exact`). Sums and products of input values fit
into the 256 digits of `EXACT` (quantity × mark × rate has up to 101); its Inexact trap turns a rounding into an error instead
of a slow drift. Only divisions round; `share` does so once, to 24 decimal places.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
    getcontext,
    setcontext,
)

from genesis.core.errors import EventError

ZERO = Decimal(0)
ONE = Decimal(1)

ENTRY_QUANTUM = Decimal("1e-18")
SHARE_QUANTUM = Decimal("1e-24")

_ENTRY = Context(prec=33, traps=[Inexact, InvalidOperation])
_ENTRY_ROUNDED = Context(prec=33, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation])
_DIVISION = Context(prec=256, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])
_RATIO = Context(prec=60, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])
EXACT = Context(prec=256, rounding=ROUND_HALF_EVEN, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])


def exact(field: str, value: Decimal) -> None:
    """Refuse a value that is not finite, or has more digits than the books hold.

    Raises:
        EventError: naming `field` and `value`.
    """
    try:
        _ENTRY.quantize(value, ENTRY_QUANTUM)
        finite = value.is_finite()
    except (TypeError, AttributeError):  # quantize takes an int too, which has no is_finite
        raise EventError(field, value, "is not a decimal.Decimal") from None
    except Inexact:
        raise EventError(field, value, "has more than 18 digits after the point") from None
    except InvalidOperation:
        reason = "is not below 1e15 in size" if Decimal(value).is_finite() else "is not finite"
        raise EventError(field, value, reason) from None
    if not finite:
        raise EventError(field, value, "is not finite")


def share(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """`amount` × `part` / `whole`, rounded to 24 decimal places: the part of a cost basis or fee that belongs to `part`."""
    if part == whole:
        return amount
    return _DIVISION.quantize(_DIVISION.divide(_DIVISION.multiply(amount, part), whole), SHARE_QUANTUM)


@contextmanager
def exact_arithmetic() -> Iterator[None]:
    """Run a block with `EXACT` as the decimal context, whatever the caller's is."""
    outer = getcontext()
    setcontext(EXACT)
    try:
        yield
    finally:
        setcontext(outer)


def ratio(part: Decimal, whole: Decimal) -> float:
    """`part` / `whole` as a float: where money becomes a statistic."""
    return float(_RATIO.divide(part, whole))


def at_equity(ratio_of_equity: float, equity: Decimal | None) -> float | None:
    """A ratio of the equity, in money; None if the equity is unknown or not above 0."""
    return ratio_of_equity * float(equity) if equity is not None and equity > 0 else None


def entry(value: Decimal) -> Decimal:
    """`value`, below 1e15 in size, rounded half-even to the 18 decimal places of an input value."""
    return _ENTRY_ROUNDED.quantize(value, ENTRY_QUANTUM)


def entry_ratio(part: Decimal, whole: Decimal) -> Decimal | None:
    """`part` / `whole`, both above 0, rounded half-even to an input value; None if it is too large or rounds to 0."""
    try:
        rounded = _ENTRY_ROUNDED.quantize(_DIVISION.divide(part, whole), ENTRY_QUANTUM)
    except InvalidOperation:
        return None
    return rounded or None


def worth(amount: Decimal, rate: Decimal | None) -> Decimal | None:
    """`amount` × `rate`; without a rate, 0 if the amount is 0 and None otherwise."""
    if rate is None:
        return None if amount else ZERO
    return amount * rate


def worth_of(amounts: Mapping[str, Decimal], rates: Mapping[str, Decimal]) -> Decimal | None:
    """The sum of amounts by currency, each at its rate; None if an amount other than 0 has no rate."""
    added = ZERO
    for currency, amount in amounts.items():
        rate = rates.get(currency)
        if rate is not None:
            added += amount * rate
        elif amount:
            return None
    return added


def total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum; None if an amount is unknown."""
    added = ZERO
    for amount in amounts:
        if amount is None:
            return None
        added += amount
    return added
