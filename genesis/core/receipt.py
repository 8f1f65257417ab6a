"""The answer to an event: what became of it."""

from __future__ import annotations

import enum
from typing import NamedTuple

from genesis.core.errors import EventError


class Outcome(enum.Enum):
    """What became of an event."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    """It was taken in before; nothing changed."""
    CONFLICT = "conflict"
    """Another event was taken in under the same identity; this one was refused."""
    REJECTED = "rejected"
    """It holds a value that cannot be booked."""
    LATE = "late"
    """A market event older than its symbol's mark; nothing changed."""


class Receipt(NamedTuple):
    """What became of an event, and what was wrong with it if it was refused."""

    outcome: Outcome
    error: EventError | None = None
