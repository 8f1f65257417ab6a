"""The demo: engine, monitor, Prometheus, Alertmanager, rotation, a notification sink, and Grafana if it is installed."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

from genesis import programs
from genesis.alerts.catalog.alerting import WATCHDOG
from genesis.app import MonitorApp
from genesis.configuration import Settings
from genesis.core.clock import Clock
from genesis.demo.copies import with_copies
from genesis.demo.expectation import expectations
from genesis.demo.options import DemoOptions
from genesis.demo.rotation import DecisionReporter, LocalEngine
from genesis.demo.screen import Screen
from genesis.demo.settings import GOES_BAD_AFTER, of_the_demo, with_runbooks
from genesis.demo.workspace import workspace
from genesis.engine.allocations import AllocationBook
from genesis.engine.engine import TradingEngine
from genesis.engine.paper import paper_engine
from genesis.metrics import catalog
from genesis.rotation.app import RotationApp
from genesis.rotation.decision import Decision
from genesis.signals import unless_stopped
from genesis.stack.heartbeat import Heartbeat
from genesis.stack.native import NativeStack
from genesis.stack.ports import free_port
from genesis.stack.sink import Notification, NotificationSink

_TABLE_SECONDS = 5.0
_ALERTS_SECONDS = 0.5


class Demo:
    """Starts the parts in the order in which events pass them, runs them, and stops them in reverse order."""

    def __init__(
        self, settings: Settings, options: DemoOptions, *, say: Callable[[str], None], clock: Clock, environ: Mapping[str, str]
    ) -> None:
        self._configured = settings
        self._settings = of_the_demo(with_copies(settings, options.strategies), options.speed)
        self._options = options
        self._clock = clock
        self._environ = environ
        self._screen = Screen(say, clock)
        self._heartbeat = Heartbeat(settings.alerts.alerts.of(WATCHDOG).repeat_interval, clock, self._screen.heartbeat)
        self._reporter = DecisionReporter()
        self._decisions: asyncio.Queue[Decision] = asyncio.Queue()
        self._run_id = uuid.uuid4().hex[:8]

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set or the duration is over.

        Raises:
            StackError: a program is missing, does not start, or ends unexpectedly.
        """
        if self._options.stack:
            programs.require(programs.STACK, self._environ)
        engine = self._engine()
        with workspace(self._options.data) as data:
            async with AsyncExitStack() as running:
                started = await unless_stopped(stop, self._start(running, data, engine))
                if started is not None:
                    engine.subscribe(started.monitor.deliver)
                    await self._watch(engine, started, stop)
                    self._screen.table(started.monitor.monitor.snapshot())
        self._screen.event("stopped; no process is left running")

    async def _start(self, running: AsyncExitStack, data: Path, engine: TradingEngine) -> _Running:
        """Start the parts that the options choose, register their stop with `running`, and print their addresses."""
        # A new journal for each run: the paper account starts from its capital, so its books must be empty.
        journal = data / f"journal-{self._run_id}.db"
        app = await running.enter_async_context(self._monitor(journal))
        self._screen.plain(f"Genesis demo · run {self._run_id} · {self._data_note(data)}")
        self._say_monitor(app)
        port, options = self._rotation_port(), self._options
        stack = await self._start_stack(running, data, app, port) if options.stack else None
        prometheus = options.prometheus if stack is None else stack.url(programs.PROMETHEUS)
        rotation = None
        if port is not None and prometheus is not None:
            rotation = await running.enter_async_context(self._rotation(engine, journal, port, prometheus))
            self._say_rotation(app, rotation)
        for line in expectations(self._configured, self._settings, options, None if rotation is None else journal):
            self._screen.plain(line)
        self._screen.begin()
        return _Running(app, stack, rotation)

    def _engine(self) -> TradingEngine:
        options = self._options
        if options.market is not None:
            self._screen.plain(f"reading the market recorded in {options.market} ...")
        return paper_engine(
            self._settings.strategies,
            seed=options.seed,
            speed=options.speed,
            duration=None,
            market=options.market,
            run_id=self._run_id,
            goes_bad_after=GOES_BAD_AFTER if options.fault else None,
        )

    def _monitor(self, journal: Path) -> MonitorApp:
        configured = self._settings.monitor
        host = self._options.host or configured.host
        port = free_port(configured.port, host) if self._options.port is None else self._options.port
        return MonitorApp(self._settings, journal=journal, host=host, port=port, clock=self._clock)

    def _rotation_port(self) -> int | None:
        """The port of rotation's metrics; None without rotation. Prometheus needs it before rotation starts."""
        options = self._options
        if not options.rotation or not (options.stack or options.prometheus):
            return None
        return free_port(0 if options.port == 0 else self._settings.rotation.port, self._rotation_host())

    def _rotation_host(self) -> str:
        return self._options.host or self._settings.rotation.host

    def _rotation(self, engine: TradingEngine, journal: Path, port: int, prometheus: str) -> RotationApp:
        return RotationApp(
            self._settings,
            journal=journal,
            host=self._rotation_host(),
            port=port,
            prometheus=prometheus,
            engine=LocalEngine(AllocationBook(engine)),
            clock=self._clock,
            on_decision=lambda decision, _: self._decisions.put_nowait(decision),
        )

    async def _start_stack(
        self, running: AsyncExitStack, data: Path, app: MonitorApp, rotation_port: int | None
    ) -> NativeStack:
        sink = await running.enter_async_context(NotificationSink(self._clock, self._notified))
        stack = NativeStack(
            with_runbooks(self._settings, f"{app.url}/runbooks"),
            data=data,
            monitor=app.url.partition("://")[2],
            rotation=None if rotation_port is None else f"{self._rotation_host()}:{rotation_port}",
            sink_url=sink.url,
            environ=self._environ,
            ports=self._options.ports,
            grafana_files=self._options.grafana_files,
            grafana_password_file=self._options.grafana_password_file,
        )
        await running.enter_async_context(stack)
        app.links = {service.name.capitalize(): service.url for service in stack.services}
        self._say_stack(stack)
        return stack

    async def _watch(self, engine: TradingEngine, running: _Running, stop: asyncio.Event) -> None:
        """Run engine and screen until the demo ends; an error of any part ends it and is raised."""
        stack, rotation = running.stack, running.rotation
        try:
            async with asyncio.TaskGroup() as group:
                parts: list[Coroutine[Any, Any, None]] = [self._trade(engine), self._show_tables(running.monitor)]
                if stack is not None:
                    parts += [self._show_alerts(stack), self._heartbeat.watch(), _raise_failure(stack)]
                if rotation is not None:
                    parts += [self._show_decisions(), rotation.ended()]
                tasks = [group.create_task(part) for part in parts]
                try:
                    async with asyncio.timeout(self._options.duration):
                        await stop.wait()
                except TimeoutError:
                    self._screen.event(f"the duration of {self._options.duration:g} s has passed; stopping ...")
                for task in tasks:
                    task.cancel()
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None  # the first one is enough for the user; the others follow from it

    async def _trade(self, engine: TradingEngine) -> None:
        await engine.run()
        self._screen.event("the market has ended; the other programs run until Ctrl-C")

    async def _show_tables(self, app: MonitorApp) -> None:
        while True:
            await asyncio.sleep(_TABLE_SECONDS)
            self._screen.table(app.monitor.snapshot())

    async def _show_alerts(self, stack: NativeStack) -> None:
        await stack.scraping()  # before that, alerts would only report missing scrapes
        while True:
            await asyncio.sleep(_ALERTS_SECONDS)
            alerts = await stack.alerts()
            if alerts is not None:
                self._screen.alerts(alerts)

    def _notified(self, notification: Notification) -> None:
        self._heartbeat.hear(notification)
        self._screen.notified(notification)

    async def _show_decisions(self) -> None:
        while True:
            for line in self._reporter.lines(await self._decisions.get()):
                self._screen.event(f"ROTATION  {line}")

    def _data_note(self, data: Path) -> str:
        return f"data in {data}" + (" (removed at the end)" if self._options.data is None else "")

    def _say_monitor(self, app: MonitorApp) -> None:
        usual = self._settings.monitor.port if self._options.port is None else 0
        self._say_address("Monitor", f"{app.url}/", _moved(app.url, usual))
        self._say_address("Metrics", f"{app.url}/metrics")

    def _say_stack(self, stack: NativeStack) -> None:
        for service in stack.services:
            self._say_address(service.name.capitalize(), f"{service.url}/", _moved(service.url, service.usual_port))
        prometheus = stack.url(programs.PROMETHEUS)
        self._say_address("P&L graph", f"{prometheus}/graph?g0.expr={catalog.STRATEGY_NET_PNL.name}&g0.tab=0&g0.range_input=5m")
        self._say_address("Alerts", f"{prometheus}/alerts")
        if stack.url(programs.GRAFANA) is None:
            self._say_address("Grafana", "not installed; `docker compose up` runs the same stack with Grafana and its boards")
        elif stack.grafana_password is not None:
            self._say_address("", stack.grafana_password.hint())

    def _say_rotation(self, app: MonitorApp, rotation: RotationApp) -> None:
        app.links["Rotation"] = f"{rotation.url}/"
        usual = 0 if self._options.port == 0 else self._settings.rotation.port
        self._say_address("Rotation", f"{rotation.url}/", _moved(rotation.url, usual))

    def _say_address(self, name: str, where: str, note: str = "") -> None:
        self._screen.plain(f"  {name:<14}{where}{note}")


class _Running(NamedTuple):
    """The parts that were started."""

    monitor: MonitorApp
    stack: NativeStack | None
    rotation: RotationApp | None


async def _raise_failure(stack: NativeStack) -> None:
    raise await stack.failure()


def _moved(url: str, usual: int) -> str:
    """A note if the service does not have its usual port."""
    return "" if not usual or url.endswith(f":{usual}") else f"  (port {usual} is taken)"
