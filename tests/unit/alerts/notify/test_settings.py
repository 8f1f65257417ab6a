"""Who is told of what, in alerts.yaml: every fault with its key and what is right; hours and teams as they are meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from genesis.alerts.notify.settings import Hours
from tests.unit.alerts.alert_tree import settings
from tests.unit.alerts.test_settings import faults_of

DELIVERY: dict[str, object] = {"receiver": "desk", "group_wait": "0s", "repeat_interval": "1h"}
OFFICE: dict[str, object] = {"days": ["monday"], "from": "08:00", "to": "18:00", "time_zone": "UTC"}
MAIL: dict[str, object] = {"to": ["a@b.example"], "from": "c@d.example", "smarthost": "mail.example:587"}
HOOK: dict[str, object] = {"url": "https://hooks.example"}
FILE = "/run/secrets/one"


def route(severity: str = "warning", **keys: object) -> list[dict[str, object]]:
    return [{"match": {"severity": severity}, **DELIVERY, **keys}]


@pytest.mark.parametrize(
    ("changed", "value", "key", "expected"),
    [
        ("teams", {"a": "nobody"}, "teams.a", "this receiver does not exist; there are page, desk, heartbeat"),
        ("teams", {"a": {"critical": "nobody"}}, "teams.a.critical", "this receiver does not exist"),
        ("teams", {"a": "heartbeat"}, "teams.a", "is the Watchdog's receiver"),
        ("teams", {"a": {"info": "heartbeat"}}, "teams.a.info", "is the Watchdog's receiver"),
        ("teams", {"a": {"urgent": "desk"}}, "teams.a", "'critical', 'warning' or 'info'"),
        ("teams", {"a": {}}, "teams.a", "at least 1 item"),
        ("group_by", ["alertname", "test"], "group_by", "must not have test"),
        ("group_by", ["alertname", "alertname"], "group_by", "must not have a label twice"),
        ("group_by", ["..."], "group_by.0", "should match pattern"),
        ("routes", route(group_by=["two words"]), "routes.0.group_by.0", "should match pattern"),
        ("routes", route(active="night"), "routes.0.active", "there are no such hours; there are office"),
        ("routes", route(otherwise="page"), "routes.0.otherwise", "outside the hours in active; give both"),
        ("routes", route(active="office", otherwise="nobody"), "routes.0.otherwise", "this receiver does not exist"),
        ("routes", route(active="office", otherwise="heartbeat"), "routes.0.otherwise", "is the Watchdog's receiver"),
        ("routes", route(active="office", otherwise="desk"), "routes.0.otherwise", "is the receiver itself"),
        ("routes", route("critical", active="office"), "routes.0.active", "would drop critical alerts"),
        (
            "routes",
            [{"match": {"alertname": "DailyLoss"}, **DELIVERY, "active": "office"}],
            "routes.0.active",
            "would drop critical alerts",
        ),
        ("routes", [*route(), *route()], "routes.1.match", "takes nothing: routes.0 takes all of it before"),
        (
            "routes",
            [*route(), *route("info"), {"match": {"strategy": "a", "severity": "warning"}, **DELIVERY}],
            "routes.2.match",
            "takes nothing: routes.0 takes all of it before",
        ),
        ("routes", [{"match": {"alertname": "Watchdog"}, **DELIVERY}], "routes.0.match.alertname", "matches nothing"),
        ("hours", {"office": OFFICE | {"days": []}}, "hours.office.days", "at least 1 item"),
        ("hours", {"office": OFFICE | {"days": ["mon"]}}, "hours.office.days", "'monday', 'tuesday'"),
        ("hours", {"office": OFFICE | {"from": "8"}}, "hours.office.from", 'for example "08:30"'),
        ("hours", {"office": OFFICE | {"to": "24:01"}}, "hours.office.to", 'for example "08:30"'),
        ("hours", {"office": OFFICE | {"to": 1441}}, "hours.office.to", 'for example "08:30"'),
        ("hours", {"office": OFFICE | {"to": "08:00"}}, "hours.office", "must not begin and end at 08:00"),
        ("hours", {"office": OFFICE | {"from": "24:00"}}, "hours.office", "must begin before 24:00"),
        ("hours", {"office": OFFICE | {"time_zone": "Zurich"}}, "hours.office.time_zone", "must be an IANA time zone"),
        ("receivers.page", {"email": MAIL | {"to": []}}, "receivers.page.email.to", "at least 1 item"),
        ("receivers.page", {"email": MAIL | {"to": ["desk"]}}, "receivers.page.email.to.0", "must be an e-mail address alone"),
        ("receivers.page", {"email": MAIL | {"from": "A <a@b>"}}, "receivers.page.email.from", "must be an e-mail address"),
        ("receivers.page", {"email": MAIL | {"from": "{{.}}@b"}}, "receivers.page.email.from", "must be an e-mail address"),
        ("receivers.page", {"email": MAIL | {"smarthost": "mail"}}, "receivers.page.email.smarthost", "must be host:port"),
        ("receivers.page", {"email": MAIL | {"smarthost": "m:0"}}, "receivers.page.email.smarthost", "must be host:port"),
        ("receivers.page", {"email": MAIL | {"smarthost": "m:65536"}}, "receivers.page.email.smarthost", "must be host:port"),
        ("receivers.page", {"email": MAIL | {"username": "a"}}, "receivers.page.email", "username and password_file together"),
        (
            "receivers.page",
            {"email": MAIL | {"username": "a", "password_file": FILE, "require_tls": False}},
            "receivers.page.email",
            "must have require_tls: true",
        ),
        ("receivers.page", {"email": MAIL | {"password": "x"}}, "receivers.page.email.password", "there is no such key"),
        ("receivers.page", {"webhook": HOOK | {"password_file": FILE}}, "receivers.page.webhook", "together"),
        (
            "receivers.page",
            {"webhook": HOOK | {"username": "a", "password_file": FILE, "credentials_file": FILE}},
            "receivers.page.webhook",
            "not both",
        ),
        ("receivers.page", {"webhook": {"url": "https://a:b@hooks.example"}}, "receivers.page.webhook.url", "hold no password"),
        ("receivers.page", {"webhook": {"url": "https://x/{{.}}"}}, "receivers.page.webhook.url", "without spaces and braces"),
        ("receivers.page", {"webhook": {"url": "https:///x"}}, "receivers.page.webhook.url", "with a host"),
        ("receivers.page", {"webhook": {"url": "https://x:port/"}}, "receivers.page.webhook.url", "Port could not be cast"),
        ("receivers.page", {"webhook": {"url": "https://x/100%"}}, "receivers.page.webhook.url", "with a host"),
        ("receivers.page", {"slack": {"api_url_file": FILE, "channel": "{{.}}"}}, "receivers.page.slack.channel", "pattern"),
    ],
)
def test_a_fault_is_told_at_its_key_and_says_what_is_right(
    tmp_path: Path, changed: str, value: object, key: str, expected: str
) -> None:
    faults = faults_of(tmp_path, {changed: value})
    found = [fault for fault in faults if fault.key.startswith(key) and expected in fault.expected]
    assert found, faults
    assert all(str(fault.value) for fault in found)


def test_all_faults_of_the_routes_are_told_at_once(tmp_path: Path) -> None:
    changes: dict[str, object] = {
        "teams": {"a": "nobody"},
        "default_route.receiver": "heartbeat",
        "hours": {},
        "routes": [*route("critical", active="never", receiver="noone"), *route("critical")],
    }
    assert {fault.key for fault in faults_of(tmp_path, changes)} == {
        "teams.a",
        "default_route.receiver",
        "routes.0.receiver",
        "routes.0.active",
        "routes.1.match",
    }


@pytest.mark.parametrize(
    ("written", "read"),
    [("08:00", "08:00"), ("8:05", "08:05"), ("24:00", "24:00"), (1080, "18:00"), (510, "08:30"), (0, "00:00")],
)
def test_a_time_of_day_is_read_with_and_without_quotes(written: object, read: str) -> None:
    assert Hours.model_validate(OFFICE | {"from": "07:00", "to": written}).end == read


def test_a_route_that_comes_first_may_be_narrower_than_the_next(tmp_path: Path) -> None:
    routes = [{"match": {"strategy": "a", "severity": "warning"}, **DELIVERY}, *route()]
    assert len(settings({"routes": routes}).routes) == 2
