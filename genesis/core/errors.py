"""What can go wrong, by name.

GenesisError
├── EventError        an event is refused where it enters (also a ValueError)
├── ConfigError       the configuration has faults: nothing starts, or the previous one stays in force
├── MarketError       a recorded market cannot be read
├── JournalError      the journal cannot be read or written
│   ├── JournalBusyError   too many events wait for it
│   └── JournalLockedError another process holds its lock
├── StackError        a program that the native stack needs is missing or does not start
├── ServerError       a Prometheus, an Alertmanager or an engine does not answer, or refuses what it is asked
└── UnknownError      the named alert or strategy does not exist
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NamedTuple


class GenesisError(Exception):
    """Base of every error that Genesis raises on purpose."""


class EventError(GenesisError, ValueError):
    """An event's field holds a value that cannot be booked."""

    def __init__(self, field: str, value: object, reason: str) -> None:
        super().__init__(f"{field}: {value!r} {reason}")
        self.field = field
        self.value = value
        self.reason = reason


class Fault(NamedTuple):
    """One thing wrong in a configuration file."""

    file: str
    key: str
    value: object
    expected: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: got {self.value!r}; {self.expected}"


class ConfigError(GenesisError):
    """The configuration has faults; all of them are listed."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("wrong configuration:\n" + "\n".join(f"  {fault}" for fault in faults))
        self.faults = tuple(faults)


class MarketError(GenesisError):
    """A recorded market is missing or cannot be read; the message says what is expected."""


class JournalError(GenesisError):
    """The journal cannot be read or written; the message says what to do."""

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        """`retryable`: the same write may succeed later."""
        super().__init__(message)
        self.retryable = retryable


class JournalBusyError(JournalError):
    """Too many events wait for their commit; none of the new ones was taken."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=True)


class JournalLockedError(JournalError):
    """Another process holds the lock that this one needs; the message names that process if it is known."""


class StackError(GenesisError):
    """A program of the native stack is missing, or did not become ready."""


class ServerError(GenesisError):
    """A Prometheus, an Alertmanager or an engine does not answer, or refuses what it is asked; the message says what to do."""

    def __init__(self, message: str, *, status: int | None = None, reason: str = "") -> None:
        """`status`: the HTTP status of the refusal, None without a readable response; `reason`: the server's own words."""
        super().__init__(message)
        self.status = status
        self.reason = reason or message


class UnknownError(GenesisError):
    """The named thing does not exist; the message says which ones do."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        folded = {candidate.casefold(): candidate for candidate in known}
        close = [folded[match] for match in get_close_matches(name.casefold(), folded, n=3)]
        hint = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(known) or 'none'}"
        super().__init__(f"there is no {kind} {name!r}: {hint}")
