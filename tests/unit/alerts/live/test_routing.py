"""Routes and inhibitions read from Alertmanager's configuration. tests/integration compares the routes with amtool."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
import yaml

from genesis.alerts.live.routing import Routing
from genesis.core.errors import GenesisError

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


def ends(labels: Mapping[str, str]) -> list[str]:
    return [end.receiver for end in Routing(CONFIG).destinations(labels)]


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
    (end,) = Routing(CONFIG).destinations({"strategy": "a", "symbol": "BTC"})
    assert (end.receiver, end.group_wait) == ("team", timedelta(seconds=10))
    assert end.group_interval == timedelta(minutes=5)
    assert str(end) == 'symbol="BTC"'


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
    with pytest.raises(GenesisError, match="Python cannot read"):
        routing.destinations({"job": "x"})


def test_a_destination_says_when_it_notifies() -> None:
    routing = Routing(CONFIG)
    (page,) = routing.destinations({"severity": "critical"})
    (muted,) = routing.destinations({"strategy": "c"})
    (always,) = routing.destinations({"strategy": "a"})
    assert (page.hours, muted.hours, always.hours) == ("only within office", "only outside office", "")


def test_an_inhibition_is_found_for_what_it_mutes_alone() -> None:
    routing = Routing(CONFIG)
    (found,) = routing.inhibitions({"alertname": "A", "severity": "warning"})
    assert [str(one) for one in found.source] == ['severity="critical"', 'test=""']
    assert found.equal == ("alertname", "strategy")
    assert list(routing.inhibitions({"alertname": "A", "severity": "info"})) == []
