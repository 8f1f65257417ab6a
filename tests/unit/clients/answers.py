"""A server on loopback that gives the answers of a table, for clients to be held against."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

Answer = tuple[int, str]


@asynccontextmanager
async def answering(answers: Mapping[str, Answer]) -> AsyncIterator[tuple[str, list[tuple[str, str, str]]]]:
    """Its address, and what it was asked: method, path with query, body. What the table does not have is 404."""
    asked: list[tuple[str, str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append((request.method, request.path_qs, await request.text()))
        status, text = answers.get(f"{request.method} {request.path}", (404, "404 page not found"))
        return web.Response(status=status, text=text)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    finally:
        await runner.cleanup()
