"""Counts and times of the monitor's own work, and the thresholds of its alerts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from genesis import __version__
from genesis.metrics.declaration import Group, Labels, Number, Rows, itself
from genesis.metrics.metric import Unit

if TYPE_CHECKING:
    from genesis.ledger.journal import Journal
    from genesis.metrics.telemetry import KindTelemetry, Telemetry

UNKNOWN_KIND = "unknown"
"""Label of refused lines that do not name a known kind of event."""
REJECTED = "rejected"
"""Their outcome; events with a value that cannot be booked have the same."""


class Threshold(Protocol):
    """A threshold of an alert, as alerts/thresholds.py makes it."""

    @property
    def alert(self) -> str: ...
    @property
    def severity(self) -> str: ...
    @property
    def strategy(self) -> str: ...
    @property
    def part(self) -> str: ...
    @property
    def value(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Service:
    """The monitor's own state at one moment."""

    telemetry: Telemetry
    journal: Journal
    thresholds: Sequence[Threshold]
    monotonic: float
    """The time of the monotonic clock, in seconds."""


class GroupRun(NamedTuple):
    """How the collection of a group went."""

    name: str
    seconds: float
    success: bool


# Events.


def _kinds(service: Service) -> Iterator[tuple[Labels, KindTelemetry]]:
    for kind in service.telemetry.kinds.values():
        yield (kind.kind,), kind


def _outcomes(service: Service) -> Iterator[tuple[Labels, int]]:
    for labels, kind in _kinds(service):
        for outcome, count in kind.outcomes.items():
            yield (*labels, outcome), count
    yield (UNKNOWN_KIND, REJECTED), service.telemetry.unreadable


def _booked_kinds(service: Service) -> Iterator[tuple[Labels, KindTelemetry]]:
    for labels, kind in _kinds(service):
        if kind.books:
            yield labels, kind


def _offsets(service: Service) -> Iterator[tuple[Labels, float]]:
    for source, seconds in service.telemetry.offsets.values(service.monotonic).items():
        yield (source,), seconds


_KIND = Rows(Group.SERVICE, "kind", _kinds)

EVENTS = Rows(Group.SERVICE, "kind outcome", _outcomes).counter(
    "events_total",
    Unit.COUNT,
    "Events taken in by outcome: accepted, duplicate, conflict, rejected, or late (a market event older than the mark).",
    itself,
)
EVENTS_LATE = Rows(Group.SERVICE, "kind", _booked_kinds).counter(
    "events_late_total",
    Unit.COUNT,
    "Account events booked though far behind the latest event time (events.late_after_seconds).",
    lambda kind: kind.late,
)
EVENT_PROCESSING_SECONDS = _KIND.histogram(
    "event_processing_seconds",
    Unit.SECONDS,
    "Wall time from an event's arrival to its booking.",
    lambda kind: kind.processing.counts(),
)
EVENT_LAG_SECONDS = _KIND.histogram(
    "event_lag_seconds", Unit.SECONDS, "Wall time at arrival less the event's own time.", lambda kind: kind.lag.counts()
)
SOURCE_CLOCK_OFFSET_SECONDS = Rows(Group.SERVICE, "source", _offsets).gauge(
    "source_clock_offset_seconds",
    Unit.SECONDS,
    "Event time less arrival of the least delayed event in the last one to two minutes; above 0, the source is ahead.",
    itself,
)


# The API.


def _requests(service: Service) -> Iterator[tuple[Labels, int]]:
    for (path, status), count in service.telemetry.requests.items():
        yield (path, str(status)), count


def _service(service: Service) -> Iterator[tuple[Labels, Service]]:
    yield (), service


_SERVICE = Rows(Group.SERVICE, "", _service)

API_REQUESTS = Rows(Group.SERVICE, "path code", _requests).counter(
    "api_requests_total", Unit.COUNT, "HTTP requests to the API by path and status code.", itself
)
INGEST_PENDING_EVENTS = _SERVICE.gauge(
    "ingest_pending_events",
    Unit.COUNT,
    "Events that came over HTTP and are not booked yet.",
    lambda service: service.telemetry.pending_events,
)


# The journal.


def _backend(service: Service) -> Iterator[tuple[Labels, None]]:
    yield (service.journal.address.backend,), None


JOURNAL_INFO = Rows(Group.SERVICE, "backend", _backend).info(
    "journal_info", "The storage of the journal: sqlite or postgresql."
)
JOURNAL_EVENTS = _SERVICE.gauge("journal_events", Unit.COUNT, "Events in the journal.", lambda service: service.journal.count)
JOURNAL_PENDING_EVENTS = _SERVICE.gauge(
    "journal_pending_events",
    Unit.COUNT,
    "Events that wait for their commit.",
    lambda service: service.journal.pending,
)
JOURNAL_APPEND_SECONDS = _SERVICE.histogram(
    "journal_append_seconds",
    Unit.SECONDS,
    "Wall time of a durable append to the journal.",
    lambda service: service.telemetry.journal_append.counts(),
)
JOURNAL_COMMIT_EVENTS = _SERVICE.histogram(
    "journal_commit_events",
    Unit.COUNT,
    "Events that shared a commit.",
    lambda service: service.telemetry.journal_commit.counts(),
)
JOURNAL_COMMIT_ERRORS = _SERVICE.counter(
    "journal_commit_errors_total",
    Unit.COUNT,
    "Failed commits; none of their events was kept.",
    lambda service: service.telemetry.journal_errors,
)


# Thresholds, and the program.


def _thresholds(service: Service) -> Iterator[tuple[Labels, Number]]:
    for line in service.thresholds:
        yield (line.alert, line.severity, line.strategy, line.part), line.value


ALERT_THRESHOLD = Rows(Group.SERVICE, "alert severity strategy part", _thresholds).gauge(
    "alert_threshold",
    Unit.BY_LABEL,
    "Thresholds of the alert rules; strategy is empty for the default, part (low, high, week, month) where there is one.",
    itself,
)
BUILD_INFO = _SERVICE.by("version", lambda service: [((__version__,), service)]).info(
    "build_info", "The running version of Genesis."
)


# The collection itself.


def _runs(runs: Sequence[GroupRun]) -> Iterator[tuple[Labels, GroupRun]]:
    for run in runs:
        yield (run.name,), run


_RUN = Rows(Group.COLLECTOR, "group", _runs)

COLLECTOR_DURATION_SECONDS = _RUN.gauge(
    "collector_duration_seconds",
    Unit.SECONDS,
    "Wall time that a group of metrics took to collect.",
    lambda run: run.seconds,
)
COLLECTOR_SUCCESS = _RUN.gauge(
    "collector_success", Unit.FLAG, "1 if a group of metrics was collected, 0 if it failed.", lambda run: run.success
)
