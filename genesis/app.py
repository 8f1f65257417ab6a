"""Composition of the monitor process: builds, wires, starts, stops; no logic of its own."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, TypeVar

import structlog
from aiohttp import web

from genesis.alerts.runbook_page import runbook_page
from genesis.configuration import Settings
from genesis.core.clock import Clock, SystemClock
from genesis.core.errors import ConfigError, Fault, GenesisError, JournalError
from genesis.core.statement import ComparisonSettings, Statement
from genesis.database.address import Address, journal_address
from genesis.ingest.auth import Guards, exposures, guarded, ingest_guard, scrape_guard
from genesis.ingest.http import EventIntake, counted, ingest_routes
from genesis.ingest.statement_http import statement_routes
from genesis.ingest.tls import ServerTls, tls_context
from genesis.ledger.journal import Journal
from genesis.ledger.reconciliation import Reconciliation
from genesis.metrics.exporter import GenesisCollector
from genesis.metrics.process import WithProcess
from genesis.monitoring.alert_manager import AlertThreshold, thresholds
from genesis.monitoring.api import strategy_routes
from genesis.monitoring.retrying import RetryingHandler
from genesis.monitoring.server import monitor_site
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.reload import changed_keys, reload_settings, values_by_key, warn_of_restart
from genesis.snapshot import MonitorSnapshot

_PROGRESS_SECONDS = 1.0

_RELOADED = ("monitor.yaml: ingest.token_file", "monitor.yaml: scrape.", "monitor.yaml: tls.")
"""The keys of monitor.yaml that a reload applies start with these. Every other key, a new one too, needs a restart."""

_log = structlog.get_logger(__name__)
_Made = TypeVar("_Made")


class _InForce(NamedTuple):
    """Everything that a reload replaces at once."""

    guards: Guards
    tls: ssl.SSLContext | None
    thresholds: tuple[AlertThreshold, ...]
    runbooks: str


class MonitorApp:
    """The running monitor: `async with MonitorApp(settings) as app` serves until the block ends.

    The server answers before the books are restored, so that /readyz can say so; the block begins once they are.
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
        """Arguments that are not given come from `settings.monitor`. Port 0 takes a free one; `url` has it."""
        self._settings = settings
        self._read = settings
        self._in_force: _InForce
        self._tls: ServerTls | None = None
        self._host = host or settings.monitor.host
        self._port = settings.monitor.port if port is None else port
        self._clock = clock or SystemClock()
        self._journal = Journal(journal_address(settings.monitor, journal), clock=self._clock)
        self._ready = self._restored = False
        self._snapshots_kept = True
        self._next_progress = self._clock.monotonic() + _PROGRESS_SECONDS
        self._exit = contextlib.AsyncExitStack()
        self.links: dict[str, str] = {}
        """Other programs around the monitor, for its landing page: title → address."""
        self.monitor = StrategyPerformanceMonitor(
            settings.monitor, settings.rules, self._journal, self._clock, configured=settings.strategies.strategies
        )
        self.deliver = RetryingHandler(self.monitor.handle)
        """For an engine in this process: as `monitor.handle`, but it waits while the journal fails."""
        self.url = ""

    async def __aenter__(self) -> MonitorApp:
        async with contextlib.AsyncExitStack() as stack:
            await self._serve(stack)
            stack.callback(self._log_books, "books closed")
            await stack.enter_async_context(self._journal)
            await self.monitor.restore(self._progress)
            self._ready = self._restored = True
            self._log_books("books restored")
            await stack.enter_async_context(self._snapshots())
            stack.callback(self._turn_away)
            self._exit = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exit.aclose()

    async def reload(self, load: Callable[[], Settings]) -> None:
        """Load and apply new settings; after a fault the old ones stay in force. Books and figures go on.

        Tokens, passwords and certificates are read from their files again. A warning names the changes that need a restart.
        """
        settings = await reload_settings(load, self._follow)
        if settings is None:
            return
        warn_of_restart(_restart_values(self._settings), _restart_values(settings))
        if settings.monitor.tls.enabled != (self._tls is not None):  # to begin or end TLS needs a restart
            tls_in_force = {"tls": self._read.monitor.tls}
            settings = settings._replace(monitor=settings.monitor.model_copy(update=tls_in_force))
        changed = changed_keys(_reloaded_values(self._read), _reloaded_values(settings))
        _log.info("configuration read", changed=changed, files_read_again=_files(settings))
        self._read = settings
        self._warn_of_exposures(settings)

    async def _follow(self, settings: Settings) -> None:
        made = await asyncio.to_thread(_made_from, settings)
        # No await from here on: every event and every request sees all of the old settings, or all of the new ones.
        self.monitor.follow(settings.rules, settings.strategies.strategies)
        if self._tls is not None and made.tls is not None:
            self._tls.take_up(made.tls)
        self._in_force = made

    async def _serve(self, stack: contextlib.AsyncExitStack) -> None:
        self._in_force = _made_from(self._settings)
        exporter = GenesisCollector(
            self._snapshot,
            self.monitor.telemetry,
            lambda: self._in_force.thresholds,
            self._clock,
            journal=self._journal,
            max_strategies=self._settings.monitor.max_strategies,
            max_symbols=self._settings.monitor.max_symbols,
        )
        site = self._site(exporter)
        if self._in_force.tls is not None:
            self._tls = ServerTls(self._in_force.tls)
        runner = web.AppRunner(site, access_log=None, auto_decompress=False)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        server = web.TCPSite(runner, self._host, self._port, ssl_context=self._tls.listening if self._tls else None)
        try:
            await server.start()
        except OSError as error:
            raise GenesisError(
                f"monitor: cannot listen on {self._host}:{self._port}: {error.strerror}; choose another host or port"
            ) from error
        port = runner.addresses[0][1]
        self.url = f"{'https' if self._tls else 'http'}://{self._host}:{port}"
        _log.info("serving", url=self.url)
        self._warn_of_exposures(self._settings)

    def _warn_of_exposures(self, settings: Settings) -> None:
        for exposure in exposures(self._host, settings.monitor.scrape, settings.monitor.tls):
            _log.warning("open to the network", host=self._host, reason=exposure)

    def _site(self, exporter: GenesisCollector) -> web.Application:
        settings, telemetry = self._settings.monitor, self.monitor.telemetry
        intake = EventIntake(settings.ingest, self.monitor.handle_batch, ready=lambda: self._ready, counter=telemetry)
        return monitor_site(
            WithProcess(exporter),
            lambda: self._ready,
            lambda: self.links,
            runbooks=lambda: self._in_force.runbooks,
            routes=[
                *ingest_routes(intake),
                *statement_routes(self._reconcile, ready=lambda: self._ready),
                *strategy_routes(self._snapshot),
            ],
            middlewares=[counted(telemetry), guarded(lambda: self._in_force.guards)],
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

    async def _reconcile(self, statement: Statement, comparison: ComparisonSettings) -> Reconciliation:
        found = self.monitor.reconcile(statement, comparison)
        _log.info("statement compared", scope=found.scope, breaks=found.total_breaks)
        await self._save_snapshot()  # it is not in the journal: only this keeps it over a restart
        return found

    async def _save_snapshot(self) -> None:
        try:
            await self.monitor.save_snapshot()
        except JournalError as error:
            if self._snapshots_kept:  # once per outage
                _log.error("snapshot not kept", reason=str(error))
            self._snapshots_kept = False
        except Exception:  # the next one may succeed: the task must not end
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

    def _log_books(self, what: str) -> None:
        if self._restored:
            _log.info(what, events=self._journal.count, digest=self.monitor.digest())

    def _turn_away(self) -> None:
        """From now on /readyz and the ingest answer 503: senders keep their events for the next start."""
        self._ready = False


def _made_from(settings: Settings) -> _InForce:
    """Build what is in force from the settings and the files that they name.

    Raises:
        ConfigError: files cannot be used; all of them are listed.
    """
    monitor = settings.monitor
    faults: list[Fault] = []
    ingest = _unless_faulty(partial(ingest_guard, monitor.ingest), faults)
    scrape = _unless_faulty(partial(scrape_guard, monitor.scrape), faults)
    tls = _unless_faulty(partial(tls_context, monitor.tls), faults)
    if ingest is None or faults:
        raise ConfigError(faults)
    return _InForce(
        guards=Guards(ingest, scrape),
        tls=tls,
        thresholds=tuple(thresholds(settings.alerts, settings.rules)),
        runbooks=runbook_page(settings.alerts, settings.rules),
    )


def _unless_faulty(make: Callable[[], _Made], faults: list[Fault]) -> _Made | None:
    """The result of `make`; on faults None, and the faults are added to the list."""
    try:
        return make()
    except ConfigError as error:
        faults.extend(error.faults)
        return None


def _restart_values(settings: Settings) -> dict[str, object]:
    """The values that only a restart changes, by file and key."""
    values = values_by_key(settings.monitor, "monitor.yaml")
    fixed = {key: value for key, value in values.items() if not key.startswith(_RELOADED)}
    return fixed | {"monitor.yaml: tls": settings.monitor.tls.enabled}


def _reloaded_values(settings: Settings) -> dict[str, object]:
    """The values that a reload applies, by file and key."""
    values = values_by_key(settings.monitor, "monitor.yaml")
    return {
        **values_by_key(settings.rules, "trading_rules.yaml"),
        **{key: value for key, value in values.items() if key.startswith(_RELOADED)},
        **values_by_key(settings.strategies, "strategies.yaml"),
        **values_by_key(settings.alerts, "alerts.yaml"),
    }


def _files(settings: Settings) -> list[str]:
    """The keys that name files; these are read at each reload, even if their names did not change."""
    ingest, scrape, tls = settings.monitor.ingest, settings.monitor.scrape, settings.monitor.tls
    named = {
        "ingest.token_file": ingest.token_file,
        "scrape.token_file": scrape.token_file,
        "scrape.password_file": scrape.password_file,
        "tls.certificate_file": tls.certificate_file,
        "tls.key_file": tls.key_file,
        "tls.client_ca_file": tls.client_ca_file,
    }
    return [f"monitor.yaml: {key}" for key, file in named.items() if file is not None]
