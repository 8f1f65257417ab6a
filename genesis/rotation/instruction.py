"""What the engine is to do, and whether it does."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from genesis.core.allocation import EngineReport, Share

_NOTHING = Decimal(0)


class Instruction(NamedTuple):
    """A decision that the engine has to follow."""

    number: int
    shares: Mapping[str, Share]


def differences(order: Instruction, report: EngineReport | None, tolerance: Decimal) -> tuple[str, ...]:
    """In what a report differs from an order, in words; nothing where the engine does what it was told.

    A strategy that the engine does not report has nothing, which is right where it is to have nothing.
    """
    if report is None:
        return ("the engine does not answer",)
    if report.decision != order.number:
        return (f"the engine follows {_numbered(report.decision)}, not decision {order.number}",)
    told = (_difference(name, share, report.shares.get(name), tolerance) for name, share in sorted(order.shares.items()))
    return tuple(filter(None, told))


def _difference(name: str, wanted: Share, found: Share | None, tolerance: Decimal) -> str:
    if found is None:
        return "" if wanted.weight == _NOTHING else f"{name!r}: the engine does not report it, wanted {_words(wanted)}"
    if abs(found.weight - wanted.weight) <= tolerance and found.state is wanted.state:
        return ""
    return f"{name!r}: the engine has {_words(found)}, wanted {_words(wanted)}"


def _words(share: Share) -> str:
    return f"{share.weight} {share.state.value}"


def _numbered(number: int | None) -> str:
    return "no decision" if number is None else f"decision {number}"
