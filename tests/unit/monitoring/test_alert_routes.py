"""The generated alertmanager.yml: who is told, by which means, and that no secret stands in it."""

from __future__ import annotations

from typing import Any

import yaml

from genesis.monitoring.alert_manager import alertmanager_config
from tests.unit.monitoring.alert_tree import settings


def config(changes: dict[str, object] | None = None, sink: str | None = None) -> dict[str, Any]:
    tree: dict[str, Any] = yaml.safe_load(alertmanager_config(settings(changes), sink))
    return tree


def receiver(tree: dict[str, Any], name: str) -> dict[str, Any]:
    return next(entry for entry in tree["receivers"] if entry["name"] == name)


def test_the_heartbeat_is_routed_before_everything_else() -> None:
    first, *others = config()["route"]["routes"]
    assert (first["receiver"], first["matchers"]) == ("heartbeat", ['alertname="Watchdog"'])
    assert "heartbeat" not in [route["receiver"] for route in others]


def test_a_page_goes_out_at_once_and_strategies_with_the_same_trouble_are_one_notification() -> None:
    route = config()["route"]
    assert route["group_by"] == ["alertname", "test"]
    page = next(entry for entry in route["routes"] if entry["receiver"] == "page")
    assert page["group_wait"] == "0s"


def test_slack_and_pagerduty_take_their_secrets_from_files() -> None:
    page = receiver(config(), "page")
    assert page["slack_configs"][0]["api_url_file"] == "/etc/alertmanager/secrets/slack_url"
    assert page["pagerduty_configs"][0]["routing_key_file"] == "/etc/alertmanager/secrets/pagerduty_key"
    assert "api_url" not in page["slack_configs"][0]
    assert "routing_key" not in page["pagerduty_configs"][0]


def test_resolved_alerts_are_told_to_everybody() -> None:
    for tree in (config(), config(sink="http://127.0.0.1:1")):
        for entry in tree["receivers"]:
            assert all(each["send_resolved"] for kind, all_ in entry.items() if kind != "name" for each in all_)


def test_a_webhook_takes_its_token_from_a_file() -> None:
    hook = {"webhook": {"url": "https://switch.example/beat", "credentials_file": "/run/secrets/beat"}}
    assert receiver(config({"receivers.heartbeat": hook}), "heartbeat")["webhook_configs"] == [
        {
            "url": "https://switch.example/beat",
            "send_resolved": True,
            "http_config": {"authorization": {"type": "Bearer", "credentials_file": "/run/secrets/beat"}},
        }
    ]


def test_a_sink_takes_the_place_of_every_integration_and_leaves_the_routes() -> None:
    sunk = config(sink="http://127.0.0.1:8080")
    assert sunk["route"] == config()["route"]
    assert sunk["inhibit_rules"] == config()["inhibit_rules"]
    assert sunk["receivers"] == [
        {"name": name, "webhook_configs": [{"url": f"http://127.0.0.1:8080/{name}", "send_resolved": True}]}
        for name in ("page", "desk", "heartbeat")
    ]


def test_a_receivers_name_is_escaped_in_the_address_of_the_sink() -> None:
    changes: dict[str, object] = {"receivers.a/b ?c": {}, "default_route.receiver": "a/b ?c"}
    odd = receiver(config(changes, sink="http://127.0.0.1:1"), "a/b ?c")
    assert odd["webhook_configs"][0]["url"] == "http://127.0.0.1:1/a%2Fb%20%3Fc"


def test_an_urgent_alert_mutes_its_own_less_urgent_ones_only() -> None:
    critical, warning = config()["inhibit_rules"][:2]
    assert critical["source_matchers"] == ['severity="critical"', 'test=""']
    assert critical["target_matchers"] == ['severity=~"warning|info"']
    assert warning["source_matchers"] == ['severity="warning"', 'test=""']
    assert warning["target_matchers"] == ['severity=~"info"']
    for rule in (critical, warning):
        assert {"alertname", "strategy", "symbol", "kind"} <= set(rule["equal"])


def test_what_a_monitor_does_before_it_is_down_is_told_once() -> None:
    (rule,) = (rule for rule in config()["inhibit_rules"] if "ScrapeSlow" in rule["target_matchers"][0])
    assert rule["source_matchers"] == ['alertname="MonitorDown"', 'test=""']
    assert rule["target_matchers"] == ['alertname=~"MonitorFlapping|ScrapeSlow"']
    assert rule["equal"] == ["instance"]
