"""The native stack: Prometheus, Alertmanager and, if installed, Grafana, as child processes on loopback."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import aiohttp
import msgspec
import structlog

from genesis import programs
from genesis.alerts.rules import JOB
from genesis.configuration import Settings
from genesis.core.duration import duration_text
from genesis.core.errors import StackError
from genesis.monitoring.alert_manager import alertmanager_config, prometheus_config, rule_files, templates
from genesis.programs import Program
from genesis.stack.child import Child
from genesis.stack.grafana import HARDENED, HOME_BOARD, Password, admin_password, data_sources
from genesis.stack.ports import LOOPBACK, free_port

_log = structlog.get_logger(__name__)

_READY_SECONDS = 60.0
_SCRAPING_POLL_SECONDS = 0.2
_PORT_ATTEMPTS = 3
_RETENTION = "7d"
RESEND_DELAY = timedelta(seconds=10)
"""Prometheus sends a firing alert to Alertmanager again after this time, also after Alertmanager was down. Alertmanager ends an
alert four times this long after the last send: a shorter restart of Prometheus is not notified as a recovery."""
_MAINTENANCE_INTERVAL = "10s"
"""How often Alertmanager writes silences and its notification log to disk, so that it keeps them when it is killed."""


class Ports(NamedTuple):
    """The ports to use if they are free; 0 takes any free port."""

    prometheus: int = 9090
    alertmanager: int = 9093
    grafana: int = 3000


USUAL_PORTS = Ports()
ANY_PORTS = Ports(0, 0, 0)


class Service(NamedTuple):
    """A running program."""

    name: str
    url: str
    child: Child
    usual_port: int


class StackAlert(msgspec.Struct, frozen=True):
    """An alert of Prometheus; `state` is pending or firing."""

    state: str
    labels: dict[str, str]
    annotations: dict[str, str] = {}


class NativeStack:
    """Starts the programs with configurations generated from `settings`, and stops them; an async context manager.

    Everything they write is under `data`. `monitor` and `rotation` are the host:port to scrape; None in `rotation` without a
    controller. The routes are those of the settings, but all receivers send to `sink_url`. Entering raises `StackError` if a
    program is missing, ends, or is not ready in time; then no program is left running.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        data: Path,
        monitor: str,
        sink_url: str,
        environ: Mapping[str, str],
        rotation: str | None = None,
        ports: Ports = USUAL_PORTS,
        grafana_files: Path | None = None,
        grafana_password_file: Path | None = None,
        resend_delay: timedelta = RESEND_DELAY,
    ) -> None:
        self._settings = settings
        self._data = data.absolute()
        self._monitor = monitor
        self._rotation = rotation
        self._sink_url = sink_url
        self._environ = environ
        self._ports = ports
        self._grafana_files = grafana_files.absolute() if grafana_files else None
        self._grafana_password_file = grafana_password_file
        self._resend_delay = resend_delay
        self._running = AsyncExitStack()
        self._client: aiohttp.ClientSession
        self.services: list[Service] = []
        self.grafana_password: Password | None = None

    async def __aenter__(self) -> NativeStack:
        found = programs.require(programs.STACK, self._environ)
        grafana = programs.find(programs.GRAFANA, self._environ) if self._grafana_files else None
        if grafana is not None:
            self.grafana_password = admin_password(self._grafana_password_file, self._data)
        try:
            self._client = await self._running.enter_async_context(
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5))
            )
            await self._start_alertmanager(found[programs.ALERTMANAGER])
            await self._start_prometheus(found[programs.PROMETHEUS])
            if grafana is not None and self._grafana_files is not None:
                await self._start_grafana(grafana, self._grafana_files)
        except BaseException:
            await self._running.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._running.aclose()

    def url(self, program: Program) -> str | None:
        """The URL of a program; None if it does not run."""
        service = self.service(program)
        return service.url if service else None

    def service(self, program: Program) -> Service | None:
        """The service of a program; None if it does not run. Its child may be stopped and restarted on the same data."""
        return next((service for service in self.services if service.name == program.name), None)

    async def failure(self) -> StackError:
        """Wait until a program ends unexpectedly; the returned error names it and quotes its log."""
        waits = {asyncio.create_task(service.child.ended()): service for service in self.services}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            ended = done.pop()
            child = waits[ended].child
            return StackError(f"{child.name} ended by itself with code {ended.result()}.\n{child.quote()}")
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def scraping(self) -> None:
        """Wait until Prometheus has scraped the monitor for the first time, which takes some seconds."""
        query = {"query": f'up{{job="{JOB}"}} == 1'}
        while True:
            try:
                async with self._client.get(f"{self.url(programs.PROMETHEUS)}/api/v1/query", params=query) as response:
                    if _QUERY.decode(await response.read()).data.result:
                        return
            except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError) as error:
                _log.debug("Prometheus cannot be queried", error=str(error))
            await asyncio.sleep(_SCRAPING_POLL_SECONDS)

    async def alerts(self) -> list[StackAlert] | None:
        """The pending and firing alerts of Prometheus; None if it cannot be queried."""
        try:
            async with self._client.get(f"{self.url(programs.PROMETHEUS)}/api/v1/alerts") as response:
                return _ALERTS.decode(await response.read()).data.alerts
        except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError) as error:
            _log.warning("alerts cannot be read from Prometheus", error=str(error))
            return None

    async def _start_alertmanager(self, binary: Path) -> None:
        config = self._data / "alertmanager.yml"
        _write(config, alertmanager_config(self._settings.alerts, sink_url=self._sink_url))
        _write(self._data / "templates" / "genesis.tmpl", templates())

        def command(url: str) -> list[str | Path]:
            return [
                binary,
                f"--config.file={config}",
                f"--storage.path={self._data / 'alertmanager'}",
                f"--web.listen-address={url.removeprefix('http://')}",
                f"--web.external-url={url}",
                "--cluster.listen-address=",  # a single instance: no gossip port
                f"--data.maintenance-interval={_MAINTENANCE_INTERVAL}",
            ]

        await self._start(programs.ALERTMANAGER, self._ports.alertmanager, command, "/-/ready")

    async def _start_prometheus(self, binary: Path) -> None:
        rules = self._data / "rules"
        for name, text in rule_files(self._settings.alerts, self._settings.rules).items():
            _write(rules / name, text)
        config = self._data / "prometheus.yml"
        alertmanager = str(self.url(programs.ALERTMANAGER)).removeprefix("http://")

        def command(url: str) -> list[str | Path]:
            address = url.removeprefix("http://")
            text = prometheus_config(
                self._settings.alerts,
                monitor=self._monitor,
                rotation=self._rotation,
                alertmanager=alertmanager,
                prometheus=address,
                rule_files=[f"{rules}/*.yml"],
                scrape=self._settings.monitor.scrape,
                tls=self._settings.monitor.tls,
                folder=Path.cwd(),
            )
            _write(config, text)
            return [
                binary,
                f"--config.file={config}",
                f"--storage.tsdb.path={self._data / 'prometheus'}",
                f"--storage.tsdb.retention.time={_RETENTION}",
                f"--rules.alert.resend-delay={duration_text(self._resend_delay)}",
                f"--web.listen-address={address}",
                f"--web.external-url={url}",
            ]

        await self._start(programs.PROMETHEUS, self._ports.prometheus, command, "/-/ready")

    async def _start_grafana(self, binary: Path, files: Path) -> None:
        home = next((path for path in _GRAFANA_HOMES if path.is_dir()), None)
        provisioning = self._data / "provisioning"
        # Generated from the settings of this run, which may differ from those of the files in the repository.
        _write(provisioning / "datasources" / "genesis.yml", data_sources(self._settings.alerts))
        shutil.copytree(files / "provisioning" / "dashboards", provisioning / "dashboards", dirs_exist_ok=True)

        def command(_: str) -> list[str | Path]:
            server = [binary, "server"] if binary.name == "grafana" else [binary]
            return [*server, *([f"--homepath={home}"] if home else [])]

        def environ(url: str) -> dict[str, str]:
            return {
                **HARDENED,
                "GF_SERVER_HTTP_ADDR": LOOPBACK,
                "GF_SERVER_HTTP_PORT": url.rpartition(":")[2],
                "GF_SERVER_ROOT_URL": url,
                "GF_PATHS_DATA": str(self._data / "grafana"),
                "GF_PATHS_LOGS": str(self._data / "grafana" / "logs"),
                "GF_PATHS_PROVISIONING": str(provisioning),
                "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH": str(files / "dashboards" / HOME_BOARD),
                "GF_SECURITY_ADMIN_PASSWORD": self.grafana_password.setting if self.grafana_password else "",
                "GENESIS_DASHBOARDS": str(files / "dashboards"),
                "PROMETHEUS_URL": str(self.url(programs.PROMETHEUS)),
                "ALERTMANAGER_URL": str(self.url(programs.ALERTMANAGER)),
            }

        await self._start(programs.GRAFANA, self._ports.grafana, command, "/api/health", environ)

    async def _start(
        self,
        program: Program,
        usual_port: int,
        command: Callable[[str], list[str | Path]],
        ready: str,
        environ: Callable[[str], dict[str, str]] = lambda _: {},
    ) -> None:
        """Start one program on its usual port or a free one, and wait until it is ready.

        Another process may take the port before the program listens on it; then another port is tried.
        """
        for attempt in range(_PORT_ATTEMPTS):
            url = f"http://{LOOPBACK}:{free_port(0 if attempt else usual_port)}"
            log = self._data / "log" / f"{program.name}.log"
            log.unlink(missing_ok=True)
            child = Child(program.name, command(url), log=log, environ={**self._environ, **environ(url)}, cwd=self._data)
            self._running.push_async_callback(child.stop)
            await child.start()
            try:
                await child.ready(url + ready, _READY_SECONDS)
            except StackError as error:
                if "address already in use" not in str(error) or attempt == _PORT_ATTEMPTS - 1:
                    raise
                continue
            self.services.append(Service(program.name, url, child, usual_port))
            _log.info("program ready", program=program.name, url=url, pid=child.pid)
            return


class _AlertList(msgspec.Struct):
    alerts: list[StackAlert]


class _AlertResponse(msgspec.Struct):
    data: _AlertList


class _Result(msgspec.Struct):
    result: list[msgspec.Raw]


class _QueryResponse(msgspec.Struct):
    data: _Result


_ALERTS = msgspec.json.Decoder(_AlertResponse)
_QUERY = msgspec.json.Decoder(_QueryResponse)

_GRAFANA_HOMES = (Path("/usr/share/grafana"), Path("/opt/homebrew/share/grafana"), Path("/usr/local/share/grafana"))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
