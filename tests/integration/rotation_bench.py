"""The closed loop in small: a monitor whose figures a test sets, the real Prometheus, a controller, an engine that obeys."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import yaml
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from genesis.clients.prometheus import Prometheus
from genesis.core.allocation import Share, decode_decision, encode
from genesis.core.models import StrategyState
from genesis.programs import PROMETHEUS, require
from genesis.stack.child import Child
from tests.integration.forked import Forked
from tests.integration.live_monitor import CONFIG
from tests.integration.ports import own_port
from tests.integration.waiting import SOON

INTERVAL = 0.4

ROTATION: dict[str, Any] = {
    "mode": "enforce",
    "interval": "400ms",
    "timeout": "300ms",
    "max_age": "1s",
    "max_clock_difference": "5s",
    "stale_after": "1h",
    "warm_up": "0s",
    "signals": {"sharpe": "test_sharpe", "drawdown": "test_drawdown", "degradation": "test_degradation"},
    "score": [{"signal": "sharpe", "weight": 1, "worst": -1, "best": 3}],
    "rules": {
        "drawdown": {"signal": "drawdown", "action": "pause", "at_least": 0.1, "until": 0.05},
        "degraded": {"signal": "degradation", "action": "reduce", "at_least": 1, "until": 0.5},
    },
    "resume": {"after": "400ms", "cooldown": "2s", "probation": "800ms"},
    "allocation": {
        "min_dwell": "400ms",
        "max_turnover_per_step": 1,
        "max_turnover_per_day": 100,
        "max_weight": 0.5,
        "correlation_penalty": 0,
    },
}


class Served:
    """An HTTP server on loopback that may be stopped, and started again on the same port."""

    def __init__(self) -> None:
        self.port = own_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._runner: web.AppRunner | None = None

    def routes(self) -> list[web.RouteDef]:
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        site = web.Application()
        site.add_routes(self.routes())
        self._runner = web.AppRunner(site, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None


class FakeMonitor(Served):
    """Tells what a test sets of each strategy: sharpe, drawdown, degradation."""

    def __init__(self, *strategies: str) -> None:
        super().__init__()
        self.equity = 60_000.0
        self.figures: dict[str, dict[str, float]] = {
            name: {"sharpe": 2.0, "drawdown": 0.0, "degradation": 0.0} for name in strategies
        }

    def set(self, strategy: str, **figures: float) -> None:
        self.figures[strategy].update(figures)

    def routes(self) -> list[web.RouteDef]:
        async def metrics(_: web.Request) -> web.Response:
            return web.Response(text=self._text())

        return [web.get("/metrics", metrics)]

    def _text(self) -> str:
        lines = [f"genesis_portfolio_equity {self.equity}", "genesis_portfolio_daily_loss_used_ratio 0"]
        for strategy, figures in self.figures.items():
            name = strategy.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
            lines.append(f'genesis_strategy_configured{{strategy="{name}"}} 1')
            lines += [f'test_{figure}{{strategy="{name}"}} {value}' for figure, value in figures.items()]
        return "\n".join(lines) + "\n"


class LivePrometheus:
    """The real one, that reads the fake monitor five times a second."""

    def __init__(self, folder: Path, monitor: FakeMonitor) -> None:
        port = own_port()
        self.url = f"http://127.0.0.1:{port}"
        config = folder / "prometheus.yml"
        jobs = [{"job_name": "genesis", "static_configs": [{"targets": [f"127.0.0.1:{monitor.port}"]}]}]
        config.write_text(yaml.safe_dump({"global": {"scrape_interval": "200ms"}, "scrape_configs": jobs}))
        command: list[str | Path] = [
            require([PROMETHEUS], os.environ)[PROMETHEUS],
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'prometheus'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        self._child = Child("prometheus", command, log=folder / "prometheus.log", environ=os.environ)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        await self._child.start()
        await self._child.ready(f"{self.url}/-/ready", SOON)

    async def stop(self) -> None:
        await self._child.stop()

    async def has_read(self, expr: str) -> None:
        """Wait until a comparison is true."""
        async with Prometheus(self.url) as client, asyncio.timeout(SOON):
            while not await client.query(expr):  # noqa: ASYNC110 - another process tells no event
                await asyncio.sleep(0.02)


class ObedientEngine(Served):
    """Does what it is told, each number once; and remembers everything that it was ever told."""

    def __init__(self, *strategies: str) -> None:
        super().__init__()
        self._default = {name: Share(Decimal("0.2"), StrategyState.ACTIVE) for name in strategies}
        self.decision: int | None = None
        self.shares = dict(self._default)
        self.applied: list[int] = []
        self.history: list[dict[str, Share]] = []

    @property
    def endpoint(self) -> str:
        return f"{self.url}/api/v1/allocations"

    def weight(self, strategy: str) -> Decimal:
        return self.shares[strategy].weight

    def forget(self) -> None:
        """As one that is started again without a memory."""
        self.decision, self.shares = None, dict(self._default)

    def routes(self) -> list[web.RouteDef]:
        async def report(_: web.Request) -> web.Response:
            return web.Response(body=encode(self.decision, self.shares), content_type="application/json")

        async def obey(request: web.Request) -> web.Response:
            number, shares = decode_decision(await request.read())
            if self.decision is not None and number < self.decision:
                return web.Response(status=409, text=f"decision {number} is older than {self.decision}")
            if number != self.decision:
                self.decision, self.shares = number, {**self.shares, **shares}
                self.applied.append(number)
                self.history.append(dict(self.shares))
            return await report(request)

        return [web.get("/api/v1/allocations", report), web.put("/api/v1/allocations", obey)]


def configured(folder: Path, prometheus: str, engine: str, changes: Mapping[str, object] | None = None) -> Path:
    """A folder with the shipped configuration, and a rotation.yaml of the tests."""
    config = folder / "config"
    if not config.exists():
        shutil.copytree(CONFIG, config)
        monitor = yaml.safe_load((CONFIG / "monitor.yaml").read_text(encoding="utf-8"))
        monitor["journal"] = str(folder / "journal.db")
        (config / "monitor.yaml").write_text(yaml.safe_dump(monitor), encoding="utf-8")
    whole = ROTATION | {"prometheus": prometheus, "engine": {"url": engine}, "halt_file": str(folder / "halt")}
    (config / "rotation.yaml").write_text(yaml.safe_dump(whole | dict(changes or {})), encoding="utf-8")
    return config


class LiveController(Forked):
    """`genesis rotate run` on a free loopback port."""

    def __init__(self, config: Path, log: Path) -> None:
        super().__init__(["rotate", "run", "--config", str(config)], log)

    async def told(self) -> dict[tuple[str, ...], float]:
        """(name, values of labels in the order of their names) → value; empty while it does not answer."""
        try:
            async with aiohttp.ClientSession() as http, http.get(f"{self.url}/metrics") as answer:
                text = await answer.text()
        except aiohttp.ClientError:
            return {}
        families = text_string_to_metric_families(text)
        return {
            (one.name, *(value for _, value in sorted(one.labels.items()))): one.value
            for family in families
            for one in family.samples
        }

    async def until(self, condition: Callable[[dict[tuple[str, ...], float]], bool]) -> None:
        """Wait until what it tells is so."""
        async with asyncio.timeout(SOON):
            while not condition(await self.told()):
                assert self.is_alive(), self.log.read_text(encoding="utf-8")
                await asyncio.sleep(0.02)
