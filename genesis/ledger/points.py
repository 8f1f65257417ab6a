"""A point of the grid as a database keeps it, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
import structlog

from genesis.ledger.equity import GridStep

_log = structlog.get_logger(__name__)


class Points(NamedTuple):
    """Points to keep: what is below `oldest`, or not older than the first of `new`, goes."""

    new: Sequence[tuple[int, bytes]] = ()
    """(number, payload), oldest first."""
    oldest: int = 0


NO_POINTS = Points()


class PointRow(msgspec.Struct, frozen=True, array_like=True):
    """The returns of one point, under the names of their time."""

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
    """Number → point; one of another layout is left out."""
    found: dict[int, PointRow] = {}
    for number, payload in points:
        try:
            found[number] = _decoder.decode(payload)
        except msgspec.MsgspecError as error:
            _log.warning("a point of the grid is of another layout, and left out", point=number, reason=str(error))
    return found
