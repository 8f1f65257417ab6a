"""Shares of the capital by strategy: rotation's decisions, engines' reports, and their JSON form."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from genesis.core.errors import EventError
from genesis.core.models import MAX_SEQ, Allocation, StrategyState

MAX_BODY = 1_048_576
"""Bytes of a decision or a report; some ten thousand strategies."""
_LARGEST_REPORTED = MAX_SEQ // 2
"""The next decision gets a number above the reported one: a wrong report must not use up all numbers."""
_LONGEST_QUOTE = 80
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""RecursionError: thousands of nested brackets."""


class Action(enum.Enum):
    """What a decision does to a strategy."""

    HOLD = "hold"
    RAISE = "raise"
    LOWER = "lower"
    REDUCE = "reduce"
    """ACTIVE → REDUCED."""
    RESTORE = "restore"
    """REDUCED → ACTIVE."""
    PAUSE = "pause"
    RESUME = "resume"
    """PAUSED → REDUCED (on probation)."""
    PIN = "pin"
    """A person's pin was carried out."""


class Share(msgspec.Struct, frozen=True):
    """What an engine gives a strategy: a share of the capital, and a state."""

    weight: Decimal
    state: StrategyState


class EngineReport(msgspec.Struct, frozen=True, kw_only=True):
    """The allocation that the engine reports as in force."""

    decision: int | None
    """The number of the last decision that it took; None before the first one."""
    shares: dict[str, Share]
    """Strategy → its share and state."""


class _Wire(msgspec.Struct):
    decision: int | None
    shares: dict[str, msgspec.Raw]


_WIRE = msgspec.json.Decoder(_Wire)
_SHARE = msgspec.json.Decoder(Share)
_ENCODER = msgspec.json.Encoder(decimal_format="string")


def encode(decision: int | None, shares: Mapping[str, Share]) -> bytes:
    """A decision or a report as JSON; weights are strings, so that no digit is lost."""
    return _ENCODER.encode({"decision": decision, "shares": shares})


def decode_report(body: bytes) -> EngineReport:
    """Read an engine's report.

    Raises:
        EventError: naming the field that is wrong, and its value.
    """
    number, shares = _decoded(body)
    if number is not None and number > _LARGEST_REPORTED:
        raise EventError("decision", number, f"is above {_LARGEST_REPORTED}, which no decision has reached")
    return EngineReport(decision=number, shares=shares)


def decode_decision(body: bytes) -> tuple[int, dict[str, Share]]:
    """Read a decision: its number, and the share of each strategy.

    Raises:
        EventError: naming the field that is wrong, and its value.
    """
    number, shares = _decoded(body)
    if number is None:
        raise EventError("decision", number, "is not a number: every decision has one")
    return number, shares


def _decoded(body: bytes) -> tuple[int | None, dict[str, Share]]:
    if len(body) > MAX_BODY:
        raise EventError("body", f"{len(body)} bytes", f"is larger than {MAX_BODY} bytes")
    try:
        wire = _WIRE.decode(body)
    except _UNREADABLE as error:
        raise EventError("body", _quoted(body), f"is not an allocation ({error})") from None
    if wire.decision is not None and not 1 <= wire.decision <= MAX_SEQ:
        raise EventError("decision", wire.decision, f"is not between 1 and {MAX_SEQ}")
    return wire.decision, {name: _share(name, raw) for name, raw in wire.shares.items()}


def _share(name: str, raw: msgspec.Raw) -> Share:
    where = f"shares[{_shortened(name)!r}]"
    try:
        share = _SHARE.decode(raw)
        Allocation(strategy=name, weight=share.weight, state=share.state)
    except EventError as error:
        raise EventError(f"{where}.{error.field}", _shortened(str(error.value)), error.reason) from None
    except (*_UNREADABLE, ArithmeticError) as error:
        raise EventError(where, _quoted(bytes(raw)), f"is not a share ({error})") from None
    return share


def _quoted(raw: bytes) -> str:
    return _shortened(raw[: _LONGEST_QUOTE * 4].decode(errors="replace"))


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "…"
