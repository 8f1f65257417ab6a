"""Queries of the boards that have no data in the demo, and why; every other one has to have some."""

from __future__ import annotations

from typing import NamedTuple


class Empty(NamedTuple):
    """Why a query has no data in the demo of a minute."""

    reason: str
    always: bool = True
    """Whether it never has any; else it depends on what the demo does just now, and either is right."""
    later: bool = False
    """Whether it has some once Prometheus has read for as long as the board shows; that is tested, too."""


EMPTY: dict[tuple[str, str, str], Empty] = {
    ("portfolio", "5 minutes", "A"): Empty("the demo is younger", later=True),
}
"""Board, panel, query → why."""
