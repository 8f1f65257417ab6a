"""The purpose for which a database is opened: the lock of its writer, and the wording of its errors."""

from __future__ import annotations

from typing import NamedTuple


class Purpose(NamedTuple):
    """Writers of different purposes can share a database."""

    name: str
    """The first words of each error."""
    tables: str
    """The tables that are written."""
    lock_suffix: str
    """Appended to the name of SQLite's file: the lock file."""
    lock_key: str
    """With the schema's name: the key of PostgreSQL's lock."""
    application: str
    """The name of its sessions in PostgreSQL."""
    held: str
    """The error when another process holds the lock."""
    instead: str
    """What to do then."""
    later: str
    """What happens to data that could not be written."""


JOURNAL = Purpose(
    name="journal",
    tables="journal_*",
    lock_suffix=".lock",
    lock_key="genesis journal in ",
    application="genesis",
    held="another process has it open",
    instead="stop that one, or name another journal",
    later="the events will be taken when they are sent again",
)
"""Suffix and key must not change: they keep out a process of an older version, too."""
ROTATION = Purpose(
    name="audit log",
    tables="rotation_*",
    lock_suffix=".rotation.lock",
    lock_key="genesis rotation in ",
    application="genesis rotation",
    held="another rotation controller leads",
    instead="this one waits; stop one of the two",
    later="nothing is delivered until it can be written again",
)
