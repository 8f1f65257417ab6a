"""The part of `alerts.yaml` that says who is told of what. Secrets are files that only Alertmanager reads."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from genesis.core.duration import Duration, Interval
from genesis.core.section import Name, Section

Label = Literal["alertname", "severity", "strategy", "symbol"]


def _http(url: str) -> str:
    if not url.startswith(("http://", "https://")) or any(character.isspace() for character in url):
        raise ValueError("must be a URL that begins with http:// or https://")
    return url


def _absolute(path: PurePosixPath) -> PurePosixPath:
    if not path.is_absolute():
        raise ValueError("must be an absolute path, as Alertmanager sees it, for example /etc/alertmanager/secrets/slack_url")
    return path


Url = Annotated[str, AfterValidator(_http)]
SecretFile = Annotated[PurePosixPath, AfterValidator(_absolute)]


class Slack(Section):
    """A Slack channel, through an incoming webhook."""

    api_url_file: SecretFile
    """The file, on Alertmanager's machine, that holds the webhook's URL."""
    channel: Name | None = None
    """The channel; without one the webhook's own."""


class PagerDuty(Section):
    """A PagerDuty service, through the Events API v2."""

    routing_key_file: SecretFile
    """The file, on Alertmanager's machine, that holds the integration key."""


class Webhook(Section):
    """Any HTTP endpoint that takes Alertmanager's JSON."""

    url: Url
    """Where the notification is POSTed."""
    credentials_file: SecretFile | None = None
    """The file, on Alertmanager's machine, that holds a bearer token."""


class Receiver(Section):
    """Who is told: all that is given here is told at the same time; with nothing given, nobody is."""

    slack: Slack | None = None
    """A Slack channel."""
    pagerduty: PagerDuty | None = None
    """A PagerDuty service."""
    webhook: Webhook | None = None
    """An HTTP endpoint."""


class Delivery(Section):
    """Who is told, and when."""

    receiver: Name
    """One of `receivers`."""
    group_wait: Duration
    """How long the first notification of a new group waits for others of its group, and for what may mute it."""
    repeat_interval: Interval
    """The time after which an alert that still fires is notified again."""


class Route(Delivery):
    """Alerts that match go to `receiver`. Routes are tried in their order; the first that matches takes the alert."""

    match: Annotated[dict[Label, Name], Field(min_length=1)]
    """Label → value; all must be equal."""
