"""What people read: messages as the real Alertmanager renders them, held against those in `messages/`.

After a change that is meant, write them again: GENESIS_WRITE_MESSAGES=1 pytest tests/integration/test_messages.py
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
import yaml

from genesis.alerts.catalog import ALERTS
from genesis.monitoring.alert_manager import alertmanager_config
from tests.cases import every_case
from tests.integration.real_alertmanager import Alertmanager, Endpoint, Mailbox, alertmanager, endpoint, mailbox, rfc3339
from tests.unit.alerts.alert_tree import settings

pytestmark = pytest.mark.real_time

GOLDEN = Path(__file__).parent / "messages"
SERVICES = ("slack", "pagerduty", "webhook", "email")
STARTED, ENDED = "2026-03-02T09:30:00Z", "2026-03-02T09:34:12.7Z"
ODD = '<!channel> & "co" <b>|*x*\n{{ .Labels }} ünï\x00\u2028\u202e'
ODDER = ("{{ fail", "- {{ .X }}", "{c", "# f", "--- g", "%h", "l: {m: {{ .Alerts.Nope }}", "!!k")
WIDE = "鯨" * 128  # longer than a line of a mail may be, in the letters that stand for it there
CASES = (
    *("one", "one_resolved", "few", "few_one_resolved", "few_all_resolved", "storm", "storm_one_more", "storm_resolved"),
    *("odd_name", "odd_names", "wide_name", "test", "account", "foreign", "foreign_few"),
)


def alert(name: str, severity: str, strategy: str | None = None, **labels: str) -> dict[str, Any]:
    """An alert as Prometheus sends it, with the annotations of its rule."""
    told = {"strategy": strategy or "", "severity": severity, "value": "12%", "threshold": "10%"}
    words = {**told, "window": "1h", "figure": "CUSUM over its limit", **labels}
    address = quote_plus(strategy) if strategy is not None else None
    return {
        "labels": {"alertname": name, "severity": severity, "instance": "monitor", "job": "genesis", **labels}
        | ({"strategy": strategy} if strategy else {}),
        "annotations": ALERTS[name].annotations(settings().links, words, address),
    }


def steps(now: float) -> dict[str, list[dict[str, Any]]]:
    """Case → what is sent, one after the other."""
    one = [alert("StrategyDrawdown", "critical", "spread_capture")]
    few = [alert("PeriodLoss", "warning", name, period="week") for name in ("a", "b", "c")]
    storm = [alert("WinRateLow", "warning", f"strategy_{number:03}") for number in range(200)]
    one_more = alert("WinRateLow", "warning", "strategy_150b")
    fires = {"startsAt": STARTED, "endsAt": rfc3339(now + 300)}
    over = {"startsAt": STARTED, "endsAt": ENDED}
    # Alertmanager waits for no others of a group whose first alert is old already.
    soon = fires | {"startsAt": rfc3339(now + 60)}
    return {
        "one": [each | fires for each in one],
        "one_resolved": [each | over for each in one],
        "few": [each | soon for each in few],
        "few_one_resolved": [each | over for each in few[:1]],
        "few_all_resolved": [each | over for each in few[1:]],
        "storm": [each | soon for each in storm],
        "storm_one_more": [one_more | soon | {"startsAt": rfc3339(now + 61)}],
        "storm_resolved": [each | over for each in (*storm, one_more)],
        "odd_name": [alert("ProfitFactorLow", "critical", ODD) | fires],
        "odd_names": [alert("SharpeDegraded", "critical", name) | soon for name in ODDER],
        "wide_name": [alert("SlippageHigh", "critical", WIDE) | fires],
        "test": [alert("StrategyDrawdown", "critical", "spread_capture", test="true") | fires],
        "account": [alert("DailyLoss", "info") | fires],
        "foreign": [{"labels": {"alertname": "DiskFull"}, **fires}],
        "foreign_few": [{"labels": {"alertname": "FanSlow", "fan": fan}, **soon} for fan in ("front", "back")],
    }


def config(directory: Path, services: Endpoint, mails: Mailbox) -> str:
    """One receiver that is told by all means."""
    slack, key, token = (directory / name for name in ("slack_url", "key", "token"))
    slack.write_text(f"{services.url}/slack\n")
    key.write_text("0123456789abcdef0123456789abcdef\n")
    token.write_text("a-token\n")
    everybody = {
        "slack": {"api_url_file": str(slack), "channel": "#desk"},
        "pagerduty": {"routing_key_file": str(key)},
        "webhook": {"url": f"{services.url}/webhook", "credentials_file": str(token)},
        "email": {
            "to": ["desk@example.com", "risk@example.com"],
            "from": "genesis@example.com",
            "smarthost": mails.address,
            "hello": "genesis.example.com",
            "require_tls": False,
        },
    }
    text = alertmanager_config(
        settings(
            {
                "receivers.everybody": everybody,
                "default_route": {"receiver": "everybody", "group_wait": "500ms", "repeat_interval": "1h"},
                "routes": [],
                "group_interval": "1s",
            }
        )
    )
    tree = yaml.safe_load(text)
    tree["global"] = {"pagerduty_url": f"{services.url}/pagerduty"}  # instead of PagerDuty's own
    return yaml.safe_dump(tree)


async def told(directory: Path) -> dict[str, dict[str, Any]]:
    """Case → service → what it was told."""
    now = time.time()
    async with endpoint() as services, mailbox() as mails:
        async with alertmanager(directory, config(directory, services, mails)) as manager:
            found = {case: await step(manager, services, mails, alerts) for case, alerts in steps(now).items()}
        assert not any(services.waiting(service) for service in SERVICES), "each case is one notification"
        return {case: readable(messages, rfc3339(now + 60)) for case, messages in found.items()}


async def step(
    manager: Alertmanager, services: Endpoint, mails: Mailbox, alerts: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    await manager.post(alerts)
    slack, pagerduty, webhook = [await services.next(service) for service in SERVICES[:3]]
    recipients, mail = await mails.next()
    assert webhook.authorization == "Bearer a-token"
    parts = {part.get_content_subtype(): part.get_content() for part in mail.walk() if not part.is_multipart()}
    return {
        "slack": slack.body,
        "pagerduty": pagerduty.body,
        "webhook": short(webhook.body),
        "email": {"recipients": recipients, **{name: mail[name] for name in ("To", "From", "Subject")}, **parts},
    }


def short(webhook: dict[str, Any]) -> dict[str, Any]:
    """Alertmanager's own form, in which every alert stands: the first is enough, and how many there are."""
    first, *others = webhook["alerts"]
    if first["status"] == "firing":
        assert first.pop("endsAt").startswith("0001-01-01")
    return {**webhook, "alerts": [first, f"and {len(others)} more"]}


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return asyncio.run(told(tmp_path_factory.mktemp("alertmanager")))


def readable(value: Any, soon: str) -> Any:
    """Texts of several lines as lists of them; and what starts soon, always at the same time."""
    if isinstance(value, dict):
        return {key: readable(entry, soon) for key, entry in value.items()}
    if isinstance(value, list):
        return [readable(entry, soon) for entry in value]
    if not isinstance(value, str):
        return value
    value = value.replace(soon, STARTED).replace(shown(soon), shown(STARTED))
    return value.splitlines() if "\n" in value else value


def shown(time: str) -> str:
    """A time of the API as a message writes it."""
    return time.replace("T", " ").replace("Z", " UTC")


@pytest.mark.usefixtures("real_programs")
def test_every_message_is_the_golden_one(messages: dict[str, dict[str, Any]]) -> None:
    with every_case() as case:
        for name, service in product(CASES, SERVICES):
            path = GOLDEN / f"{name}.{service}.json"
            with case(path.name):
                is_the_golden_one(path, messages[name][service])


def is_the_golden_one(path: Path, got: Any) -> None:
    if os.environ.get("GENESIS_WRITE_MESSAGES"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(got, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    assert told_of(json.loads(path.read_text(encoding="utf-8")), got) == got


def told_of(golden: Any, got: Any) -> Any:
    """`golden`, with what later versions of Alertmanager add, and with the types that they give to numbers and to nothing."""
    if isinstance(golden, dict) and isinstance(got, dict):
        return golden | {key: told_of(golden.get(key, value), value) for key, value in got.items()}
    same = str("" if golden is None else golden) == str("" if got is None else got)
    return got if same else golden


@pytest.mark.usefixtures("real_programs")
def test_pagerdutys_details_are_a_text_to_those_who_read_them_as_yaml(messages: dict[str, dict[str, Any]]) -> None:
    with every_case() as case:
        for name in CASES:
            with case(name):
                are_a_text_in_yaml(messages[name]["pagerduty"]["payload"]["custom_details"])


def are_a_text_in_yaml(details: Mapping[str, Any]) -> None:
    for text in ("\n".join(details[part] or ()) for part in ("firing", "resolved")):
        try:
            read = yaml.safe_load(text)
        except yaml.YAMLError:
            continue
        assert read is None or isinstance(read, str)


def test_there_is_no_golden_message_without_its_case() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {f"{case}.{service}.json" for case in CASES for service in SERVICES}
