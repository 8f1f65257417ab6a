"""What can go wrong, by name.

GenesisError
├── EventError        an event is refused where it enters (also a ValueError)
├── ConfigError       the configuration is refused: nothing starts, or the one before stays in force
├── MarketError       a recorded market cannot be read
├── JournalError      the journal cannot be read or written
│   ├── JournalBusyError   too many events wait for it
│   └── JournalLockedError another process holds its lock
├── StackError        a program that the native stack needs is missing or does not start
├── ServerError       a Prometheus, an Alertmanager or an engine does not answer, or refuses what it is asked
└── UnknownError      an alert or a strategy is named that does not exist
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
    """A recorded market is not there or not readable; the message says what is expected."""


class JournalError(GenesisError):
    """The journal cannot be read or written; the message says what to do."""

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        """`retryable`: nothing is wrong with what was to be written; the same may succeed when it is tried again later."""
        super().__init__(message)
        self.retryable = retryable


class JournalBusyError(JournalError):
    """More events wait for their commit than may; nothing of these was taken."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=True)


class JournalLockedError(JournalError):
    """Another process holds the lock that this one needs; the message says which one, where that is known."""


class StackError(GenesisError):
    """A program of the native stack is missing, or did not become ready."""


class ServerError(GenesisError):
    """A Prometheus, an Alertmanager or an engine does not answer, or refuses what it is asked; the message says what to do."""

    def __init__(self, message: str, *, status: int | None = None, reason: str = "") -> None:
        """`status`: of the answer that refuses, None where nothing came that could be read; `reason`: in the server's words."""
        super().__init__(message)
        self.status = status
        self.reason = reason or message


class UnknownError(GenesisError):
    """Something is named that does not exist; the message says what does."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        folded = {one.casefold(): one for one in known}
        close = [folded[one] for one in get_close_matches(name.casefold(), folded, n=3)]
        told = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(known) or 'none'}"
        super().__init__(f"there is no {kind} {name!r}: {told}")
