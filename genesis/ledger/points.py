"""Converts a point of the grid to its stored form, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
import structlog

from genesis.ledger.equity import GridStep

_log = structlog.get_logger(__name__)


class Points(NamedTuple):
    """Points to save. Stored points below `oldest`, or at or above the first of `new`, are deleted."""

    new: Sequence[tuple[int, bytes]] = ()
    """(number, payload), oldest first."""
    oldest: int = 0


NO_POINTS = Points()


class PointRow(msgspec.Struct, frozen=True, array_like=True):
    """The returns of one point, by the names of strategies and symbols at that time."""

    portfolio: float
    returns: dict[str, float]
    contributions: dict[str, float]
    symbols: dict[str, float]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(PointRow)


def encode_point(step: GridStep) -> tuple[int, bytes]:
    """(number, payload)"""
    return step.point, _encoder.encode(PointRow(step.portfolio, step.returns, step.contributions, step.symbols))


def decode_points(points: Iterable[tuple[int, bytes]]) -> dict[int, PointRow]:
    """Number → point; a point with an unknown layout is logged and left out."""
    found: dict[int, PointRow] = {}
    for number, payload in points:
        try:
            found[number] = _decoder.decode(payload)
        except msgspec.MsgspecError as error:
            _log.warning("left out a point of the grid: its layout is not known", point=number, reason=str(error))
    return found
