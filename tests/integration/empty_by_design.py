"""Queries of the boards that have no data in the demo, and why; every other one has to have some."""

from __future__ import annotations

from typing import NamedTuple


class Empty(NamedTuple):
    """Why a query has no data in the demo."""

    reason: str
    always: bool = True
    """Whether it never has any; else it depends on what the demo and the machine do just now, and either is right."""
    with_fifty: bool = False
    """Whether it has some with fifty strategies; that is tested, too."""


_WELL = Empty("nothing is wrong with Prometheus; a machine that is too busy may make it so", always=False)

EMPTY: dict[tuple[str, str, str], Empty] = {
    ("rotation", "Changes by action and reason", "A"): Empty("rotation may have nothing to change", always=False),
    ("rotation", "Notifications", "B"): Empty("the demo takes every notification", always=False),
    ("rotation", "Target weights", "B"): Empty("four strategies have a line each: there are no others", with_fifty=True),
    ("service", "Evaluations left out", "A"): _WELL,
    ("service", "Rules that failed", "A"): _WELL,
}
"""Board, panel, query → why."""
