"""The controller's HTTP side: /metrics, /healthz and a landing page, all read-only."""

from __future__ import annotations

from html import escape

from aiohttp import web
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder

from genesis import __version__
from genesis.rotation.controller import Controller
from genesis.rotation.exporter import RotationCollector

ROUNDS = 3
"""Intervals without a round after which /healthz fails."""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Genesis rotation</title>
<style>body {{ font-family: sans-serif; margin: 3em auto; max-width: 40em; line-height: 1.5; }}</style></head>
<body>
<h1>Genesis {version}: rotation</h1>
<p>Moves capital between strategies. Mode: {mode}. State: {state}</p>
<ul>
<li><a href="/metrics">/metrics</a>: what it decided and why, for Prometheus</li>
<li><a href="/healthz">/healthz</a>: 200 while it decides, or waits while another controller decides</li>
</ul>
<p>On the command line: <code>genesis rotate status</code>, <code>audit</code>, <code>halt</code>, <code>pin</code>.</p>
</body>
</html>
"""


def rotation_site(controller: Controller) -> web.Application:
    """The web application of a controller."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(RotationCollector(lambda: controller.status, controller.counters))
    ProcessCollector(registry=registry)

    async def metrics(request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(registry), headers={"Content-Type": content_type})

    async def healthz(_: web.Request) -> web.Response:
        wrong = unwell(controller)
        return web.Response(status=503, text=f"{wrong}\n") if wrong else web.Response(text="ok\n")

    async def landing(_: web.Request) -> web.Response:
        page = _PAGE.format(
            version=escape(__version__), mode=controller.status.settings.mode, state=escape(state_of(controller))
        )
        return web.Response(text=page, content_type="text/html")

    site = web.Application()
    site.add_routes([web.get("/", landing), web.get("/metrics", metrics), web.get("/healthz", healthz)])
    return site


def unwell(controller: Controller) -> str:
    """Why /healthz fails; empty if all is well. A blocked, halted or waiting controller is well: it works as intended."""
    silent, interval = controller.silent_for, controller.status.settings.interval.total_seconds()
    if silent <= ROUNDS * interval:
        return ""
    return f"no round for {silent:.0f} s, one is due every {interval:g} s"


def state_of(controller: Controller) -> str:
    """The controller's state in one line."""
    status = controller.status
    if not status.leading:
        return f"waiting: {status.waiting}"
    if status.halted:
        return f"halted: {status.halted}"
    if status.blocked:
        return f"no weight is raised: {'; '.join(f'{reason.code} {reason.text}'.strip() for reason in status.blocked)}"
    return "deciding"
