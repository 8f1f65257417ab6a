"""Composition of the monitor process: builds, wires, starts, stops; no logic of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType

import structlog
from aiohttp import web

from genesis.core.clock import Clock, SystemClock
from genesis.core.config import Settings
from genesis.core.errors import GenesisError, JournalError
from genesis.core.statement import Statement, Terms
from genesis.database.address import Address, configured
from genesis.ingest.auth import exposures, guarded, ingest_guard, scrape_guard
from genesis.ingest.http import EventIntake, counted, ingest_routes
from genesis.ingest.statement_http import statement_routes
from genesis.ingest.tls import tls_context
from genesis.ledger.journal import Journal
from genesis.ledger.reconciliation import Reconciliation
from genesis.monitoring.alert_manager import thresholds
from genesis.monitoring.alert_manager.runbook_page import runbook_page
from genesis.monitoring.api import strategy_routes
from genesis.monitoring.delivery import Delivery
from genesis.monitoring.exporter import GenesisCollector
from genesis.monitoring.process import WithProcess
from genesis.monitoring.server import monitor_site
from genesis.monitoring.snapshot import MonitorSnapshot
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor

_PROGRESS_SECONDS = 1.0

_log = structlog.get_logger(__name__)


class MonitorApp:
    """The running monitor: `async with MonitorApp(settings) as app` serves until the block ends.

    The server answers before the books are restored, so that /readyz can say so; the block begins when they are.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        journal: Address | Path | str | None = None,
        host: str | None = None,
        port: int | None = None,
        clock: Clock | None = None,
    ) -> None:
        """What is not given comes from `settings.monitor`. Port 0 takes a free one; `url` tells which."""
        self._settings = settings
        self._host = host or settings.monitor.host
        self._port = settings.monitor.port if port is None else port
        self._clock = clock or SystemClock()
        self._journal = Journal(configured(settings.monitor, journal), clock=self._clock)
        self._ready = self._restored = False
        self._snapshots_kept = True
        self._next_progress = self._clock.monotonic() + _PROGRESS_SECONDS
        self._exit = contextlib.AsyncExitStack()
        self.links: dict[str, str] = {}
        """Other programs around the monitor, for its landing page: title → address."""
        self.monitor = StrategyPerformanceMonitor(
            settings.monitor, settings.rules, self._journal, self._clock, configured=settings.strategies.strategies
        )
        self.deliver = Delivery(self.monitor.handle)
        """For an engine in this process: as `monitor.handle`, but it waits while the journal is out of order."""
        self.url = ""

    async def __aenter__(self) -> MonitorApp:
        async with contextlib.AsyncExitStack() as stack:
            await self._serve(stack)
            stack.callback(self._say_books, "books closed")
            await stack.enter_async_context(self._journal)
            await self.monitor.restore(self._progress)
            self._ready = self._restored = True
            self._say_books("books restored")
            await stack.enter_async_context(self._snapshots())
            stack.callback(self._turn_away)
            self._exit = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exit.aclose()

    async def _serve(self, stack: contextlib.AsyncExitStack) -> None:
        exporter = GenesisCollector(
            self._snapshot,
            self.monitor.telemetry,
            thresholds(self._settings.alerts, self._settings.rules),
            self._clock,
            journal=self._journal,
            max_strategies=self._settings.monitor.max_strategies,
            max_symbols=self._settings.monitor.max_symbols,
        )
        site = self._site(exporter)
        tls = tls_context(self._settings.monitor.tls)
        runner = web.AppRunner(site, access_log=None, auto_decompress=False)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        server = web.TCPSite(runner, self._host, self._port, ssl_context=tls)
        try:
            await server.start()
        except OSError as error:
            raise GenesisError(
                f"monitor: cannot listen on {self._host}:{self._port}: {error.strerror}; choose another host or port"
            ) from error
        port = runner.addresses[0][1]
        self.url = f"{'https' if tls else 'http'}://{self._host}:{port}"
        _log.info("serving", url=self.url)
        for exposure in exposures(self._host, self._settings.monitor.scrape, self._settings.monitor.tls):
            _log.warning("open to the network", host=self._host, reason=exposure)

    def _site(self, exporter: GenesisCollector) -> web.Application:
        settings, tally = self._settings.monitor, self.monitor.telemetry
        intake = EventIntake(settings.ingest, self.monitor.handle_batch, ready=lambda: self._ready, tally=tally)
        return monitor_site(
            WithProcess(exporter),
            lambda: self._ready,
            lambda: self.links,
            runbooks=runbook_page(self._settings.alerts, self._settings.rules),
            routes=[
                *ingest_routes(intake),
                *statement_routes(self._reconcile, ready=lambda: self._ready),
                *strategy_routes(self._snapshot),
            ],
            middlewares=[counted(tally), guarded(ingest_guard(settings.ingest), scrape_guard(settings.scrape))],
        )

    @contextlib.asynccontextmanager
    async def _snapshots(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._keep_snapshots())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            await self._save_snapshot()

    async def _keep_snapshots(self) -> None:
        while True:
            await asyncio.sleep(self._settings.monitor.snapshot_seconds)
            await self._save_snapshot()

    async def _reconcile(self, statement: Statement, terms: Terms) -> Reconciliation:
        found = self.monitor.reconcile(statement, terms)
        _log.info("statement compared", scope=found.scope, breaks=found.total_breaks)
        await self._save_snapshot()  # no event tells of it: this alone brings it over a restart
        return found

    async def _save_snapshot(self) -> None:
        try:
            await self.monitor.save_snapshot()
        except JournalError as error:
            if self._snapshots_kept:  # once an outage
                _log.error("snapshot not kept", reason=str(error))
            self._snapshots_kept = False
        except Exception:  # the next one may do: the task that keeps them must not end
            _log.exception("snapshot not kept")
            self._snapshots_kept = False
        else:
            self._snapshots_kept = True

    def _snapshot(self) -> MonitorSnapshot | None:
        return self.monitor.snapshot() if self._ready else None

    def _progress(self, done: int, total: int) -> None:
        now = self._clock.monotonic()
        if done < total and now >= self._next_progress:
            self._next_progress = now + _PROGRESS_SECONDS
            _log.info("restoring the books", done=done, total=total)

    def _say_books(self, what: str) -> None:
        if self._restored:
            _log.info(what, events=self._journal.count, digest=self.monitor.digest())

    def _turn_away(self) -> None:
        """From now on /readyz and the ingest answer 503: what comes now is for the next start."""
        self._ready = False
