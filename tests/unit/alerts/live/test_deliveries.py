"""Whether a notification was delivered, from Alertmanager's counters: another one's success is never taken for it."""

from __future__ import annotations

import pytest

from genesis.alerts.live.deliveries import Deliveries, Outcome, Way, ways
from genesis.alerts.live.routing import Integration
from genesis.clients.alertmanager import ATTEMPTED, FAILED, REQUESTS, REQUESTS_FAILED, Counters

PAGE = Way("slack", frozenset({"page"}))


def counters(attempted: int, given_up: int, requests: int, refused: int, **labels: str) -> Counters:
    values = {ATTEMPTED: attempted, FAILED: given_up, REQUESTS: requests, REQUESTS_FAILED: refused}
    return Counters(tuple((name, {"integration": "slack", **labels}, value) for name, value in values.items()))


def outcome(expected: int, now: Counters) -> Outcome:
    deliveries = Deliveries({PAGE: expected}, counters(10, 2, 20, 5))
    deliveries.outcomes(now)
    return deliveries.outcomes(now)[PAGE]


@pytest.mark.parametrize(
    ("expected", "now", "what"),
    [
        (1, counters(10, 2, 20, 5), Outcome.WAITING),
        (1, counters(11, 2, 20, 5), Outcome.SENDING),
        (1, counters(11, 2, 21, 5), Outcome.DELIVERED),
        (1, counters(11, 2, 21, 6), Outcome.FAILED),
        (1, counters(11, 2, 23, 7), Outcome.DELIVERED),  # twice refused, then taken
        (1, counters(11, 3, 23, 8), Outcome.FAILED),
        (1, counters(12, 2, 21, 5), Outcome.SENDING),  # another one was taken, or this one: one is still under way
        (1, counters(12, 3, 22, 6), Outcome.FAILED),  # one of the two was given up
        (1, counters(0, 0, 0, 0), Outcome.WAITING),  # Alertmanager was restarted, and counts anew
        (2, counters(11, 2, 21, 5), Outcome.WAITING),
        (2, counters(12, 2, 22, 5), Outcome.DELIVERED),
    ],
)
def test_a_notification_is_delivered_when_all_that_was_begun_is(expected: int, now: Counters, what: Outcome) -> None:
    assert outcome(expected, now) is what


def test_one_reading_is_not_enough_as_a_request_is_counted_before_its_failure() -> None:
    deliveries = Deliveries({PAGE: 1}, counters(10, 2, 20, 5))
    assert deliveries.outcomes(counters(11, 2, 21, 5)) == {PAGE: Outcome.SENDING}
    assert deliveries.outcomes(counters(11, 2, 21, 6)) == {PAGE: Outcome.FAILED}


def test_where_receivers_are_counted_apart_others_do_not_count() -> None:
    other = counters(5, 0, 5, 0, receiver_name="desk")
    deliveries = Deliveries({PAGE: 1}, counters(0, 0, 0, 0, receiver_name="desk"))
    assert deliveries.outcomes(other) == {PAGE: Outcome.WAITING}


def test_a_change_is_told_once_by_each_integration() -> None:
    page = [Integration("slack", True), Integration("pagerduty", True)]
    team = [Integration("slack", False)]
    slack, pagerduty = Way("slack", frozenset({"page", "team"})), Way("pagerduty", frozenset({"page"}))
    assert ways({"page": page, "team": team}) == {slack: 2, pagerduty: 1}
    assert ways({"page": page, "team": team}, resolved=True) == {pagerduty: 1}
