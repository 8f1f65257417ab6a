"""What the engine has to do, and whether it does it."""

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


def differences(instruction: Instruction, report: EngineReport | None, tolerance: Decimal) -> tuple[str, ...]:
    """How a report differs from an instruction, in words; empty if the engine does what it was instructed to do.

    A strategy missing in the report counts as weight 0, which is right if the instruction gives it 0.
    """
    if report is None:
        return ("the engine does not answer",)
    if report.decision != instruction.number:
        return (f"the engine follows {_numbered(report.decision)}, not decision {instruction.number}",)
    found = (_difference(name, share, report.shares.get(name), tolerance) for name, share in sorted(instruction.shares.items()))
    return tuple(filter(None, found))


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
