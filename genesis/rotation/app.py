"""Composition of the rotation controller: builds, wires, starts, stops; no logic of its own."""

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
"""How long the round under way may take at a stop."""

_log = structlog.get_logger(__name__)


class RotationApp:
    """The running controller: `async with RotationApp(settings) as app` decides until the block ends.

    What is wrong with the configuration is raised at the start. A Prometheus, a database or an engine that does not answer
    is waited for; `ended` tells when something turns out to be wrong later.
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
        """What is not given comes from `settings`. Port 0 takes a free one; `url` is the address.

        `engine`: one in this process, instead of the one at `engine.url`. `on_decision`: called with each decision and its
        number, once it is recorded.
        """
        self._settings = settings
        self._fixed = _fixed(settings)
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
            parts, self._clients = await self._connected(self._settings)
            checked = await self._checked(parts.settings)
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
        """Wait until it ends by itself, which it should not.

        Raises:
            ConfigError: Prometheus, which did not answer at the start, rejects expressions.
        """
        for task in asyncio.as_completed(self._tasks):
            await task

    async def reload(self, load: Callable[[], Settings]) -> None:
        """Go on by other settings, where nothing is wrong with them; else by the old ones. The next round works by them.

        The address to listen on and the audit log stay as they are; a warning names what only a restart takes up.
        """
        settings = await reload_settings(load, self._follow)
        if settings is not None:
            warn_of_restart(self._fixed, _fixed(settings))
            self._settings = settings
            _log.info("configuration read", mode=settings.rotation.mode)

    async def _follow(self, settings: Settings) -> None:
        parts, clients = await self._connected(settings)
        try:
            await check_expressions(parts.settings, self._prometheus_of(parts.settings))
        except BaseException:
            await clients.aclose()
            raise
        async with self.controller.between_rounds:
            self.controller.follow(parts)
            before, self._clients = self._clients, clients
        await before.aclose()

    async def _connected(self, settings: Settings) -> tuple[Parts, contextlib.AsyncExitStack]:
        """What the controller works with by these settings, and what closes it."""
        rotation = settings.rotation
        if rotation.mode == "enforce" and rotation.engine.url is None and self._engine is None:
            raise ConfigError([Fault(FILE, "engine.url", None, "enforce needs an engine: write where it takes allocations")])
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

    async def _checked(self, rotation: RotationSettings) -> bool:
        """Whether Prometheus takes the expressions; False if it does not answer.

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
            _log.warning("open to the network", host=self._host, reason="anybody can read /metrics: strategies and weights")

    async def _end(self) -> None:
        """Let the round under way end; what is not done by then is taken up from the audit log at the next start."""
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


def _fixed(settings: Settings) -> dict[str, object]:
    """What a controller that runs does not change, by file and key."""
    rotation, monitor = settings.rotation, settings.monitor
    return {
        "rotation.yaml: host": rotation.host,
        "rotation.yaml: port": rotation.port,
        "monitor.yaml: journal": monitor.journal,
        "monitor.yaml: journal_password_file": monitor.journal_password_file,
    }
