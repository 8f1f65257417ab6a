"""The v2 API of Alertmanager: alerts, silences, its configuration, and its counters of notifications."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from genesis.clients.server import Server
from genesis.core.errors import GenesisError, ServerError

DEFAULT_URL = "http://127.0.0.1:9093"

ATTEMPTED = "alertmanager_notifications_total"
"""Notifications that were started."""
FAILED = "alertmanager_notifications_failed_total"
"""Notifications that were given up."""
REQUESTS = "alertmanager_notification_requests_total"
"""Requests that were answered or failed; a notification may need several."""
REQUESTS_FAILED = "alertmanager_notification_requests_failed_total"

_MATCHER = re.compile(r"\s*\"?([^\s\"=!~]+)\"?\s*(=~|!~|!=|=)\s*(.*?)\s*", re.DOTALL)
_ESCAPE = re.compile(r"\\([\\\"n])")


class Named(msgspec.Struct, frozen=True):
    """A receiver."""

    name: str


class AlertStatus(msgspec.Struct, frozen=True, rename="camel"):
    """Whether an alert is notified, and what suppresses it."""

    state: str
    """active, suppressed or unprocessed."""
    silenced_by: list[str] = []
    """Identities of silences."""
    inhibited_by: list[str] = []
    """Fingerprints of alerts."""


class ManagedAlert(msgspec.Struct, frozen=True, rename="camel"):
    """An alert that Alertmanager has."""

    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    ends_at: datetime
    fingerprint: str
    status: AlertStatus
    receivers: list[Named]


class Matcher(msgspec.Struct, frozen=True, rename="camel"):
    """A condition on one label."""

    name: str
    value: str
    is_regex: bool = False
    is_equal: bool = True

    def __str__(self) -> str:
        sign = ("=" if self.is_equal else "!") + ("~" if self.is_regex else "" if self.is_equal else "=")
        return f"{self.name}{sign}{quoted(self.value)}"

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether an alert with these labels matches; a missing label counts as empty."""
        found = labels.get(self.name, "")
        return self._same(found) == self.is_equal

    def _same(self, found: str) -> bool:
        if not self.is_regex:
            return found == self.value
        try:
            return re.fullmatch(self.value, found, re.DOTALL) is not None
        except re.error as error:
            raise GenesisError(f"{self} has a regular expression that Python cannot read: {error}") from error


def matcher(text: str) -> Matcher:
    """A matcher from its text, such as `severity="critical"`.

    Raises:
        GenesisError: it is not a matcher.
    """
    found = _MATCHER.fullmatch(text)
    if found is None:
        raise GenesisError(f"{text!r} is not a matcher of Alertmanager")
    label, sign, value = found.groups()
    if len(value) > 1 and value.startswith('"') and value.endswith('"'):
        value = _ESCAPE.sub(lambda escape: "\n" if escape[1] == "n" else escape[1], value[1:-1])
    return Matcher(label, value, is_regex="~" in sign, is_equal="!" not in sign)


class SilenceState(msgspec.Struct, frozen=True):
    """Whether a silence is in force."""

    state: str
    """active, pending or expired."""


class Silence(msgspec.Struct, frozen=True, rename="camel"):
    """A silence: what it matches, until when, by whom and why."""

    id: str
    status: SilenceState
    matchers: list[Matcher]
    starts_at: datetime
    ends_at: datetime
    created_by: str
    comment: str


class Posted(NamedTuple):
    """An alert as a client sends it; one whose end is in the past is resolved."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime
    generator_url: str = ""


class Alertmanager(Server):
    """An Alertmanager, 0.25 or newer."""

    def __init__(self, url: str = DEFAULT_URL, *, option: str = "--alertmanager", timeout: float = 5.0) -> None:
        super().__init__("Alertmanager", option, url, timeout)

    async def config(self) -> str:
        """The configuration of the running Alertmanager as YAML, without secrets."""
        return self.decoded(_STATUS, await self.ask("GET", "/api/v2/status")).config.original

    async def alerts(self, matching: Mapping[str, str] | None = None) -> list[ManagedAlert]:
        """The alerts with these labels, silenced and muted ones included."""
        return self.decoded(_ALERTS, await self.ask("GET", "/api/v2/alerts", params=_filter(matching)))

    async def post(self, alerts: Iterable[Posted]) -> None:
        """Send alerts, as Prometheus does."""
        await self.ask("POST", "/api/v2/alerts", body=[_body(alert) for alert in alerts])

    async def silences(self) -> list[Silence]:
        """The active and pending silences, the one that ends first at the top."""
        found = self.decoded(_SILENCES, await self.ask("GET", "/api/v2/silences"))
        return sorted((one for one in found if one.status.state != "expired"), key=lambda one: one.ends_at)

    async def silence(
        self, matchers: Sequence[Matcher], starts_at: datetime, ends_at: datetime, author: str, comment: str
    ) -> str:
        """Silence the alerts that match; returns the identity of the silence."""
        body = {
            "matchers": msgspec.to_builtins(matchers),
            "startsAt": starts_at.isoformat(),
            "endsAt": ends_at.isoformat(),
            "createdBy": author,
            "comment": comment,
        }
        return self.decoded(_SILENCED, await self.ask("POST", "/api/v2/silences", body=body)).silence_id

    async def end_silence(self, identity: str) -> None:
        """End a silence now.

        Raises:
            ServerError: the silence does not exist, or has ended already.
        """
        await self.ask("DELETE", f"/api/v2/silence/{quote(identity, safe='')}")

    async def counters(self) -> Counters:
        """Its counters of notifications since its start."""
        text = (await self.ask("GET", "/metrics")).decode(errors="replace")
        names = {ATTEMPTED, FAILED, REQUESTS, REQUESTS_FAILED}
        try:
            samples = [
                (sample.name, sample.labels, sample.value)
                for family in text_string_to_metric_families(text)
                for sample in family.samples
                if sample.name in names
            ]
        except ValueError as error:
            raise ServerError(f"{self.shown}/metrics cannot be parsed: {error}") from error
        if not samples:
            raise ServerError(f"{self.shown}/metrics has no {ATTEMPTED}: is --alertmanager right?")
        return Counters(tuple(samples))


class Counters(NamedTuple):
    """Counters of notifications at one moment."""

    samples: tuple[tuple[str, Mapping[str, str], float], ...]

    def of(self, name: str, integration: str, receivers: Collection[str]) -> float:
        """The sum of a counter for one kind of integration: of these receivers, if Alertmanager counts each, else of all."""
        return sum(
            value
            for found, labels, value in self.samples
            if found == name
            and labels.get("integration") == integration
            and ("receiver_name" not in labels or labels["receiver_name"] in receivers)
        )


def quoted(value: str) -> str:
    """A label's value as Alertmanager's matchers write it, with the only escapes that they know."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _filter(matching: Mapping[str, str] | None) -> list[tuple[str, str]]:
    return [("filter", f"{name}={quoted(value)}") for name, value in (matching or {}).items()]


def _body(alert: Posted) -> dict[str, object]:
    body: dict[str, object] = {
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "startsAt": alert.starts_at.isoformat(),
        "endsAt": alert.ends_at.isoformat(),
    }
    return body | ({"generatorURL": alert.generator_url} if alert.generator_url else {})


class _Config(msgspec.Struct):
    original: str


class _Status(msgspec.Struct):
    config: _Config


class _Silenced(msgspec.Struct):
    silence_id: str = msgspec.field(name="silenceID")


_STATUS = msgspec.json.Decoder(_Status)
_ALERTS = msgspec.json.Decoder(list[ManagedAlert])
_SILENCES = msgspec.json.Decoder(list[Silence])
_SILENCED = msgspec.json.Decoder(_Silenced)
