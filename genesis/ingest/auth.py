"""Access: tokens and passwords from files, compared in constant time; and warnings about what is open to the network."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Awaitable, Callable, Iterator
from ipaddress import ip_address
from typing import NamedTuple, Protocol

from aiohttp import web
from aiohttp.typedefs import Middleware

from genesis.core.secret import HOW_TO_MAKE, read_secret
from genesis.ingest.answers import refuse
from genesis.settings.access import IngestSettings, ScrapeSettings, TlsSettings

METRICS = "/metrics"
FIGURES = "/api/v1/strategies"
"""Paths with this prefix give the figures, too."""


class Guard(Protocol):
    """Checks a request's Authorization header: None lets the request pass, a response refuses it."""

    def __call__(self, authorization: str | None, /) -> web.Response | None: ...


class CredentialGuard:
    """Lets requests with the right credential pass."""

    def __init__(self, scheme: str, credential: str) -> None:
        """`scheme` is Bearer or Basic; `credential` is what must follow it."""
        self._scheme = scheme
        self._credential = credential.encode()

    def __call__(self, authorization: str | None, /) -> web.Response | None:
        scheme, _, presented = (authorization or "").partition(" ")
        # compare_digest takes the same time for every wrong `presented`; the scheme is not secret.
        right = hmac.compare_digest(presented.strip(" ").encode("utf-8", "surrogateescape"), self._credential)
        if right and scheme.lower() == self._scheme.lower():
            return None
        return refuse(
            401,
            f"the Authorization header is missing or wrong: send `{self._scheme}` and the configured credential",
            {"WWW-Authenticate": f'{self._scheme} realm="genesis"'},
        )


def ingest_guard(settings: IngestSettings) -> Guard:
    """The guard of everything that changes state; without a configured token it refuses all.

    Raises:
        ConfigError: the token's file cannot be used.
    """
    if settings.token_file is None:
        return _closed
    return CredentialGuard("Bearer", read_secret(settings.token_file, "ingest.token_file"))


def scrape_guard(settings: ScrapeSettings) -> Guard | None:
    """The guard of /metrics and of the figures as JSON; None leaves it open.

    Raises:
        ConfigError: the file of the token or the password cannot be used.
    """
    if settings.token_file is not None:
        return CredentialGuard("Bearer", read_secret(settings.token_file, "scrape.token_file"))
    if settings.username is not None and settings.password_file is not None:
        password = read_secret(settings.password_file, "scrape.password_file")
        return CredentialGuard("Basic", base64.b64encode(f"{settings.username}:{password}".encode()).decode())
    return None


class Guards(NamedTuple):
    """The guards of one configuration."""

    ingest: Guard
    """Of every request that may change something."""
    scrape: Guard | None
    """Of the figures; None leaves them open."""


def guarded(guards: Callable[[], Guards]) -> Middleware:
    """Applies the guards in force when a request arrives; paths that neither guard covers are open."""

    @web.middleware
    async def guard(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        responsible: Guard | None = None
        if request.match_info.http_exception is not None:
            responsible = None  # there is no such path or method: nothing to guard, and the answer is 404 or 405
        elif request.method not in {"GET", "HEAD", "OPTIONS"}:
            responsible = guards().ingest
        elif _path(request) == METRICS or _path(request).startswith(FIGURES):
            responsible = guards().scrape
        refusal = responsible(request.headers.get("Authorization")) if responsible is not None else None
        return refusal if refusal is not None else await handler(request)

    return guard


def exposures(host: str, scrape: ScrapeSettings, tls: TlsSettings) -> Iterator[str]:
    """Warnings about what anyone who reaches `host` can read; none on loopback."""
    if _is_loopback(host):
        return
    if not tls.enabled:
        yield "no TLS: tokens and figures can be read on the way; set tls.certificate_file and tls.key_file"
    if scrape.token_file is None and scrape.username is None and tls.client_ca_file is None:
        yield (
            f"anyone can read {METRICS} and {FIGURES}: "
            "set scrape.token_file, scrape.username and password_file, or tls.client_ca_file"
        )


def _closed(_: str | None, /) -> web.Response:
    return refuse(
        403,
        "no token is configured, so nothing is taken over HTTP: "
        f"make a file with {HOW_TO_MAKE}, name it in monitor.yaml as ingest.token_file, and send the monitor SIGHUP",
    )


def _path(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return request.path if resource is None else resource.canonical


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
