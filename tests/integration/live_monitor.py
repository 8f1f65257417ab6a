"""A monitor as a process of its own, with a configuration of its own: started, asked, killed, started again."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.forked import Forked
from tests.integration.waiting import SOON

CONFIG = Path(__file__).parents[2] / "config"
TOKEN = "only-for-the-tests-0123456789"  # noqa: S105 - of the tests alone


class LiveMonitor(Forked):
    """`genesis monitor` on a free loopback port."""

    def __init__(self, folder: Path, settings: dict[str, Any] | None = None) -> None:
        """`settings` go over those of the repository's monitor.yaml; the journal and all else lies in `folder`."""
        self.config = config = folder / "config"
        super().__init__(["monitor", "--config", str(config)], folder / "monitor.log")
        shutil.copytree(CONFIG, config)
        self.token_file = secret(folder / "token", TOKEN)
        monitor = yaml.safe_load((CONFIG / "monitor.yaml").read_text(encoding="utf-8"))
        monitor |= {"journal": str(folder / "journal.db"), "ingest": {"token_file": str(self.token_file)}}
        monitor |= settings or {}
        if "tls" in monitor:
            self.url = self.url.replace("http:", "https:")
        (config / "monitor.yaml").write_text(yaml.safe_dump(monitor), encoding="utf-8")

    async def ready(self) -> None:
        """Wait until the books are restored."""
        async with asyncio.timeout(SOON), aiohttp.ClientSession() as http:
            while True:
                assert self.is_alive(), self.log.read_text(encoding="utf-8")
                try:
                    async with http.get(f"{self.url}/readyz", ssl=False) as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.005)

    def resident_bytes(self) -> int:
        """Memory that the process holds."""
        lines = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))

    async def metric(self, sample: str) -> float:
        """The value of a sample at /metrics, given with its labels in any order; 0 where it is not told."""
        async with aiohttp.ClientSession() as http, http.get(f"{self.url}/metrics", ssl=False) as answer:
            text = await answer.text()
        ((wanted,),) = (family.samples for family in text_string_to_metric_families(f"{sample} 0\n"))
        families = text_string_to_metric_families(text)
        told = (one for family in families for one in family.samples if one.name == wanted.name)
        return next((one.value for one in told if one.labels == wanted.labels), 0.0)


def secret(path: Path, text: str) -> Path:
    """A file that only its owner reads."""
    path.touch(mode=0o600)
    path.write_text(text + "\n", encoding="ascii")
    return path


async def send(http: aiohttp.ClientSession, url: str, body: bytes, token: str = TOKEN) -> dict[str, Any] | None:
    """POST lines of events; the verdict, or None where the whole request is to be sent again."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    try:
        async with http.post(f"{url}/api/v1/events", data=body, headers=headers) as answer:
            text = await answer.read()
            assert answer.status in {200, 429, 503}, text
            return msgspec.json.decode(text, type=dict[str, Any]) if answer.status == 200 else None
    except (aiohttp.ClientError, ConnectionError, asyncio.IncompleteReadError):
        return None
