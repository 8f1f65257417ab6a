"""A local Prometheus with samples of the past: promtool makes blocks from them, and Prometheus starts on the blocks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from genesis import programs
from genesis.core.errors import StackError
from genesis.stack.child import Child
from genesis.stack.ports import LOOPBACK, free_port

NEEDED = (programs.PROMETHEUS, programs.PROMTOOL)
_READY_SECONDS = 60.0
_PORT_ATTEMPTS = 3
_CONFIG = "global: {scrape_interval: 1h}\n"
_FOR_EVER = "100y"
"""Prometheus removes blocks that are older than the retention."""


@asynccontextmanager
async def prometheus_on(samples: Path, folder: Path, environ: Mapping[str, str]) -> AsyncIterator[str]:
    """The URL of a Prometheus with the samples of an OpenMetrics file; it stops with the block, its data stay in `folder`.

    Raises:
        StackError: a program is missing, rejects the samples, or does not start.
    """
    await make_blocks(samples, folder / "blocks", environ)
    async with prometheus_on_blocks(folder / "blocks", folder, environ) as url:
        yield url


@asynccontextmanager
async def prometheus_on_blocks(data: Path, folder: Path, environ: Mapping[str, str]) -> AsyncIterator[str]:
    """The URL of a Prometheus on existing blocks; its configuration and its log are in `folder`.

    Raises:
        StackError: it is missing, or does not start.
    """
    found = programs.require(NEEDED, environ)
    config, log = folder / "prometheus.yml", folder / "prometheus.log"
    await asyncio.to_thread(config.write_text, _CONFIG, "utf-8")
    for attempt in range(_PORT_ATTEMPTS):
        address = f"{LOOPBACK}:{free_port()}"
        command: list[str | Path] = [
            *(found[programs.PROMETHEUS], f"--config.file={config}", f"--storage.tsdb.path={data}"),
            *(f"--storage.tsdb.retention.time={_FOR_EVER}", f"--web.listen-address={address}"),
            *("--query.timeout=10m", "--log.level=warn"),
        ]
        child = Child(programs.PROMETHEUS.name, command, log=log, environ=environ, cwd=folder)
        await child.start()
        try:
            try:
                await child.ready(f"http://{address}/-/ready", _READY_SECONDS)
            except StackError as error:
                if "address already in use" not in str(error) or attempt == _PORT_ATTEMPTS - 1:
                    raise
                continue
            yield f"http://{address}"
            return
        finally:
            await child.stop()


async def make_blocks(samples: Path, data: Path, environ: Mapping[str, str]) -> None:
    """Make blocks in the new folder `data` from an OpenMetrics file.

    Raises:
        StackError: promtool is missing, or rejects the samples.
    """
    promtool = programs.require(NEEDED, environ)[programs.PROMTOOL]
    await asyncio.to_thread(data.mkdir, parents=True)
    process = await asyncio.create_subprocess_exec(
        *(promtool, "tsdb", "create-blocks-from", "openmetrics", "--quiet", samples, data),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=dict(environ),
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise StackError(f"promtool cannot make blocks from {samples}: {output.decode(errors='replace').strip()}")
