"""The part of `alerts.yaml` that says who can be notified, and how. Secrets are in files that only Alertmanager reads."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from genesis.settings.section import Name, Section

_LAST_PORT = 65535


def _http(url: str) -> str:
    # Alertmanager takes braces for a template.
    if not url.startswith(("http://", "https://")) or re.search(r"[\s{}]", url):
        raise ValueError("must be a URL that begins with http:// or https://, without spaces and braces")
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ValueError("must hold no password: name the file that has it")
    if not parts.hostname or parts.port == 0 or not url.isprintable() or re.search(r"%(?![0-9A-Fa-f]{2})", url):
        raise ValueError("must be a URL with a host, such as https://hooks.example/alerts")
    return url


def _absolute(path: PurePosixPath) -> PurePosixPath:
    if not path.is_absolute():
        raise ValueError("must be an absolute path, as Alertmanager sees it, for example /etc/alertmanager/secrets/slack_url")
    return path


def _address(text: str) -> str:
    if re.fullmatch(r"[^@\s,;<>{}\"()\[\]\\]+@[^@\s,;<>{}\"()\[\]\\]+", text) is None:
        raise ValueError("must be an e-mail address alone, for example desk@example.com")
    return text


def _host_port(text: str) -> str:
    found = re.fullmatch(r"[^\s/{}@]+:([0-9]{1,5})", text)
    if found is None or not 0 < int(found[1]) <= _LAST_PORT:
        raise ValueError("must be host:port, for example mail.example.com:587")
    return text


Url = Annotated[str, AfterValidator(_http)]
SecretFile = Annotated[PurePosixPath, AfterValidator(_absolute)]
Address = Annotated[str, AfterValidator(_address)]
HostPort = Annotated[str, AfterValidator(_host_port)]
Channel = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\s{}]+$")]


class Slack(Section):
    """A Slack channel, through an incoming webhook."""

    api_url_file: SecretFile
    """The file, on Alertmanager's machine, that holds the webhook's URL."""
    channel: Channel | None = None
    """The channel; without one, that of the webhook."""


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
    username: Name | None = None
    """The user of basic authentication, where there is no bearer token."""
    password_file: SecretFile | None = None
    """The file, on Alertmanager's machine, that holds the user's password."""

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        if (self.username is None) != (self.password_file is None):
            raise ValueError("must give username and password_file together")
        if self.username is not None and self.credentials_file is not None:
            raise ValueError("must give credentials_file, or username and password_file, not both")
        return self


class Email(Section):
    """E-mail, through your own mail server."""

    to: Annotated[tuple[Address, ...], Field(min_length=1)]
    """The addresses that it goes to."""
    sender: Address = Field(alias="from")
    """The address that it comes from."""
    smarthost: HostPort
    """The mail server as `host:port`; port 465 speaks TLS from the start, others change to it (STARTTLS)."""
    username: Name | None = None
    """The user of the login; without one there is no login."""
    password_file: SecretFile | None = None
    """The file, on Alertmanager's machine, that holds the user's password, without a newline at its end."""
    hello: Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]+$")] | None = None
    """The name that Alertmanager gives itself; without one `localhost`, which some servers refuse."""
    require_tls: bool = True
    """Whether a server without TLS is refused; false is allowed only without a login."""

    @model_validator(mode="after")
    def _a_password_is_kept(self) -> Self:
        if (self.username is None) != (self.password_file is None):
            raise ValueError("must give username and password_file together")
        if self.username is not None and not self.require_tls:
            raise ValueError("must have require_tls: true, as the password of username would travel in the clear")
        return self


class Receiver(Section):
    """Who is notified: by everything that is given here, at the same time. With nothing given, nobody is."""

    slack: Slack | None = None
    """A Slack channel."""
    pagerduty: PagerDuty | None = None
    """A PagerDuty service."""
    webhook: Webhook | None = None
    """An HTTP endpoint."""
    email: Email | None = None
    """E-mail addresses."""
