"""Counts and times of the monitor's own work."""

from __future__ import annotations

from collections import Counter
from typing import get_args

from genesis.analytics.clock_offset import ClockOffsets
from genesis.analytics.histogram import Histogram
from genesis.core.models import (
    AccountEvent,
    AnyEvent,
)
from genesis.core.receipt import Outcome

_PROCESSING_BOUNDS = (5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 0.1, 1.0)
_LAG_BOUNDS = (1e-3, 5e-3, 1e-2, 5e-2, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0)
_COMMIT_BOUNDS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500)
_APPEND_BOUNDS = (1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.5, 1.0)

EVENT_TYPES: tuple[type[AnyEvent], ...] = get_args(AnyEvent)


class KindTelemetry:
    """Counts and times of one kind of event."""

    __slots__ = ("books", "kind", "lag", "late", "outcomes", "processing")

    def __init__(self, event_type: type[AnyEvent]) -> None:
        self.kind = str(event_type.__struct_config__.tag)
        self.books = issubclass(event_type, AccountEvent)
        """Whether it is a kind of account event."""
        self.outcomes: dict[str, int] = {outcome.value: 0 for outcome in Outcome}
        self.late = 0
        """Account events that were booked though they were late."""
        self.processing = Histogram.of(_PROCESSING_BOUNDS)
        self.lag = Histogram.of(_LAG_BOUNDS)

    def record(self, outcome: Outcome, seconds: float, lag: float) -> None:
        """Count one event: wall `seconds` of work, `lag` of wall time behind its event time (below 0 counts as 0)."""
        self.outcomes[outcome._value_] += 1  # `.value` is a slow property, and this runs on every quote
        self.processing.observe(seconds)
        self.lag.observe(lag if lag > 0 else 0.0)


class Telemetry:
    """Counts and times of all kinds of events, and of the journal."""

    def __init__(self) -> None:
        self.kinds: dict[type[AnyEvent], KindTelemetry] = {event_type: KindTelemetry(event_type) for event_type in EVENT_TYPES}
        self.journal_append = Histogram.of(_APPEND_BOUNDS)
        self.journal_commit = Histogram.of(_COMMIT_BOUNDS)
        """Events that shared a commit."""
        self.journal_errors = 0
        """Commits that failed."""
        self.offsets = ClockOffsets()
        self.requests: Counter[tuple[str, int]] = Counter()
        """(path, status) → HTTP requests to the API."""
        self.pending_events = 0
        """Events that came over HTTP and are not booked yet."""
        self.unreadable = 0
        """Refused lines that do not name a known kind of event."""
        self._by_name = {kind.kind: kind for kind in self.kinds.values()}

    def refuse(self, kind: str | None) -> None:
        """Count a refused line; `kind`: the kind of event that it names, if it can be read."""
        known = self._by_name.get(kind or "")
        if known is None:
            self.unreadable += 1
        else:
            known.outcomes[Outcome.REJECTED.value] += 1
