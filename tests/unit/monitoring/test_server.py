"""What the monitor answers over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request
from prometheus_client import Metric

from genesis.alerts.runbook_page import runbook_page
from genesis.metrics.exposition import Exporter, TextExposition
from genesis.metrics.metric import Kind
from genesis.metrics.metric import Metric as Definition
from genesis.metrics.table import Table
from genesis.monitoring.server import monitor_site
from tests.integration.waiting import SOON
from tests.unit.alerts.alert_tree import limits, settings


class OneGauge(Exporter):
    """An exporter with one sample."""

    def collect(self) -> Iterator[Metric]:
        yield self._table().family()

    def text(self) -> Iterator[bytes]:
        yield TextExposition().family(self._table())

    def _table(self) -> Table:
        table = Table(Definition("genesis_test", Kind.GAUGE, (), "A test."))
        table.put(1.0, ())
        return table


@asynccontextmanager
async def client(*, ready: bool, links: dict[str, str] | None = None) -> AsyncIterator[TestClient[Request, Application]]:
    page = runbook_page(settings(), limits())
    site = monitor_site(OneGauge(), lambda: ready, lambda: links or {}, runbooks=lambda: page)
    async with TestClient(TestServer(site)) as opened:
        yield opened


@pytest.mark.parametrize(("ready", "status"), [(True, 200), (False, 503)])
async def test_readyz_is_503_until_the_books_are_restored_and_healthz_is_not(ready: bool, status: int) -> None:
    async with client(ready=ready) as http:
        assert (await http.get("/readyz")).status == status
        assert (await http.get("/healthz")).status == 200


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/plain; version=0.0.4"),
        ("application/openmetrics-text;version=1.0.0,*/*;q=0.1", "text/plain; version=0.0.4"),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text; version=1.0.0"),
    ],
)
async def test_metrics_come_in_the_format_that_was_asked_for(accept: str, content_type: str) -> None:
    async with client(ready=True) as http:
        answer = await http.get("/metrics", headers={"Accept": accept})
        assert answer.headers["Content-Type"].startswith(content_type)
        assert "genesis_test 1.0" in await answer.text()


async def test_a_head_request_gets_the_headers_alone() -> None:
    async with client(ready=True) as http:
        answer = await http.head("/metrics")
        assert (answer.status, answer.content_type, await answer.read()) == (200, "text/plain", b"")
        assert await (await http.get("/metrics")).text() != ""  # on the same connection


async def test_a_client_that_leaves_amid_a_scrape_ends_it() -> None:
    ended = asyncio.Event()

    class Endless(OneGauge):
        def text(self) -> Iterator[bytes]:
            try:
                while True:
                    yield b"# no end\n" * 10_000
            finally:
                ended.set()

    async with TestServer(monitor_site(Endless(), lambda: True, dict)) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.transport.abort()
        async with asyncio.timeout(SOON):
            await ended.wait()


async def test_the_landing_page_links_what_there_is_and_escapes_it() -> None:
    async with client(ready=True, links={"Prometheus <main>": "http://127.0.0.1:9090/?a=1&b=2"}) as http:
        page = await (await http.get("/")).text()
        for path in ("/metrics", "/healthz", "/readyz", "/runbooks"):
            assert f'href="{path}"' in page
        assert '<a href="http://127.0.0.1:9090/?a=1&amp;b=2">Prometheus &lt;main&gt;</a>' in page


async def test_unknown_paths_and_methods_are_client_errors() -> None:
    async with client(ready=True) as http:
        assert (await http.get("/nothing")).status == 404
        assert (await http.post("/metrics", data=b"x")).status == 405


async def test_the_runbook_that_a_notification_links_is_served() -> None:
    async with client(ready=True) as http:
        answer = await http.get("/runbooks")
        assert answer.content_type == "text/html"
        assert '<section id="strategydrawdown">' in await answer.text()
