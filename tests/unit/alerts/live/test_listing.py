"""The list of all alerts: who is told of each, and in which hours."""

from __future__ import annotations

from genesis.alerts.live.listing import rows
from genesis.alerts.live.routing import Routing
from genesis.alerts.live.states import States
from tests.unit.alerts.live.definitions import BOOK

BY_HOURS = """
route:
  receiver: rest
  routes:
    - {receiver: desk, matchers: ['severity="warning"'], active_time_intervals: [office], continue: true}
    - {receiver: night, matchers: ['severity="warning"'], mute_time_intervals: [office]}
"""


def test_the_list_says_in_which_hours_somebody_is_told() -> None:
    told = {(row[0], row[1]): row[3] for row in rows(BOOK, Routing(BY_HOURS), States(None, None))}
    assert told["WinRateLow", "warning"] == "desk (office), night (not office)"
    assert told["WinRateLow", "critical"] == "rest"
