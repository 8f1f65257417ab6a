"""What to do when an alert fires: for docs/alerts.md, and for the page that a notification's link opens."""

from __future__ import annotations

from typing import NamedTuple


class RunbookQuery(NamedTuple):
    """Something to look at."""

    question: str
    query: str
    """PromQL."""


class Runbook(NamedTuple):
    """One alert, for the person who is woken by it."""

    meaning: str
    looks: tuple[RunbookQuery, ...]
    action: str
    false_alarm: str
