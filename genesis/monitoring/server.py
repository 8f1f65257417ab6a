"""The monitor's HTTP side: /metrics, /healthz, /readyz, /runbooks and a landing page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from html import escape

from aiohttp import web
from aiohttp.hdrs import METH_HEAD
from aiohttp.typedefs import Middleware
from prometheus_client.exposition import choose_encoder

from genesis import __version__
from genesis.metrics.exposition import TEXT, Exporter, needs_openmetrics

_LONGEST_TURN_SECONDS = 0.005
"""How long a scrape may hold the event loop before other tasks get a turn; a single part may take longer."""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Genesis</title>
<style>body {{ font-family: sans-serif; margin: 3em auto; max-width: 40em; line-height: 1.5; }}</style></head>
<body>
<h1>Genesis {version}</h1>
<p>Live strategy performance monitoring. State: {state}.</p>
<ul>
<li><a href="/metrics">/metrics</a>: every figure, for Prometheus</li>
<li><a href="/api/v1/strategies">/api/v1/strategies</a>: the same and more as JSON, with exact money</li>
<li><a href="/healthz">/healthz</a>: 200 while the process runs</li>
<li><a href="/readyz">/readyz</a>: 200 once the books are restored from the journal</li>
<li><a href="/runbooks">/runbooks</a>: what to do when an alert fires</li>
<li><a href="/api/v1/schema">/api/v1/schema</a>: the JSON Schema of the events that /api/v1/events takes</li>
</ul>
{links}
</body>
</html>
"""


def monitor_site(
    exporter: Exporter,
    ready: Callable[[], bool],
    links: Callable[[], dict[str, str]],
    *,
    runbooks: Callable[[], str] = str,
    routes: Sequence[web.RouteDef] = (),
    middlewares: Sequence[Middleware] = (),
) -> web.Application:
    """The application. `links` names the other programs around it (title → address), for the landing page; `runbooks`
    gives the page that notifications link to.

    `routes` are served in addition to its own; every request passes the `middlewares`, the first one outermost.
    """

    async def metrics(request: web.Request) -> web.StreamResponse:
        accepted = request.headers.get("Accept", "")
        if needs_openmetrics(accepted):
            encode, content_type = choose_encoder(accepted)
            return web.Response(body=encode(exporter), headers={"Content-Type": content_type})
        return await _stream(request, exporter.text())

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(_: web.Request) -> web.Response:
        if ready():
            return web.Response(text="ready\n")
        return web.Response(status=503, text="restoring the books from the journal\n", headers={"Retry-After": "1"})

    async def runbook_page(_: web.Request) -> web.Response:
        return web.Response(text=runbooks(), content_type="text/html")

    async def landing(_: web.Request) -> web.Response:
        items = "".join(f'<li><a href="{escape(url)}">{escape(title)}</a></li>\n' for title, url in links().items())
        return web.Response(
            text=_PAGE.format(
                version=escape(__version__),
                state="ready" if ready() else "restoring the books",
                links=f"<h2>Related programs</h2>\n<ul>\n{items}</ul>" if items else "",
            ),
            content_type="text/html",
        )

    site = web.Application(middlewares=middlewares)
    site.add_routes(
        [
            web.get("/", landing),
            web.get("/metrics", metrics),
            web.get("/healthz", healthz),
            web.get("/readyz", readyz),
            web.get("/runbooks", runbook_page),
            *routes,
        ]
    )
    return site


async def _stream(request: web.Request, parts: Iterator[bytes]) -> web.StreamResponse:
    """Send each part as soon as it is made; between parts, events and other requests get their turn.

    Nothing is compressed: for a Prometheus nearby, time matters more than bytes.
    """
    if request.method == METH_HEAD:
        return web.Response(headers={"Content-Type": TEXT})
    response = web.StreamResponse(headers={"Content-Type": TEXT})
    await response.prepare(request)
    with suppress(ConnectionError):  # the client is gone
        clock = asyncio.get_running_loop().time
        since = clock()
        for part in filter(None, parts):
            await response.write(part)
            if clock() - since > _LONGEST_TURN_SECONDS:
                await asyncio.sleep(0)
                since = clock()
        await response.write_eof()
    return response
