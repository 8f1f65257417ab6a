"""The receipt for an event: its outcome."""

from __future__ import annotations

import enum
from typing import NamedTuple

from genesis.core.errors import EventError


class Outcome(enum.Enum):
    """What became of an event."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    """The same event was taken in before; nothing changed."""
    CONFLICT = "conflict"
    """An event with other content was taken in under the same identity; this one was refused."""
    REJECTED = "rejected"
    """It holds a value that cannot be booked."""
    LATE = "late"
    """A market event older than its symbol's mark; nothing changed."""


class Receipt(NamedTuple):
    """The outcome of an event, and the error if it was refused."""

    outcome: Outcome
    error: EventError | None = None
