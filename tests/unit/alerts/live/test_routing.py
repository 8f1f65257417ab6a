"""Routes, inhibitions and hours read from Alertmanager's configuration. tests/integration holds the routes against amtool."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from genesis.alerts.live.holding import Cover, closed, covers, muted_by
from genesis.alerts.live.hours import within
from genesis.alerts.live.routing import Routing
from genesis.clients.alertmanager import AlertStatus, ManagedAlert, Matcher, Silence, SilenceState
from genesis.core.errors import GenesisError
from tests.unit.alerts.live.definitions import ROUTING

CONFIG = """
route:
  receiver: rest
  group_wait: 10s
  routes:
    - matchers: ['severity="critical"']
      receiver: page
      group_wait: 0s
      continue: true
      active_time_intervals: [office]
    - matchers: ['strategy=~"a|b.*"', severity!="info"]
      receiver: team
      routes:
        - match: {symbol: BTC}
    - match_re: {strategy: "c+"}
      receiver: c
      mute_time_intervals: [office]
receivers:
  - name: page
    slack_configs: [{send_resolved: false}, {}]
    webhook_configs: [{url: x}]
  - name: rest
inhibit_rules:
  - source_matchers: ['severity="critical"', 'test=""']
    target_matchers: ['severity="warning"']
    equal: [alertname, strategy]
time_intervals:
  - name: office
    time_intervals:
      - times: [{start_time: "08:00", end_time: "18:00"}]
        weekdays: ["monday:friday"]
        location: Europe/Zurich
"""
MONDAY_NOON = datetime(2026, 2, 2, 12, tzinfo=UTC)
MONDAY_NIGHT = datetime(2026, 2, 2, 23, tzinfo=UTC)


def ends(labels: Mapping[str, str]) -> list[str]:
    return [taken.receiver for taken in Routing(CONFIG).routes(labels)]


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ({}, ["rest"]),
        ({"severity": "critical"}, ["page"]),
        ({"severity": "critical", "strategy": "a"}, ["page", "team"]),
        ({"severity": "info", "strategy": "a"}, ["rest"]),
        ({"strategy": "bx"}, ["team"]),
        ({"strategy": "xb"}, ["rest"]),
        ({"strategy": "ccc"}, ["c"]),
    ],
)
def test_an_alert_ends_where_the_first_route_that_matches_leads(labels: dict[str, str], receivers: list[str]) -> None:
    assert ends(labels) == receivers


def test_a_route_inherits_what_it_does_not_say() -> None:
    (taken,) = Routing(CONFIG).routes({"strategy": "a", "symbol": "BTC"})
    assert (taken.receiver, taken.group_wait) == ("team", timedelta(seconds=10))
    assert taken.group_interval == timedelta(minutes=5)
    assert str(taken) == 'symbol="BTC"'


def test_a_receiver_says_by_what_it_is_told_and_whether_of_the_end_too() -> None:
    found = [(one.kind, one.send_resolved) for one in Routing(CONFIG).integrations("page")]
    assert found == [("slack", False), ("slack", False), ("webhook", True)]
    assert Routing(CONFIG).integrations("rest") == []


@pytest.mark.parametrize("text", ["route: [", "", "- route", "receivers: []", "route: page"])
def test_a_configuration_without_routes_is_refused(text: str) -> None:
    with pytest.raises(GenesisError, match="cannot be read"):
        Routing(text)


def test_a_pattern_that_only_alertmanager_can_read_is_told() -> None:
    route = {"receiver": "b", "matchers": [r'job=~"\\pL+"']}
    routing = Routing(yaml.safe_dump({"route": {"receiver": "a", "routes": [route]}}))
    with pytest.raises(GenesisError, match="cannot be read here"):
        routing.routes({"job": "x"})


@pytest.mark.parametrize(
    ("span", "at", "inside"),
    [
        ({}, MONDAY_NOON, True),
        ({"times": [{"start_time": "12:00", "end_time": "12:01"}]}, MONDAY_NOON, True),
        ({"times": [{"start_time": "11:00", "end_time": "12:00"}]}, MONDAY_NOON, False),
        ({"times": [{"start_time": 720, "end_time": 1440}]}, MONDAY_NOON, True),
        ({"weekdays": ["monday"]}, MONDAY_NOON, True),
        ({"weekdays": ["tuesday:saturday", "sunday"]}, MONDAY_NOON, False),
        ({"weekdays": ["sunday:tuesday"]}, MONDAY_NOON, True),
        ({"months": ["january"]}, MONDAY_NOON, True),  # which alerts.yaml cannot say
        ({"times": [{"start_time": "08:00", "end_time": "09:00"}], "location": "America/New_York"}, MONDAY_NOON, False),
        ({"times": [{"start_time": "07:00", "end_time": "08:00"}], "location": "America/New_York"}, MONDAY_NOON, True),
    ],
)
def test_a_time_is_in_a_span_when_all_that_it_says_holds(span: dict[str, object], at: datetime, inside: bool) -> None:
    assert within([span], at) is inside


def test_outside_of_its_hours_a_route_tells_nobody() -> None:
    routing = Routing(CONFIG)
    (page,) = routing.routes({"severity": "critical"})
    (muted,) = routing.routes({"strategy": "c"})
    assert closed(routing, page, MONDAY_NOON) is None
    assert closed(routing, page, MONDAY_NIGHT) == "page is told in office only, and now is outside of it"
    assert closed(routing, muted, MONDAY_NOON) == "c is not told in office, and now is in it"
    assert closed(routing, muted, MONDAY_NIGHT) is None


def managed(**labels: str) -> ManagedAlert:
    return ManagedAlert(labels, {}, MONDAY_NOON, MONDAY_NIGHT, "f", AlertStatus("active"), [])


@pytest.mark.parametrize(
    ("other", "mutes"),
    [
        ({"severity": "critical", "alertname": "A", "strategy": "a"}, True),
        ({"severity": "critical", "alertname": "A", "strategy": "b"}, False),
        ({"severity": "critical", "alertname": "B", "strategy": "a"}, False),
        ({"severity": "critical", "alertname": "A", "strategy": "a", "test": "true"}, False),
        ({"severity": "info", "alertname": "A", "strategy": "a"}, False),
    ],
)
def test_an_alert_is_muted_by_another_with_the_same_labels(other: dict[str, str], mutes: bool) -> None:
    labels = {"alertname": "A", "severity": "warning", "strategy": "a"}
    assert bool(list(muted_by(Routing(CONFIG), labels, [managed(**other)]))) is mutes


def silence(*matchers: Matcher, state: str = "active") -> Silence:
    return Silence("id", SilenceState(state), list(matchers), MONDAY_NOON, MONDAY_NIGHT, "me", "why")


@pytest.mark.parametrize(
    ("found", "cover"),
    [
        (silence(Matcher("alertname", "A")), Cover.ALL),
        (silence(Matcher("alertname", "A|B", is_regex=True)), Cover.ALL),
        (silence(Matcher("alertname", "B")), Cover.NONE),
        (silence(Matcher("alertname", "B", is_equal=False)), Cover.ALL),
        (silence(Matcher("alertname", "A"), Matcher("symbol", "BTC")), Cover.PART),
        (silence(Matcher("alertname", "A"), state="pending"), Cover.NONE),
    ],
)
def test_a_silence_is_for_all_of_an_alert_or_for_part_of_it(found: Silence, cover: Cover) -> None:
    assert covers(found, {"alertname": "A", "severity": "critical"}) is cover


def test_a_test_alert_of_the_repository_mutes_nothing() -> None:
    real = managed(alertname="DailyLoss", severity="critical")
    test = managed(alertname="DailyLoss", severity="critical", test="true")
    labels = {"alertname": "DailyLoss", "severity": "warning"}
    assert list(muted_by(ROUTING, labels, [real]))
    assert not list(muted_by(ROUTING, labels, [test]))
