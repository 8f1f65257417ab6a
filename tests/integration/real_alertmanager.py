"""The real Alertmanager and amtool, and what stands in for the services that Alertmanager tells: over HTTP, and by e-mail."""

from __future__ import annotations

import asyncio
import os
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest
from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from genesis import programs
from genesis.monitoring.alert_manager import templates
from tests.integration.ports import own_port
from tests.integration.waiting import SOON

EXTERNAL_URL = "http://127.0.0.1:9093"
"""What Alertmanager takes for its address in messages, wherever it listens."""


def amtool(*words: str | Path) -> subprocess.CompletedProcess[str]:
    program = programs.require([programs.AMTOOL], os.environ)[programs.AMTOOL]
    return subprocess.run([program, *words], check=False, capture_output=True, text=True, timeout=60)


def write_config(directory: Path, config: str) -> Path:
    """alertmanager.yml and the templates beside it."""
    (directory / "templates").mkdir(exist_ok=True)
    (directory / "templates" / "genesis.tmpl").write_text(templates())
    path = directory / "alertmanager.yml"
    path.write_text(config)
    return path


class Alertmanager:
    """A running Alertmanager, to be sent alerts as Prometheus sends them."""

    def __init__(self, url: str, session: aiohttp.ClientSession, log: Path) -> None:
        self._url = url
        self._session = session
        self.log = log

    async def send(self, *alerts: Mapping[str, str], resolved: bool = False) -> None:
        """Each alert by its labels; firing for the next five minutes, or resolved now."""
        ends = rfc3339(time.time() + (-1 if resolved else 300))
        await self.post([{"labels": labels, "annotations": texts(labels), "endsAt": ends} for labels in alerts])

    async def post(self, alerts: Sequence[Mapping[str, Any]]) -> None:
        """The alerts as the API has them."""
        async with self._session.post(f"{self._url}/api/v2/alerts", json=alerts) as response:
            assert response.status == 200, await response.text()

    async def reload(self) -> None:
        async with self._session.post(f"{self._url}/-/reload") as response:
            assert response.status == 200, await response.text()

    async def failures(self, integration: str) -> float:
        """How many notifications failed."""
        name = f'alertmanager_notifications_failed_total{{integration="{integration}"'
        async with self._session.get(f"{self._url}/metrics") as response:
            lines = (await response.text()).splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


def texts(labels: Mapping[str, str]) -> dict[str, str]:
    return {
        "summary": f"{labels.get('strategy', 'all')}: drawdown 6%",
        "description": f"A loss of {labels.get('strategy', 'all')}.",
        "runbook_url": "http://127.0.0.1/runbooks#x",
        "dashboard_url": "http://127.0.0.1/d/x?var-strategy=a",
    }


def rfc3339(timestamp: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(timestamp))


@asynccontextmanager
async def alertmanager(directory: Path, config: str, environ: Mapping[str, str] | None = None) -> AsyncIterator[Alertmanager]:
    """The real program on a port of its own, for as long as the block runs."""
    program = programs.require([programs.ALERTMANAGER], os.environ)[programs.ALERTMANAGER]
    address = f"127.0.0.1:{own_port()}"
    log = directory / "log"
    with log.open("wb") as out:
        child = await asyncio.create_subprocess_exec(
            program,
            f"--config.file={write_config(directory, config)}",
            f"--storage.path={directory / 'data'}",
            f"--web.listen-address={address}",
            f"--web.external-url={EXTERNAL_URL}",
            "--cluster.listen-address=",
            stdout=out,
            stderr=out,
            env={**os.environ, **(environ or {})},
        )
    try:
        async with aiohttp.ClientSession() as session:
            async with asyncio.timeout(SOON):
                await _until_ready(session, f"http://{address}", child)
            yield Alertmanager(f"http://{address}", session, log)
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()


async def _until_ready(session: aiohttp.ClientSession, url: str, child: asyncio.subprocess.Process) -> None:
    while child.returncode is None:
        try:
            async with session.get(f"{url}/-/ready") as response:
                if response.status == 200:
                    return
        except aiohttp.ClientConnectionError:
            pass
        await asyncio.sleep(0.05)
    pytest.fail("Alertmanager ended before it was ready")


class Posted(NamedTuple):
    """A request to the stand-in for Slack, PagerDuty or a webhook."""

    body: dict[str, Any]
    authorization: str | None


class Endpoint:
    """A stand-in for HTTP services: what is POSTed to `url/{service}`, each service's apart."""

    def __init__(self) -> None:
        self.url = ""
        self._got: dict[str, asyncio.Queue[Posted]] = {}

    async def next(self, service: str) -> Posted:
        """The next request to the service."""
        return await asyncio.wait_for(self._queue(service).get(), SOON)

    def waiting(self, service: str) -> int:
        """How many requests nobody has asked for."""
        return self._queue(service).qsize()

    def _queue(self, service: str) -> asyncio.Queue[Posted]:
        return self._got.setdefault(service, asyncio.Queue())

    async def take(self, request: web.Request) -> web.Response:
        service = request.match_info["service"]
        self._queue(service).put_nowait(Posted(await request.json(), request.headers.get("Authorization")))
        # As each service answers what it takes.
        return web.json_response({"status": "success"}, status=202) if service == "pagerduty" else web.Response(text="ok")


@asynccontextmanager
async def endpoint() -> AsyncIterator[Endpoint]:
    """The stand-in on a free port of loopback."""
    services = Endpoint()
    app = web.Application()
    app.router.add_post("/{service}", services.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    services.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield services
    finally:
        await runner.cleanup()


class Mailbox:
    """A mail server: what was sent, to whom, and who had logged in."""

    def __init__(self) -> None:
        self.address = ""
        self.logins: list[tuple[str, str]] = []
        self._got: asyncio.Queue[tuple[list[str], EmailMessage]] = asyncio.Queue()

    async def next(self) -> tuple[list[str], EmailMessage]:
        """Recipients and message of the next mail."""
        return await asyncio.wait_for(self._got.get(), SOON)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self._got.put_nowait((envelope.rcpt_tos, message))
        return "250 OK"

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: LoginPassword
    ) -> AuthResult:
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=True)


@asynccontextmanager
async def mailbox(tls: ssl.SSLContext | None = None) -> AsyncIterator[Mailbox]:
    """The mail server on a free port of loopback; with `tls` it offers TLS, and wants a login."""
    box = Mailbox()

    def protocol() -> SMTP:
        if tls is None:
            return SMTP(box, hostname="mail", enable_SMTPUTF8=True)
        return SMTP(
            box,
            hostname="mail",
            tls_context=tls,
            authenticator=box.authenticate,
            auth_required=True,
            auth_exclude_mechanism=["LOGIN"],  # its questions are worded otherwise than Alertmanager expects
            enable_SMTPUTF8=True,
        )

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    box.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield box
    finally:
        server.close()
        await server.wait_closed()
