"""The generated alertmanager.yml: who is told, by which means, and that no secret stands in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from genesis.alerts.notify.inhibition import SAME, equals
from genesis.alerts.notify.settings import DAYS
from genesis.monitoring.alert_manager import alertmanager_config
from tests.unit.alerts.alert_tree import CONFIG, settings

DELIVERY: dict[str, object] = {"receiver": "desk", "group_wait": "0s", "repeat_interval": "1h"}
TIMES = {"group_wait": "0s", "repeat_interval": "1h"}
WARNINGS: dict[str, object] = {"match": {"severity": "warning"}, **DELIVERY}


def config(changes: dict[str, object] | None = None, sink: str | None = None) -> dict[str, Any]:
    tree: dict[str, Any] = yaml.safe_load(alertmanager_config(settings(changes), sink))
    return tree


def receiver(tree: dict[str, Any], name: str) -> dict[str, Any]:
    return next(entry for entry in tree["receivers"] if entry["name"] == name)


def routes(changes: dict[str, object]) -> list[dict[str, Any]]:
    """The routes after the Watchdog's."""
    found: list[dict[str, Any]] = config(changes)["route"]["routes"][1:]
    return found


@pytest.mark.parametrize("sink", [None, "http://127.0.0.1:8080"])
def test_the_end_of_the_watchdog_is_no_heartbeat(sink: str | None) -> None:
    switch = {"webhook": {"url": "https://heartbeat.example/ping"}}
    tree = config({"receivers.heartbeat": switch}, sink)
    (webhook,) = receiver(tree, "heartbeat")["webhook_configs"]
    assert webhook["send_resolved"] is False


def test_the_heartbeat_is_routed_before_everything_else() -> None:
    first, *others = config()["route"]["routes"]
    assert (first["receiver"], first["matchers"]) == ("heartbeat", ['alertname="Watchdog"'])
    assert "heartbeat" not in [route["receiver"] for route in others]


def test_a_page_goes_out_at_once_and_strategies_with_the_same_trouble_are_one_notification() -> None:
    route = config()["route"]
    assert route["group_by"] == ["alertname", "test"]
    page = next(entry for entry in route["routes"] if entry["receiver"] == "page")
    assert page["group_wait"] == "0s"


def test_a_route_may_group_by_labels_of_its_own_and_a_test_stays_apart() -> None:
    own, other = routes({"routes": [WARNINGS | {"group_by": ["strategy"]}, WARNINGS | {"match": {"severity": "info"}}]})
    assert own["group_by"] == ["strategy", "test"]
    assert "group_by" not in other
    assert config({"group_by": []})["route"]["group_by"] == ["test"]


def test_a_team_takes_its_strategys_alerts_on_every_route_at_the_routes_times() -> None:
    warning, info, rest = routes(
        {"teams": {"a": "page"}, "routes": [WARNINGS, WARNINGS | {"match": {"severity": "info"}, "active": "office"}]}
    )
    branch = {"matchers": ['strategy="a"'], "receiver": "page"}
    assert warning["routes"] == [branch]
    assert info["routes"] == [branch | {"active_time_intervals": ["office"]}]
    assert rest == branch


def test_a_team_of_one_severity_leaves_the_others_to_the_routes() -> None:
    warning, symbol, rest = routes(
        {"teams": {"a": {"critical": "page"}}, "routes": [WARNINGS, WARNINGS | {"match": {"symbol": "X"}}]}
    )
    branch = {"matchers": ['strategy="a"', 'severity="critical"'], "receiver": "page"}
    assert "routes" not in warning
    assert symbol["routes"] == [branch]
    assert rest == branch


def test_a_team_has_no_branch_on_a_route_of_another_strategy() -> None:
    changes: dict[str, object] = {"teams": {"a": "page", "b": "desk"}, "routes": [WARNINGS | {"match": {"strategy": "b"}}]}
    assert routes(changes)[0]["routes"] == [{"matchers": ['strategy="b"'], "receiver": "desk"}]


def test_outside_of_the_hours_another_route_stands_beside_for_everybody() -> None:
    within, outside, _ = routes({"teams": {"a": "page"}, "routes": [WARNINGS | {"active": "office", "otherwise": "page"}]})
    assert (within["receiver"], within["active_time_intervals"], within["continue"]) == ("desk", ["office"], True)
    assert outside == {"matchers": within["matchers"], **TIMES, "receiver": "page", "mute_time_intervals": ["office"]}


def intervals(days: list[str], begin: str, end: str) -> list[dict[str, Any]]:
    hours = {"days": days, "from": begin, "to": end, "time_zone": "Asia/Tokyo"}
    (entry,) = config({"hours": {"office": hours}})["time_intervals"]
    assert entry["name"] == "office"
    found: list[dict[str, Any]] = entry["time_intervals"]
    assert all(each["location"] == "Asia/Tokyo" for each in found)
    return found


def open_minutes(found: list[dict[str, Any]]) -> Iterator[int]:
    """The minutes of the week, from Monday's midnight on, as Alertmanager reads its intervals."""
    for each in found:
        (time,) = each["times"]
        begin, end = (int(text[:2]) * 60 + int(text[3:]) for text in (time["start_time"], time["end_time"]))
        assert begin < end, "Alertmanager refuses others"
        for day in each["weekdays"]:
            yield from range(DAYS.index(day) * 1440 + begin, DAYS.index(day) * 1440 + end)


@given(st.sets(st.sampled_from(DAYS), min_size=1), st.integers(0, 1439), st.integers(0, 1440))
def test_hours_are_those_of_the_file_over_midnight_and_the_end_of_the_week_too(days: set[Any], begin: int, end: int) -> None:
    if begin == end:
        return
    found = intervals(sorted(days), *(f"{minute // 60:02}:{minute % 60:02}" for minute in (begin, end)))
    length = (end - begin) % 1440 or 1440
    starts = [DAYS.index(day) * 1440 + begin for day in days]
    expected = {(start + minute) % (7 * 1440) for start in starts for minute in range(length)}
    assert set(open_minutes(found)) == expected


def test_without_hours_there_are_no_intervals() -> None:
    assert "time_intervals" not in config({"hours": {}, "routes": [WARNINGS]})


def test_slack_and_pagerduty_take_their_secrets_from_files() -> None:
    page = receiver(config(), "page")
    assert page["slack_configs"][0]["api_url_file"] == "/etc/alertmanager/secrets/slack_url"
    assert page["pagerduty_configs"][0]["routing_key_file"] == "/etc/alertmanager/secrets/pagerduty_key"
    assert "api_url" not in page["slack_configs"][0]
    assert "routing_key" not in page["pagerduty_configs"][0]


def test_resolved_alerts_are_told_to_everybody_but_the_dead_mans_switch() -> None:
    mail = {"to": ["a@b.example"], "from": "c@d.example", "smarthost": "mail:25"}
    changes: dict[str, object] = {"receivers.desk": {"email": mail, "webhook": {"url": "https://hooks.example"}}}
    for tree in (config(changes), config(sink="http://127.0.0.1:1")):
        for entry in tree["receivers"]:
            told = {each["send_resolved"] for kind, all_ in entry.items() if kind != "name" for each in all_}
            assert told <= {entry["name"] != "heartbeat"}


def test_a_webhook_takes_its_token_or_its_password_from_a_file() -> None:
    url = "https://switch.example/beat"
    for keys, access in (
        ({"credentials_file": "/run/beat"}, {"authorization": {"type": "Bearer", "credentials_file": "/run/beat"}}),
        ({"username": "u", "password_file": "/run/p"}, {"basic_auth": {"username": "u", "password_file": "/run/p"}}),
    ):
        found = receiver(config({"receivers.desk": {"webhook": {"url": url, **keys}}}), "desk")
        assert found["webhook_configs"] == [{"url": url, "send_resolved": True, "http_config": access}]


def test_an_email_takes_its_password_from_a_file_and_wants_tls() -> None:
    mail = {"to": ["a@b.example", "c@b.example"], "from": "d@b.example", "smarthost": "mail:587"}
    login = {"username": "u", "password_file": "/run/p"}
    (found,) = receiver(config({"receivers.desk": {"email": mail | login}}), "desk")["email_configs"]
    assert found["to"] == "a@b.example, c@b.example"
    assert (found["auth_username"], found["auth_password_file"]) == ("u", "/run/p")
    assert found["require_tls"] is True
    assert "auth_password" not in found


def test_a_sink_takes_the_place_of_every_integration_and_leaves_the_routes() -> None:
    sunk = config(sink="http://127.0.0.1:8080")
    ours = config()
    assert [sunk[key] for key in sunk if key != "receivers"] == [ours[key] for key in ours if key != "receivers"]
    assert sunk["receivers"] == [
        {
            "name": name,
            "webhook_configs": [{"url": f"http://127.0.0.1:8080/{name}", "send_resolved": name != "heartbeat"}],
        }
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
        assert rule["equal"] == list(SAME)


def test_what_only_a_living_monitor_tells_is_muted_by_its_fall_and_so_is_what_led_to_it() -> None:
    own, every = (rule for rule in config()["inhibit_rules"] if 'alertname="MonitorDown"' in rule["source_matchers"])
    assert own["equal"] == ["instance"]
    assert 'instance=""' in every["source_matchers"]
    for rule in (own, every):
        muted = set(rule["target_matchers"][0].removeprefix('alertname=~"').removesuffix('"').split("|"))
        assert muted > {
            "StrategyDrawdown",
            "CollectorFailing",
            "JournalFailing",
            "JournalSlow",
            "MonitorFlapping",
            "ScrapeSlow",
        }
        assert not muted & {"MonitorDown", "NotificationsFailing", "Watchdog", "RotationDown", "EventsConflicting"}


def test_a_test_alert_mutes_nothing() -> None:
    assert all('test=""' in rule["source_matchers"] for rule in config()["inhibit_rules"])


# What an alert's series are told apart by must be equal in what mutes and what is muted, or one would mute another's.
def test_all_that_tells_two_alerts_of_a_name_apart_is_equal_in_what_mutes() -> None:
    for path in sorted((CONFIG.parent / "prometheus" / "tests").glob("*.yml")):
        labels = [
            alert["exp_labels"]
            for case in yaml.safe_load(path.read_text())["tests"]
            for rule_test in case["alert_rule_test"]
            for alert in rule_test.get("exp_alerts", [])
        ]
        if len({each["severity"] for each in labels}) < 2:
            continue
        varying = {key for key in labels[0] if len({each.get(key) for each in labels}) > 1} - {"severity"}
        assert varying <= set(SAME), path.name


UTF8 = re.compile(r'([a-z_]+)(=~|=)"((?:[^"\\]|\\.)*)"', re.DOTALL)


def classic(quoted: str) -> str:
    """How Alertmanager's classic parser reads what is in the quotes: three escapes, others stay."""
    return re.sub(r'\\([\\"n])', lambda found: "\n" if found[1] == "n" else found[1], quoted)


def go(quoted: str) -> str:
    """How the UTF-8 parser reads it, as a string of Go: no line breaks, and no escape that Go does not know."""
    assert "\n" not in quoted
    assert re.fullmatch(r'(?:[^\\"]|\\["\\n])*', quoted, re.DOTALL)
    return re.sub(r'\\([\\"n])', lambda found: "\n" if found[1] == "n" else found[1], quoted)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_both_parsers_of_alertmanager_read_a_matcher_as_it_is_meant(value: str) -> None:
    found = UTF8.fullmatch(equals("strategy", value))
    assert found is not None
    assert classic(found[3]) == go(found[3]) == value


def test_every_matcher_is_a_bare_label_and_a_quoted_value() -> None:
    def matchers(node: dict[str, Any]) -> Iterator[str]:
        yield from node.get("matchers", [])
        for branch in node.get("routes", []):
            yield from matchers(branch)

    tree = config({"teams": {"a": "page", 'b"\\': {"info": "desk"}}})
    found = [*matchers(tree["route"])]
    for rule in tree["inhibit_rules"]:
        found += [*rule["source_matchers"], *rule["target_matchers"]]
    assert len(found) > 20
    assert all(UTF8.fullmatch(matcher) for matcher in found)


@pytest.mark.parametrize("sink", [None, "http://127.0.0.1:1"])
def test_the_templates_are_beside_the_configuration(sink: str | None) -> None:
    assert config(sink=sink)["templates"] == ["templates/*.tmpl"]
    assert (CONFIG.parent / "alertmanager" / "templates" / "genesis.tmpl").is_file()


def test_what_a_rotation_controller_said_before_it_was_down_does_not_end_as_a_recovery() -> None:
    (rule,) = (rule for rule in config()["inhibit_rules"] if "RotationStuck" in rule["target_matchers"][0])
    assert rule["source_matchers"] == ['alertname="RotationDown"', 'test=""']
    muted = "RotationStuck|RotationBlocked|RotationDisagrees|RotationHalted|RotationLeaderless"
    assert rule["target_matchers"] == [f'alertname=~"{muted}"']
    assert rule["equal"] == ["instance"]
