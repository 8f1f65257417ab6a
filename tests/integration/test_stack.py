"""The native stack with the real Prometheus and Alertmanager: starts, tells where, notices a death, leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest
import yaml

from genesis import programs
from genesis.alerts.catalog.losses import STRATEGY_DRAWDOWN
from genesis.configuration import Settings
from genesis.core.errors import StackError
from genesis.stack.grafana import HARDENED
from genesis.stack.native import ANY_PORTS, NativeStack, Ports
from genesis.stack.ports import free_port, is_free
from tests.integration.conftest import ROOT, is_alive

GRAFANA = """#!{python}
import http.server, json, os, sys
with open(os.environ["GF_PATHS_DATA"] + ".seen.json", "w") as file:
    json.dump({{"arguments": sys.argv[1:], "environ": dict(os.environ)}}, file)
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/api/health" else 404); self.end_headers()
http.server.HTTPServer((os.environ["GF_SERVER_HTTP_ADDR"], int(os.environ["GF_SERVER_HTTP_PORT"])), Health).serve_forever()
"""


pytestmark = [pytest.mark.usefixtures("real_programs"), pytest.mark.real_time]


def native(settings: Settings, data: Path, *, ports: Ports = ANY_PORTS, environ: dict[str, str] | None = None) -> NativeStack:
    return NativeStack(
        settings,
        data=data,
        monitor="127.0.0.1:1",
        sink_url="http://127.0.0.1:1",
        environ={**os.environ, **(environ or {})},
        ports=ports,
        grafana_files=ROOT / "grafana",
    )


def executable(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


async def test_everything_answers_inside_and_nothing_is_left_outside(settings: Settings, tmp_path: Path) -> None:
    async with native(settings, tmp_path) as stack, aiohttp.ClientSession() as client:
        assert {service.name for service in stack.services} >= {"prometheus", "alertmanager"}
        for service in stack.services[:2]:
            async with client.get(f"{service.url}/-/ready") as response:
                assert response.status == 200
        async with client.get(f"{stack.url(programs.PROMETHEUS)}/api/v1/rules") as response:
            groups = (await response.json())["data"]["groups"]
            assert {"StrategyDrawdown", "Watchdog"} <= {rule["name"] for group in groups for rule in group["rules"]}
    for service in stack.services:
        assert not is_alive(service.child.pid or 0)
        assert is_free(int(service.url.rpartition(":")[2]))


async def test_taken_ports_are_left_to_who_has_them(settings: Settings, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        async with native(settings, tmp_path, ports=Ports(prometheus=taken, alertmanager=taken, grafana=0)) as stack:
            for service in stack.services[:2]:
                assert service.usual_port == taken
                assert not service.url.endswith(f":{taken}")


async def test_a_port_that_is_taken_between_the_look_and_the_start_is_given_up(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        monkeypatch.setattr("genesis.stack.native.free_port", lambda usual=0: usual or free_port())
        async with native(settings, tmp_path, ports=Ports(prometheus=taken, alertmanager=0, grafana=0)) as stack:
            assert not str(stack.url(programs.PROMETHEUS)).endswith(f":{taken}")


async def test_a_program_that_refuses_to_start_is_quoted_and_the_others_are_ended(settings: Settings, tmp_path: Path) -> None:
    broken = executable(tmp_path / "prometheus", "#!/bin/sh\necho 'err: the disk is upside down' >&2\nexit 3\n")
    stack = native(settings, tmp_path / "data", environ={"GENESIS_PROMETHEUS": str(broken)})
    with pytest.raises(StackError) as caught:
        await stack.__aenter__()
    assert "prometheus ended with code 3 before it was ready" in str(caught.value)
    assert "the disk is upside down" in str(caught.value)
    (alertmanager,) = stack.services
    assert not is_alive(alertmanager.child.pid or 0)


async def test_a_missing_program_is_named_before_anything_starts(settings: Settings, tmp_path: Path) -> None:
    stack = native(settings, tmp_path, environ={"PATH": str(tmp_path)})
    with pytest.raises(StackError, match=r"^not found: prometheus, alertmanager\."):
        await stack.__aenter__()
    assert stack.services == []


async def test_a_program_that_dies_while_running_is_noticed(settings: Settings, tmp_path: Path) -> None:
    async with native(settings, tmp_path) as stack:
        victim = next(service.child for service in stack.services if service.name == "prometheus")
        assert victim.pid is not None
        os.kill(victim.pid, signal.SIGKILL)
        error = await stack.failure()
        assert "prometheus ended by itself with code -9" in str(error)
        assert "prometheus.log" in str(error)


async def test_a_changed_threshold_is_in_the_rules_that_run(settings: Settings, tmp_path: Path) -> None:
    alerts = settings.alerts.alerts.changed(STRATEGY_DRAWDOWN, warning=Decimal("0.0123"))
    changed = settings.alerts.model_copy(update={"alerts": alerts})
    async with (
        native(settings._replace(alerts=changed), tmp_path) as stack,
        aiohttp.ClientSession() as client,
        client.get(f"{stack.url(programs.PROMETHEUS)}/api/v1/rules") as response,
    ):
        assert "0.0123" in await response.text()


async def test_grafana_is_provisioned_with_the_stacks_own_addresses(settings: Settings, tmp_path: Path) -> None:
    grafana = executable(tmp_path / "grafana", GRAFANA.format(python=sys.executable))
    data = tmp_path / "data"
    async with native(settings, data, environ={"GENESIS_GRAFANA": str(grafana)}) as stack:
        assert stack.url(programs.GRAFANA) is not None
        seen = json.loads((data / "grafana.seen.json").read_text())
        assert seen["arguments"][0] == "server"
        environ = seen["environ"]
        assert environ["PROMETHEUS_URL"] == stack.url(programs.PROMETHEUS)
        assert environ["ALERTMANAGER_URL"] == stack.url(programs.ALERTMANAGER)
        assert Path(environ["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]).parent == Path(environ["GENESIS_DASHBOARDS"])
        assert (Path(environ["GF_PATHS_PROVISIONING"]) / "dashboards" / "genesis.yml").is_file()
        assert HARDENED.items() <= environ.items()
        password = (data / "grafana-password").read_text()
        assert environ["GF_SECURITY_ADMIN_PASSWORD"] == f"$__file{{{data / 'grafana-password'}}}"
        assert not any(password in value for value in (*environ.values(), *seen["arguments"]))
        assert stack.grafana_password is not None
        assert password in stack.grafana_password.hint()


async def test_charts_of_the_stack_that_runs_are_as_fine_as_its_scrape(settings: Settings, tmp_path: Path) -> None:
    grafana = executable(tmp_path / "grafana", GRAFANA.format(python=sys.executable))
    quick = settings._replace(alerts=settings.alerts.model_copy(update={"scrape_interval": timedelta(milliseconds=250)}))
    async with native(quick, tmp_path / "data", environ={"GENESIS_GRAFANA": str(grafana)}):
        sources = yaml.safe_load((tmp_path / "data/provisioning/datasources/genesis.yml").read_text())["datasources"]
        assert sources[0]["jsonData"]["timeInterval"] == "250ms"
