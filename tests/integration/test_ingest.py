"""The monitor on the wire: recorded fills, TLS, client certificates, and Prometheus with what it has to present."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from genesis.app import MonitorApp
from genesis.configuration import Settings, load_settings
from genesis.core.clock import SystemClock
from genesis.core.errors import ConfigError
from genesis.ingest.recorded_fills import read_fills
from genesis.ledger.journal import Journal
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.monitor import MonitorSettings
from genesis.stack.native import ANY_PORTS, NativeStack
from tests.integration.authority import Authority, trusting
from tests.integration.live_monitor import CONFIG, TOKEN, LiveMonitor, secret, send

FOLDER = os.environ.get("GENESIS_TEST_DATA")
SCRAPE_TOKEN = "what-prometheus-presents-0123"  # noqa: S105 - of the tests alone
EVENT = b'{"kind":"capital_flow","time":"2024-01-31T12:00:00Z","event_id":"c","strategy":"alpha","amount":"12.50"}'


async def digest_of(journal: Journal) -> str:
    settings = MonitorSettings(reporting_currency="USDC")
    monitor = StrategyPerformanceMonitor(settings, load_settings(CONFIG).rules, journal)
    await monitor.restore()
    return monitor.digest()


@pytest.fixture
def usdc_monitor(tmp_path: Path) -> Iterator[LiveMonitor]:
    live = LiveMonitor(tmp_path / "monitor", {"reporting_currency": "USDC"})
    yield live
    live.stop()


@pytest.mark.skipif(not FOLDER, reason="GENESIS_TEST_DATA does not name a folder of recorded market data")
async def test_live_fills_end_with_the_same_digest_killed_half_way_or_in_one_go(
    usdc_monitor: LiveMonitor, tmp_path: Path
) -> None:
    fills = [recorded.fill for recorded in read_fills(Path(str(FOLDER)) / "hyperliquid_live_fills.csv.gz").fills]
    lines = [msgspec.json.encode(fill) for fill in fills]
    half = len(lines) // 2
    usdc_monitor.start()
    await usdc_monitor.ready()
    async with aiohttp.ClientSession() as http:
        for start in range(0, half, 100):
            told = await send(http, usdc_monitor.url, b"\n".join(lines[start : min(start + 100, half)]))
            assert told is not None
            assert told["accepted"] == len(told["results"])
        in_flight = asyncio.create_task(send(http, usdc_monitor.url, b"\n".join(lines[half : half + 300])))
        await asyncio.sleep(0.005)
        usdc_monitor.kill()
        await in_flight
        usdc_monitor.start()
        await usdc_monitor.ready()
        again = half - 250  # an engine that does not know how far it came sends some again
        outcomes: Counter[str] = Counter()
        for start in range(again, len(lines), 100):
            told = await send(http, usdc_monitor.url, b"\n".join(lines[start : start + 100]))
            assert told is not None
            outcomes.update(result["outcome"] for result in told["results"])
    assert outcomes.keys() == {"accepted", "duplicate"}
    assert 250 <= outcomes["duplicate"] <= 250 + 300
    usdc_monitor.stop()
    async with Journal(tmp_path / "monitor" / "journal.db") as journal:
        assert journal.count == len(fills) > 1500
        killed = await digest_of(journal)
    async with Journal(":memory:") as journal:
        await StrategyPerformanceMonitor(
            MonitorSettings(reporting_currency="USDC"), load_settings(CONFIG).rules, journal
        ).handle_batch(fills)
        assert killed == await digest_of(journal)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "authority")


@pytest.fixture(scope="module")
def server(authority: Authority) -> dict[str, str]:
    return authority.issue("server")


@pytest.fixture(scope="module")
def client(authority: Authority) -> dict[str, str]:
    return authority.issue("client")


def configured(loaded: Settings, folder: Path, **sections: dict[str, Any]) -> Settings:
    """The settings with these sections, and a token for those who send."""
    sections["ingest"] = {"token_file": secret(folder / "token", TOKEN)}
    monitor = MonitorSettings.model_validate({**dict(loaded.monitor), **sections})
    return loaded._replace(monitor=monitor)


async def posted(url: str, context: ssl.SSLContext) -> int:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    connector = aiohttp.TCPConnector(ssl=context)
    async with (
        aiohttp.ClientSession(connector=connector) as http,
        http.post(f"{url}/api/v1/events", data=EVENT, headers=headers) as answer,
    ):
        return answer.status


async def test_events_come_over_tls_and_not_beside_it(
    settings: Settings, tmp_path: Path, authority: Authority, server: dict[str, str]
) -> None:
    async with MonitorApp(configured(settings, tmp_path, tls=server), journal=tmp_path / "j.db", port=0) as app:
        assert app.url.startswith("https://127.0.0.1:")
        assert await posted(app.url, trusting(authority)) == 200
        with pytest.raises(aiohttp.ClientError):
            await posted(app.url.replace("https", "http"), trusting(authority))
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await posted(app.url, ssl.create_default_context())


async def test_where_clients_need_a_certificate_only_one_of_the_authority_opens(
    settings: Settings, tmp_path: Path, authority: Authority, server: dict[str, str], client: dict[str, str]
) -> None:
    strange = Authority(tmp_path / "strange", "strange").issue("client")
    tls = server | {"client_ca_file": str(authority.certificate)}
    async with MonitorApp(configured(settings, tmp_path, tls=tls), journal=tmp_path / "j.db", port=0) as app:
        assert await posted(app.url, trusting(authority, client)) == 200
        for shown in (None, strange):
            with pytest.raises((aiohttp.ClientError, ssl.SSLError, ConnectionError)):
                await posted(app.url, trusting(authority, shown))


@pytest.mark.usefixtures("real_programs")
@pytest.mark.parametrize("way", ["password", "token and client certificate"])
async def test_prometheus_scrapes_with_what_the_settings_name(
    way: str, settings: Settings, tmp_path: Path, authority: Authority, server: dict[str, str], client: dict[str, str]
) -> None:
    file = str(secret(tmp_path / "scrape", SCRAPE_TOKEN))
    scrape = {"username": "prometheus", "password_file": file} if way == "password" else {"token_file": file}
    tls: dict[str, str] = {}
    if "certificate" in way:
        tls = server | {"client_ca_file": str(authority.certificate)}
        scrape |= {"ca_file": str(authority.certificate), "client_certificate_file": client["certificate_file"]}
        scrape |= {"client_key_file": client["key_file"]}
    asking = configured(settings, tmp_path, scrape=scrape, tls=tls)
    async with (
        MonitorApp(asking, journal=tmp_path / "j.db", port=0, clock=SystemClock()) as app,
        NativeStack(
            asking, data=tmp_path / "stack", monitor=app.url.partition("://")[2], sink_url="http://127.0.0.1:9/",
            environ=os.environ, ports=ANY_PORTS,
        ) as stack,
    ):  # fmt: skip
        context = trusting(authority, client)
        async with aiohttp.ClientSession() as http, http.get(f"{app.url}/metrics", ssl=context) as answer:
            assert answer.status == 401
        await stack.scraping()


async def test_a_secret_that_cannot_be_used_is_told_before_anything_is_served(settings: Settings, tmp_path: Path) -> None:
    broken = configured(settings, tmp_path, scrape={"token_file": tmp_path / "none"})
    with pytest.raises(ConfigError, match=r"monitor.yaml: scrape.token_file: got .* cannot be read"):
        await MonitorApp(broken, journal=tmp_path / "j.db", port=0).__aenter__()


async def test_what_stands_open_beyond_loopback_is_logged(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with MonitorApp(configured(settings, tmp_path), journal=tmp_path / "j.db", host="0.0.0.0", port=0):  # noqa: S104
        told = capsys.readouterr()
    assert "anyone can read /metrics" in told.out + told.err
    assert "no TLS" in told.out + told.err
