"""The monitor process as a whole: it serves, it restores, it refuses what it cannot do."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest

from genesis.app import MonitorApp
from genesis.configuration import Settings, load_settings
from genesis.core.errors import GenesisError, JournalError
from genesis.core.models import CapitalFlow
from genesis.settings.access import ScrapeSettings

pytestmark = pytest.mark.real_time

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(name="settings")
def settings_of_the_repository() -> Settings:
    return load_settings(CONFIG)


def flow(event_id: str) -> CapitalFlow:
    return CapitalFlow(time=datetime(2026, 1, 1, tzinfo=UTC), event_id=event_id, strategy="alpha", amount=Decimal("12.50"))


async def scraped(url: str) -> str:
    async with aiohttp.ClientSession() as http, http.get(f"{url}/metrics") as answer:
        assert answer.status == 200
        return await answer.text()


async def test_what_was_handled_is_served_and_still_there_after_a_restart(tmp_path: Path, settings: Settings) -> None:
    async with MonitorApp(settings, journal=tmp_path / "j.db", port=0) as app:
        await app.monitor.handle(flow("a"))
        assert 'genesis_strategy_capital{strategy="alpha"} 12.5' in await scraped(app.url)
    async with MonitorApp(settings, journal=tmp_path / "j.db", port=0) as app:
        await app.monitor.handle(flow("a"))
        text = await scraped(app.url)
    assert 'genesis_strategy_capital{strategy="alpha"} 12.5' in text
    assert 'genesis_events_total{kind="capital_flow",outcome="duplicate"} 1\n' in text
    assert 'genesis_alert_threshold{alert="StrategyDrawdown"' in text


async def test_the_strategies_are_told_as_json_to_whoever_may_see_the_metrics(tmp_path: Path, settings: Settings) -> None:
    token = tmp_path / "token"
    token.write_text("a-token-for-the-scrape\n", encoding="utf-8")
    token.chmod(0o600)
    guarded = settings._replace(monitor=settings.monitor.model_copy(update={"scrape": ScrapeSettings(token_file=token)}))
    async with MonitorApp(guarded, journal=tmp_path / "j.db", port=0) as app, aiohttp.ClientSession() as http:
        await app.monitor.handle(flow("a"))
        for path in ("", "/alpha", "/alpha/capacity"):
            url = f"{app.url}/api/v1/strategies{path}"
            assert (await http.get(url)).status == 401
            answer = await http.get(url, headers={"Authorization": "Bearer a-token-for-the-scrape"})
            assert answer.status == 200
            assert "12.5" in await answer.text()


async def test_a_port_in_use_is_named_with_what_to_do(tmp_path: Path, settings: Settings) -> None:
    async with MonitorApp(settings, journal=tmp_path / "a.db", port=0) as app:
        port = int(app.url.rsplit(":", 1)[1])
        with pytest.raises(GenesisError, match=f"cannot listen on 127.0.0.1:{port}.*choose another"):
            await MonitorApp(settings, journal=tmp_path / "b.db", port=port).__aenter__()


async def test_two_monitors_cannot_share_a_journal(tmp_path: Path, settings: Settings) -> None:
    async with MonitorApp(settings, journal=tmp_path / "j.db", port=0) as app:
        await app.monitor.handle(flow("a"))
        with pytest.raises(JournalError, match="another process has it open"):
            await MonitorApp(settings, journal=tmp_path / "j.db", port=0).__aenter__()
