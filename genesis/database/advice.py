"""What to do about an error of a database."""

from __future__ import annotations

import sqlite3

from genesis.database.purpose import Purpose

CORRUPT = "it is damaged; restore it from a backup, or keep the file and ask for help: `genesis journal verify` shows more"

_BY_TEXT: tuple[tuple[str, str, bool], ...] = (
    ("locked", "another process writes to it, and does not finish; {later}", True),
    ("full", "free some space; {later}", True),
    ("readonly", "the file and its folder must be writable for this user", True),
    ("unable to open", "the file and its folder must be writable for this user", True),
    ("disk I/O error", "the disk reports errors: see the system's log", True),
    ("malformed", CORRUPT, False),
    ("not a database", CORRUPT, False),
    # An error of a server before the session begins has no SQLSTATE.
    ("password", "check the user, and the password in journal_password_file", False),
    ("does not exist", "create it: CREATE DATABASE ... ENCODING 'UTF8'", False),
)
_BY_SQLSTATE_CLASS: dict[str, tuple[str, bool]] = {
    "42": ("the user needs the right to create and write the tables {tables} in the schema", False),
    "25": ("the server takes no writes now: is it a standby?", True),
    "53": ("the server is out of space or connections; {later}", True),
    "55": ("another session holds a lock on the tables {tables}: end it", True),
    "57": ("the server is stopping or starting; {later}", True),
    "XX": (CORRUPT, False),
}
"""The class is the first two characters of PostgreSQL's SQLSTATE."""


def advice(error: object, purpose: Purpose) -> tuple[str, bool]:
    """What to do about `error`, and whether the same may succeed later."""
    text, retryable = _advice(error)
    return text.format(later=purpose.later, tables=purpose.tables), retryable


def _advice(error: object) -> tuple[str, bool]:
    code = str(getattr(error, "sqlstate", None) or "")[:2]
    if code:
        return _BY_SQLSTATE_CLASS.get(code, ("", False))
    text = str(error)
    for words, remedy, retryable in _BY_TEXT:
        if words in text:
            return remedy, retryable
    if isinstance(error, sqlite3.Error) or type(error).__name__ != "OperationalError":
        return "", False
    return "the server cannot be reached; {later}", True
