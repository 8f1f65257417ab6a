"""Time intervals of Alertmanager. tests/integration compares them with the real program, at the time of the run."""

from __future__ import annotations

from datetime import UTC, datetime

import yaml

from genesis.alerts.live.hours import closed, within
from genesis.alerts.live.routing import Routing

NOON = datetime(2026, 2, 2, 12, tzinfo=UTC)
"""A Monday."""


def spans(text: str) -> list[dict[str, object]]:
    config = f"route: {{receiver: a}}\ntime_intervals: [{{name: x, time_intervals: [{text}]}}]"
    return list(map(dict, Routing(config).interval("x")))


def test_a_time_is_in_a_span_when_all_its_conditions_are_true() -> None:
    end_of_november = datetime(2026, 11, 30, 12, tzinfo=UTC)
    leap_day = datetime(2028, 2, 29, 12, tzinfo=UTC)
    cases = [
        ("{}", NOON, True),
        ("{times: [{start_time: '12:00', end_time: '12:01'}]}", NOON, True),
        ("{times: [{start_time: '11:00', end_time: '12:00'}]}", NOON, False),
        ("{times: [{start_time: 12:00, end_time: 24:00}]}", NOON, True),
        ("{times: [{start_time: '00:00', end_time: '01:00'}, {start_time: '11:59', end_time: '12:01'}]}", NOON, True),
        ("{weekdays: [monday]}", NOON, True),
        ("{weekdays: [Monday]}", NOON, True),
        ("{weekdays: ['tuesday:saturday', sunday]}", NOON, False),
        ("{weekdays: ['sunday:tuesday']}", NOON, True),
        ("{weekdays: [sunday]}", datetime(2026, 2, 1, 12, tzinfo=UTC), True),
        ("{weekdays: [saturday]}", datetime(2026, 2, 1, 12, tzinfo=UTC), False),
        ("{months: [january]}", end_of_november, False),
        ("{months: [january]}", datetime(2026, 1, 31, tzinfo=UTC), True),
        ("{months: ['january:march']}", NOON, True),
        ("{months: ['March:december']}", NOON, False),
        ("{months: [2]}", NOON, True),
        ("{months: [3:5, 12]}", NOON, False),
        ("{months: [3:5, 12]}", datetime(2026, 4, 1, tzinfo=UTC), True),
        ("{days_of_month: [1:5]}", NOON, True),
        ("{days_of_month: [3:31]}", NOON, False),
        ("{days_of_month: [2]}", NOON, True),
        ("{days_of_month: [-1]}", end_of_november, True),
        ("{days_of_month: ['-3:-1']}", datetime(2026, 11, 27, tzinfo=UTC), False),
        ("{days_of_month: ['-3:-1']}", datetime(2026, 11, 28, tzinfo=UTC), True),
        ("{days_of_month: ['15:-1']}", end_of_november, True),
        ("{days_of_month: ['-1']}", leap_day, True),
        ("{days_of_month: ['29:31']}", datetime(2026, 2, 28, 12, tzinfo=UTC), False),
        ("{days_of_month: ['1:31']}", datetime(2026, 2, 28, 12, tzinfo=UTC), True),
        ("{years: [2026]}", NOON, True),
        ("{years: ['2020:2025', 2027]}", NOON, False),
        ("{years: ['2025:2027']}", NOON, True),
        ("{weekdays: [monday], months: [march]}", NOON, False),
        ("{weekdays: [tuesday]}, {months: [february]}", NOON, True),
        ("{times: [{start_time: '08:00', end_time: '09:00'}], location: America/New_York}", NOON, False),
        ("{times: [{start_time: '07:00', end_time: '08:00'}], location: America/New_York}", NOON, True),
        ("{weekdays: [tuesday], location: Pacific/Auckland}", NOON, True),
        ("{years: [2027], location: Pacific/Auckland}", datetime(2026, 12, 31, 12, tzinfo=UTC), True),
    ]
    for text, at, inside in cases:
        assert within(spans(text), at) is inside, (text, at)


def test_an_interval_without_spans_contains_no_time() -> None:
    assert not within([], NOON)


def test_outside_its_hours_a_route_does_not_notify() -> None:
    office = {
        "times": [{"start_time": "08:00", "end_time": "18:00"}],
        "weekdays": ["monday:friday"],
        "location": "Europe/Zurich",
    }
    lunch = {"times": [{"start_time": "11:30", "end_time": "12:30"}]}
    routes = [
        {"receiver": "page", "matchers": ['a="1"'], "active_time_intervals": ["office"]},
        {"receiver": "desk", "matchers": ['a="2"'], "mute_time_intervals": ["office", "lunch"]},
        {"receiver": "both", "matchers": ['a="3"'], "active_time_intervals": ["office"], "mute_time_intervals": ["lunch"]},
        {"receiver": "any", "matchers": ['a="4"'], "active_time_intervals": ["lunch", "office"]},
    ]
    intervals = [{"name": "office", "time_intervals": [office]}, {"name": "lunch", "time_intervals": [lunch]}]
    tree = {"route": {"receiver": "all", "routes": routes}, "time_intervals": intervals}
    routing = Routing(yaml.safe_dump(tree))
    evening, morning = NOON.replace(hour=20), NOON.replace(hour=9)
    page, desk, both, either, default = (routing.destinations({"a": value})[0] for value in "12345")
    cases = [
        (page, NOON, None),
        (page, evening, "page is notified only within office, which is not now"),
        (desk, NOON, "desk is notified only outside office and only outside lunch, which is not now"),
        (desk, evening, None),
        (both, morning, None),
        (both, NOON, "both is notified only within office and only outside lunch, which is not now"),
        (either, morning, None),
        (either, evening, "any is notified only within lunch or office, which is not now"),
        (default, evening, None),
    ]
    for destination, at, why in cases:
        assert closed(routing, destination, at) == why, (destination.receiver, at)
