"""Composition of the rotation controller: it builds, wires, starts and stops; it has no logic of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType

import structlog
from aiohttp import web

from genesis.clients.prometheus import Prometheus
from genesis.configuration import Settings
from genesis.core.clock import Clock, SystemClock
from genesis.core.errors import ConfigError, Fault, GenesisError, ServerError
from genesis.database.address import Address, journal_address
from genesis.rotation.audit.log import AuditLog
from genesis.rotation.controller import Controller, Parts
from genesis.rotation.decision import Decision
from genesis.rotation.delivery import EnginePort, HttpEngine, NoEngine
from genesis.rotation.http import rotation_site
from genesis.rotation.observer import FILE, Observer, check_expressions
from genesis.settings.reload import reload_settings, warn_of_restart
from genesis.settings.rotation import RotationSettings

_LAST_ROUND_SECONDS = 10.0
"""How long the round under way may take during a stop."""

_log = structlog.get_logger(__name__)


class RotationApp:
    """The running controller: `async with RotationApp(settings) as app` decides until the block ends.

    Faults of the configuration are raised at the start. If Prometheus, the database or the engine does not answer, the
    controller waits for it; `ended` raises faults that are found later.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        journal: Address | Path | str | None = None,
        host: str | None = None,
        port: int | None = None,
        prometheus: str | None = None,
        engine: EnginePort | None = None,
        clock: Clock | None = None,
        on_decision: Callable[[Decision, int], None] | None = None,
    ) -> None:
        """Omitted arguments come from `settings`. Port 0 takes any free port; `url` is the address.

        `engine`: an engine in this process, used instead of `engine.url`. `on_decision`: called with each decision and its
        number, once it is recorded.
        """
        self._settings = settings
        self._unchangeable = _unchangeable(settings)
        self._journal = journal_address(settings.monitor, journal)
        self._host = host or settings.rotation.host
        self._port = settings.rotation.port if port is None else port
        self._prometheus = prometheus
        self._engine = engine
        self._on_decision = on_decision
        self._clock = clock or SystemClock()
        self._stop = asyncio.Event()
        self._exit = contextlib.AsyncExitStack()
        self._clients = contextlib.AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self.controller: Controller
        self.url = ""

    async def __aenter__(self) -> RotationApp:
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(self._close_clients)
            parts, self._clients = await self._connect(self._settings)
            checked = await self._check_at_start(parts.settings)
            audit = AuditLog(self._journal, clock=self._clock)
            stack.push_async_callback(audit.close)
            self.controller = Controller(parts, audit, self._clock, on_decision=self._on_decision)
            await self.controller.begin()
            await self._serve(stack)
            stack.push_async_callback(self._end)
            self._tasks.append(asyncio.create_task(self.controller.run(self._stop)))
            if not checked:
                self._tasks.append(asyncio.create_task(self._check_later()))
            self._exit = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exit.aclose()

    async def ended(self) -> None:
        """Wait until it ends by itself, which should not happen.

        Raises:
            ConfigError: Prometheus, which did not answer at the start, rejects expressions.
        """
        for task in asyncio.as_completed(self._tasks):
            await task

    async def reload(self, load: Callable[[], Settings]) -> None:
        """Use new settings from the next round on; keep the old ones if the new ones have faults.

        The listening address and the audit log stay as they are; a warning names the changes that need a restart.
        """
        settings = await reload_settings(load, self._reconfigure)
        if settings is not None:
            warn_of_restart(self._unchangeable, _unchangeable(settings))
            self._settings = settings
            _log.info("configuration read", mode=settings.rotation.mode)

    async def _reconfigure(self, settings: Settings) -> None:
        parts, clients = await self._connect(settings)
        try:
            await check_expressions(parts.settings, self._prometheus_of(parts.settings))
        except BaseException:
            await clients.aclose()
            raise
        async with self.controller.between_rounds:
            self.controller.reconfigure(parts)
            before, self._clients = self._clients, clients
        await before.aclose()

    async def _connect(self, settings: Settings) -> tuple[Parts, contextlib.AsyncExitStack]:
        """The controller's parts for these settings, and the exit stack that closes them."""
        rotation = settings.rotation
        if rotation.mode == "enforce" and rotation.engine.url is None and self._engine is None:
            raise ConfigError([Fault(FILE, "engine.url", None, "enforce needs an engine: set the URL that takes allocations")])
        clients = contextlib.AsyncExitStack()
        prometheus = await clients.enter_async_context(self._prometheus_of(rotation))
        engine = self._engine or NoEngine()
        if self._engine is None and rotation.engine.url is not None:
            interval = rotation.interval.total_seconds()
            engine = await clients.enter_async_context(HttpEngine(rotation.engine, interval))
        return Parts(rotation, Observer(prometheus, rotation, settings.rules, self._clock), engine), clients

    def _prometheus_of(self, rotation: RotationSettings) -> Prometheus:
        url = self._prometheus or rotation.prometheus
        return Prometheus(url, option="rotation.yaml: prometheus", timeout=rotation.timeout.total_seconds())

    async def _check_at_start(self, rotation: RotationSettings) -> bool:
        """Whether Prometheus accepted the expressions; False if it did not answer.

        Raises:
            ConfigError: it rejects some.
        """
        try:
            await check_expressions(rotation, self._prometheus_of(rotation))
        except ServerError as error:
            _log.warning("the expressions could not be checked: nothing is raised until Prometheus answers", reason=str(error))
            return False
        return True

    async def _check_later(self) -> None:
        while True:
            await asyncio.sleep(self._settings.rotation.interval.total_seconds())
            with contextlib.suppress(ServerError):
                await check_expressions(self._settings.rotation, self._prometheus_of(self._settings.rotation))
                return

    async def _serve(self, stack: contextlib.AsyncExitStack) -> None:
        runner = web.AppRunner(rotation_site(self.controller), access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        try:
            await web.TCPSite(runner, self._host, self._port).start()
        except OSError as error:
            raise GenesisError(
                f"rotation: cannot listen on {self._host}:{self._port}: {error.strerror}; choose another host or port"
            ) from error
        self.url = f"http://{self._host}:{runner.addresses[0][1]}"
        _log.info("serving", url=self.url)
        if not _is_loopback(self._host):
            _log.warning("open to the network", host=self._host, reason="anyone can read /metrics: strategies and weights")

    async def _end(self) -> None:
        """Wait for the round under way; after a timeout, the next start goes on from the audit log."""
        self._stop.set()
        deciding, *others = self._tasks
        for task in others:
            task.cancel()
        await asyncio.wait({deciding}, timeout=_LAST_ROUND_SECONDS)
        deciding.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _close_clients(self) -> None:
        await self._clients.aclose()


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _unchangeable(settings: Settings) -> dict[str, object]:
    """Settings that need a restart, by file and key."""
    rotation, monitor = settings.rotation, settings.monitor
    return {
        "rotation.yaml: host": rotation.host,
        "rotation.yaml: port": rotation.port,
        "monitor.yaml: journal": monitor.journal,
        "monitor.yaml: journal_password_file": monitor.journal_password_file,
    }
