"""What a database is opened for: the lock that its one writer holds, and the words in which its errors speak."""

from __future__ import annotations

from typing import NamedTuple


class Purpose(NamedTuple):
    """Two purposes share a database without keeping each other out."""

    name: str
    """Begins each error."""
    tables: str
    """The tables that are written."""
    lock_suffix: str
    """Added to SQLite's file it is the file of the lock."""
    lock_key: str
    """With the schema's name it makes the key of PostgreSQL's lock."""
    application: str
    """How PostgreSQL lists its sessions."""
    held: str
    """What is said where somebody else holds the lock."""
    instead: str
    """And what to do then."""
    later: str
    """What becomes of what could not be written."""


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
"""Suffix and key stay: a process of an older version is kept out too."""
ROTATION = Purpose(
    name="audit log",
    tables="rotation_*",
    lock_suffix=".rotation.lock",
    lock_key="genesis rotation in ",
    application="genesis rotation",
    held="another rotation controller leads",
    instead="this one waits; stop one of the two",
    later="nothing is delivered until it is there again",
)
