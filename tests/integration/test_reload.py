"""SIGHUP at a real `genesis monitor`: it takes up what it can, names what wants a restart, and never ends."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import yaml

from genesis.core.models import CapitalFlow
from tests.integration.authority import RSA, Authority, trusting
from tests.integration.live_monitor import TOKEN, LiveMonitor, secret, send
from tests.integration.waiting import until

OTHER_TOKEN = "another-one-for-the-tests-98765"  # noqa: S105 - of the tests alone
TAKEN_UP, REFUSED = "configuration read", "configuration refused: the old one stays in force"
DRAWDOWN = 'genesis_alert_threshold{alert="StrategyDrawdown",severity="warning",strategy="",part=""}'


class Reloaded:
    """A monitor whose files change while it runs."""

    def __init__(self, folder: Path, settings: dict[str, Any] | None = None) -> None:
        self.live = LiveMonitor(folder, settings)

    def change(self, file: str, edit: Callable[[dict[str, Any]], None]) -> None:
        path = self.live.config / file
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        edit(content)
        path.write_text(yaml.safe_dump(content), encoding="utf-8")

    async def hang_up(self) -> dict[str, dict[str, Any]]:
        """Send SIGHUP; what the log says from then until it is dealt with, by event."""
        known = len(self._log())
        os.kill(self.live.pid, signal.SIGHUP)
        await until(lambda: any(line["event"] in {TAKEN_UP, REFUSED} for line in self._log()[known:]))
        assert self.live.is_alive()
        return {line["event"]: line for line in self._log()[known:]}

    def _log(self) -> list[dict[str, Any]]:
        lines = self.live.log.read_text(encoding="utf-8").split("\n")[:-1]
        return [json.loads(line) for line in lines if line.startswith("{")]


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[Reloaded]:
    made = Reloaded(tmp_path / "monitor")
    yield made
    made.live.stop()


def flow(event_id: str, strategy: str = "alpha") -> bytes:
    time = datetime(2026, 1, 1, tzinfo=UTC)
    return msgspec.json.encode(CapitalFlow(time=time, event_id=event_id, strategy=strategy, amount=Decimal(1)))


def put(file: dict[str, Any], key: str, value: object) -> None:
    file[key] = value


async def status_of(url: str, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{url}/api/v1/events", data=flow("once"), headers=headers) as answer,
    ):
        return answer.status


async def test_at_a_hangup_thresholds_strategies_and_tokens_are_taken_up_and_the_port_is_named(monitor: Reloaded) -> None:
    live = monitor.live
    live.start()
    await live.ready()
    assert await status_of(live.url, TOKEN) == 200

    monitor.change("alerts.yaml", lambda file: file["alerts"]["StrategyDrawdown"].update(warning=0.0625))
    logged = await monitor.hang_up()
    assert await live.metric(DRAWDOWN) == 0.0625
    assert logged.keys() == {TAKEN_UP}
    assert logged[TAKEN_UP]["changed"] == ["alerts.yaml: alerts.StrategyDrawdown.warning"]

    secret(live.token_file, OTHER_TOKEN)
    logged = await monitor.hang_up()
    assert (await status_of(live.url, TOKEN), await status_of(live.url, OTHER_TOKEN)) == (401, 200)
    assert logged[TAKEN_UP]["changed"] == []
    assert logged[TAKEN_UP]["files_read_again"] == ["monitor.yaml: ingest.token_file"]

    assert await live.metric('genesis_strategy_configured{strategy="alpha"}') == 0
    monitor.change("strategies.yaml", lambda file: file["strategies"].update(alpha={"capital": 1000}))
    logged = await monitor.hang_up()
    assert await live.metric('genesis_strategy_configured{strategy="alpha"}') == 1
    assert "strategies.yaml: strategies.alpha.capital" in logged[TAKEN_UP]["changed"]

    for key in ("port", "snapshot_seconds"):  # named again at each hang-up: a restart is still wanted
        monitor.change("monitor.yaml", partial(put, key=key, value=19108))
        logged = await monitor.hang_up()
    assert logged["a restart is needed for these"]["keys"] == ["monitor.yaml: port", "monitor.yaml: snapshot_seconds"]
    assert logged["a restart is needed for these"]["level"] == "warning"


async def test_at_a_hangup_files_with_faults_change_nothing_and_every_fault_is_logged(monitor: Reloaded) -> None:
    live = monitor.live
    live.start()
    await live.ready()
    threshold = await live.metric(DRAWDOWN)

    def break_alerts(file: dict[str, Any]) -> None:
        file["alerts"]["StrategyDrawdown"].update(warning=7)

    (live.config / "strategies.yaml").write_text("strategies: [")
    monitor.change("alerts.yaml", break_alerts)
    logged = await monitor.hang_up()
    assert logged.keys() == {REFUSED}
    assert logged[REFUSED]["level"] == "error"
    assert "alerts.yaml: alerts.StrategyDrawdown.warning: got 7; " in logged[REFUSED]["reason"]
    assert "strategies.yaml: (file): got " in logged[REFUSED]["reason"]
    assert (await live.metric(DRAWDOWN), await status_of(live.url, TOKEN)) == (threshold, 200)

    (live.config / "strategies.yaml").write_text("strategies: {}")
    monitor.change("alerts.yaml", lambda file: file["alerts"]["StrategyDrawdown"].update(warning=0.0625))
    live.token_file.write_text("short\n")
    monitor.change("monitor.yaml", lambda file: file.update(scrape={"token_file": "/not/there"}))
    logged = await monitor.hang_up()
    assert "monitor.yaml: ingest.token_file: got " in logged[REFUSED]["reason"]
    assert "monitor.yaml: scrape.token_file: got '/not/there'; cannot be read" in logged[REFUSED]["reason"]
    assert (await live.metric(DRAWDOWN), await status_of(live.url, TOKEN)) == (threshold, 200)

    secret(live.token_file, TOKEN)
    monitor.change("monitor.yaml", lambda file: file.pop("scrape"))
    assert (await monitor.hang_up()).keys() == {TAKEN_UP}
    assert await live.metric(DRAWDOWN) == 0.0625


async def test_hangups_while_events_come_lose_and_double_none(monitor: Reloaded) -> None:
    live = monitor.live
    live.start()
    await live.ready()
    outcomes: Counter[str] = Counter()
    done = asyncio.Event()

    async def sender(name: str) -> int:
        batches = 0
        async with aiohttp.ClientSession() as http:
            while not done.is_set():
                lines = [flow(f"{name}-{batches}-{line}", name) for line in range(50)]
                verdict = await send(http, live.url, b"\n".join(lines))
                assert verdict is not None
                outcomes.update(result["outcome"] for result in verdict["results"])
                batches += 1
        return batches * 50

    senders = [asyncio.ensure_future(sender(name)) for name in ("alpha", "beta")]
    for turn in range(6):
        monitor.change("strategies.yaml", partial(put, key="strategies", value={"alpha": {"capital": 1000 + turn}}))
        await monitor.hang_up()
    done.set()
    sent = await asyncio.gather(*senders)
    assert outcomes == {"accepted": sum(sent)}
    assert await live.metric('genesis_strategy_capital{strategy="alpha"}') == sent[0]
    assert await live.metric("genesis_journal_events") == sum(sent)


async def refused(url: str, context: ssl.SSLContext) -> bool:
    """Whether the TLS handshake fails, on one side or the other."""
    connector = aiohttp.TCPConnector(ssl=context)
    try:
        async with aiohttp.ClientSession(connector=connector) as http, http.get(f"{url}/healthz") as answer:
            assert answer.status == 200
    except (aiohttp.ClientError, ssl.SSLError, ConnectionError):
        return True
    return False


async def test_at_a_hangup_new_connections_get_the_new_certificate_and_authority_of_clients(tmp_path: Path) -> None:
    first, second = (Authority(tmp_path / name, name) for name in ("first", "second"))
    tls = first.issue("server")
    made = Reloaded(tmp_path / "monitor", {"tls": tls})
    live = made.live
    live.start()
    await live.ready()
    try:
        assert not await refused(live.url, trusting(first))
        assert await refused(live.url, trusting(second))

        new = second.issue("server", RSA)  # of another kind: OpenSSL keeps one certificate for each kind of key
        for key, path in tls.items():
            shutil.copyfile(new[key], path)
        logged = await made.hang_up()
        assert logged[TAKEN_UP]["files_read_again"][1:] == ["monitor.yaml: tls.certificate_file", "monitor.yaml: tls.key_file"]
        assert not await refused(live.url, trusting(second))
        assert await refused(live.url, trusting(first))

        shutil.copyfile(new["certificate_file"], tls["key_file"])
        logged = await made.hang_up()
        assert "tls.certificate_file: got " in logged[REFUSED]["reason"]
        assert not await refused(live.url, trusting(second))
        shutil.copyfile(new["key_file"], tls["key_file"])

        ours, theirs = first.issue("client"), second.issue("client")
        made.change("monitor.yaml", lambda file: file["tls"].update(client_ca_file=str(first.certificate)))
        await made.hang_up()
        assert not await refused(live.url, trusting(second, ours))
        assert await refused(live.url, trusting(second, theirs))
        assert await refused(live.url, trusting(second))
        made.change("monitor.yaml", lambda file: file["tls"].update(client_ca_file=str(second.certificate)))
        await made.hang_up()
        assert not await refused(live.url, trusting(second, theirs))
        assert await refused(live.url, trusting(second, ours))

        made.change("monitor.yaml", lambda file: file.pop("tls"))
        logged = await made.hang_up()
        assert logged["a restart is needed for these"]["keys"] == ["monitor.yaml: tls"]
        assert logged[TAKEN_UP]["changed"] == []
        assert not await refused(live.url, trusting(second, theirs))
    finally:
        live.stop()
