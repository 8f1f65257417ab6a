"""Alertmanager asked: alerts of old and new versions, silences, counters, and its refusals."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

from genesis.clients import alertmanager
from genesis.clients.alertmanager import Alertmanager, Matcher, Posted, matcher
from genesis.core.errors import GenesisError, ServerError
from tests.unit.clients.answers import Answer, answering

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
ALERT = {
    "labels": {"alertname": "A"},
    "annotations": {},
    "startsAt": "2026-01-31T12:00:00.123Z",
    "endsAt": "2026-01-31T13:00:00+01:00",
    "updatedAt": "2026-01-31T12:00:00Z",
    "fingerprint": "f",
    "receivers": [{"name": "page"}],
    "status": {"state": "suppressed", "silencedBy": ["s"], "inhibitedBy": []},
}
METRICS = """# TYPE alertmanager_notifications_total counter
alertmanager_notifications_total{integration="slack"} 3
alertmanager_notifications_total{integration="webhook"} 4
# TYPE alertmanager_notifications_failed_total counter
alertmanager_notifications_failed_total{integration="slack",reason="clientError"} 1
alertmanager_notifications_failed_total{integration="slack",reason="other"} 2
"""


def silence(identity: str, state: str, ends: str) -> dict[str, object]:
    return {
        "id": identity,
        "status": {"state": state},
        "matchers": [{"name": "alertname", "value": "A", "isRegex": False}],
        "startsAt": "2026-01-31T12:00:00Z",
        "endsAt": ends,
        "updatedAt": "2026-01-31T12:00:00Z",
        "createdBy": "me",
        "comment": "why",
    }


async def test_an_alert_says_what_keeps_it_back_and_newer_versions_may_say_more() -> None:
    newer = {**ALERT, "status": {**ALERT["status"], "mutedBy": ["office"]}}  # type: ignore[dict-item]
    async with answering({"GET /api/v2/alerts": (200, json.dumps([ALERT, newer]))}) as (url, _), Alertmanager(url) as manager:
        old, new = await manager.alerts()
    assert old.status.silenced_by == ["s"]
    assert new.status == old.status
    assert old.ends_at == NOON


@pytest.mark.parametrize("value", ["plain", 'quo"te', "back\\slash", "line\nend", "a&b=c", "é,{}"])
async def test_a_filter_holds_any_value(value: str) -> None:
    async with answering({"GET /api/v2/alerts": (200, "[]")}) as (url, asked), Alertmanager(url) as manager:
        await manager.alerts({"strategy": value})
    ((name, text),) = parse_qsl(urlsplit(asked[0][1]).query)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    assert (name, text) == ("filter", f'strategy="{escaped}"')


async def test_an_alert_is_posted_with_its_end() -> None:
    async with answering({"POST /api/v2/alerts": (200, "")}) as (url, asked), Alertmanager(url) as manager:
        await manager.post([Posted({"alertname": "A"}, {"summary": "s"}, NOON, NOON)])
    (sent,) = json.loads(asked[0][2])
    assert sent == {
        "labels": {"alertname": "A"},
        "annotations": {"summary": "s"},
        "startsAt": "2026-01-31T12:00:00+00:00",
        "endsAt": "2026-01-31T12:00:00+00:00",
    }


async def test_a_silence_is_posted_and_its_identity_told() -> None:
    answers: dict[str, Answer] = {"POST /api/v2/silences": (200, '{"silenceID":"abc"}')}
    async with answering(answers) as (url, asked), Alertmanager(url) as manager:
        assert await manager.silence([Matcher("alertname", "A")], NOON, NOON, "me", "why") == "abc"
    sent = json.loads(asked[0][2])
    assert sent["matchers"] == [{"name": "alertname", "value": "A", "isRegex": False, "isEqual": True}]
    assert (sent["createdBy"], sent["comment"]) == ("me", "why")


async def test_silences_are_those_that_hold_or_will_the_first_to_end_first() -> None:
    found = [
        silence("late", "pending", "2026-01-31T15:00:00Z"),
        silence("over", "expired", "2026-01-31T12:30:00Z"),
        silence("soon", "active", "2026-01-31T13:00:00Z"),
    ]
    async with answering({"GET /api/v2/silences": (200, json.dumps(found))}) as (url, _), Alertmanager(url) as manager:
        assert [one.id for one in await manager.silences()] == ["soon", "late"]


@pytest.mark.parametrize(
    ("status", "text"), [(404, ""), (500, '"silence not found"'), (422, '{"code":601,"message":"no uuid"}')]
)
async def test_a_silence_that_is_not_there_cannot_be_ended(status: int, text: str) -> None:
    answers: dict[str, Answer] = {"DELETE /api/v2/silence/a%2Fb": (status, text), "DELETE /api/v2/silence/a/b": (status, text)}
    async with answering(answers) as (url, asked), Alertmanager(url) as manager:
        with pytest.raises(ServerError, match=rf"refuses .*\({status}\)"):
            await manager.end_silence("a/b")
    assert asked[0][1].endswith("a%2Fb")


async def test_counters_are_by_integration_and_all_reasons_of_a_failure_count() -> None:
    async with answering({"GET /metrics": (200, METRICS)}) as (url, _), Alertmanager(url) as manager:
        counters = await manager.counters()
    assert counters.of(alertmanager.ATTEMPTED, "slack", {"page"}) == 3
    assert counters.of(alertmanager.FAILED, "slack", {"page"}) == 3
    assert counters.of(alertmanager.ATTEMPTED, "email", {"page"}) == 0


async def test_counters_by_receiver_are_those_of_the_receivers_asked_for() -> None:
    text = "".join(
        f'alertmanager_notifications_total{{integration="slack",receiver_name="{receiver}"}} {count}\n'
        for receiver, count in (("page", 1), ("desk", 2), ("other", 4))
    )
    async with answering({"GET /metrics": (200, text)}) as (url, _), Alertmanager(url) as manager:
        counters = await manager.counters()
    assert counters.of(alertmanager.ATTEMPTED, "slack", {"page", "desk"}) == 3


@pytest.mark.parametrize("text", ["", "up 1\n", "no metrics { at all"])
async def test_other_metrics_are_not_alertmanagers(text: str) -> None:
    async with answering({"GET /metrics": (200, text)}) as (url, _), Alertmanager(url) as manager:
        with pytest.raises(ServerError, match="/metrics"):
            await manager.counters()


@pytest.mark.parametrize("value", ["plain", 'quo"te', "back\\slash", "line\nend", "{a,b}", ""])
def test_a_matcher_holds_any_value(value: str) -> None:
    for sign, holds in (("=", True), ("!=", False)):
        one = matcher(f"strategy{sign}{alertmanager.quoted(value)}")
        assert one == Matcher("strategy", value, is_equal=holds)
        assert one.holds({"strategy": value}) is holds
        assert one.holds({"strategy": value + "x"}) is not holds


@pytest.mark.parametrize(
    ("text", "holds", "does_not"),
    [('a=~"x|y.*"', "yes", "xy"), ('a!~"x|y.*"', "xy", "yes"), ("a = b", "b", "c"), ('"a"="b"', "b", ""), ('a!=""', "b", "")],
)
def test_a_matcher_is_read_in_all_the_ways_in_which_it_may_be_written(text: str, holds: str, does_not: str) -> None:
    assert matcher(text).holds({"a": holds})
    assert not matcher(text).holds({"a": does_not})


def test_what_is_no_matcher_is_refused() -> None:
    with pytest.raises(GenesisError, match="is not a matcher"):
        matcher("severity")
