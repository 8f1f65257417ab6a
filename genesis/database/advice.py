"""What to do about what a database says."""

from __future__ import annotations

import sqlite3

from genesis.database.purpose import Purpose

CORRUPT = "it is damaged; restore it from a backup, or keep the file and ask for help: `genesis journal verify` tells more"

_WORDS: tuple[tuple[str, str, bool], ...] = (
    ("locked", "another process writes to it, and does not come to an end; {later}", True),
    ("full", "free some space; {later}", True),
    ("readonly", "the file and its folder must be writable for this user", True),
    ("unable to open", "the file and its folder must be writable for this user", True),
    ("disk I/O error", "the disk does not do what it is told: look into the system's log", True),
    ("malformed", CORRUPT, False),
    ("not a database", CORRUPT, False),
    # What a server says before there is a session has no code.
    ("password", "check the user, and the password in journal_password_file", False),
    ("does not exist", "create it: CREATE DATABASE ... ENCODING 'UTF8'", False),
)
_CODES: dict[str, tuple[str, bool]] = {
    "42": ("the user needs the right to create and write the tables {tables} in the schema", False),
    "25": ("the server takes no writes now: is it a standby?", True),
    "53": ("the server is out of space or connections; {later}", True),
    "55": ("another session holds a lock on the tables {tables}: end it", True),
    "57": ("the server is stopping or starting; {later}", True),
    "XX": (CORRUPT, False),
}
"""By the class of PostgreSQL's SQLSTATE."""


def advice(error: object, purpose: Purpose) -> tuple[str, bool]:
    """What to do about what a database said, and whether the same may succeed later."""
    text, retryable = _advice(error)
    return text.format(later=purpose.later, tables=purpose.tables), retryable


def _advice(error: object) -> tuple[str, bool]:
    code = str(getattr(error, "sqlstate", None) or "")[:2]
    if code:
        return _CODES.get(code, ("", False))
    text = str(error)
    for words, told, retryable in _WORDS:
        if words in text:
            return told, retryable
    if isinstance(error, sqlite3.Error) or type(error).__name__ != "OperationalError":
        return "", False
    return "the server cannot be reached; {later}", True
