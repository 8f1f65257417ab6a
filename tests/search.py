"""How many examples a test looks at: few in every run, ten times as many in a search, `pytest --hypothesis-profile=search`."""

from __future__ import annotations

from hypothesis import settings

SEARCHING = settings.get_current_profile_name() == "search"
"""Whether other examples are looked at each time; otherwise they are always the same."""


def examples(few: int) -> int:
    """So many, or ten times as many in a search."""
    return 10 * few if SEARCHING else few
