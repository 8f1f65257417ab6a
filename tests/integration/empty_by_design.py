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
_DAY = Empty("what compounds to a year stands on the returns of a day at least; the demo has minutes")

EMPTY: dict[tuple[str, str, str], Empty] = {
    ("risk", "Beta and alpha by strategy", "alpha_ratio"): _DAY,
    ("risk", "Pairs without one", ""): Empty("each pair of the demo has a correlation once it is warm", always=False),
    ("rotation", "Blocked by", ""): Empty("nothing blocks rotation once its warm-up is over", always=False),
    ("rotation", "Notifications", "failed"): Empty("the demo takes every notification", always=False),
    ("rotation", "Target weights", " - sum("): Empty("four strategies have a line each: there are no others", with_fifty=True),
    ("service", "Evaluations left out", ""): _WELL,
    ("service", "Rules that failed", ""): _WELL,
    ("strategy", "Calmar ratio by window", ""): _DAY,
}
"""Board, panel, a part of the query → why."""


def emptiness(board: str, panel: str, expr: str) -> Empty | None:
    """Why this query has no data; None where it has to have some."""
    found = (empty for (at, on, part), empty in EMPTY.items() if (at, on) == (board, panel) and part in expr)
    return next(found, None)
