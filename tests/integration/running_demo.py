"""A demo in a process of its own."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.integration.conftest import ROOT, children_of
from tests.integration.waiting import SOON

GENESIS = (sys.executable, "-m", "genesis", "demo", "--config", str(ROOT / "config"))
SLOW = ("a round took too long", "alerts cannot be read from Prometheus")
"""What a demo says, rightly, where others keep the processor busy."""


class RunningDemo:
    """A demo in its own process, and what it has said so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.children: set[int] = set()
        self.said = ""

    async def says(self, pattern: str, within: float = SOON) -> re.Match[str]:
        """Read until a line matches; its match."""
        assert self.process.stdout is not None
        async with asyncio.timeout(within):
            while line := (await self.process.stdout.readline()).decode():
                self.said += line
                self.children.update(children_of(self.process.pid))
                if match := re.search(pattern, line):
                    return match
        raise AssertionError(f"the demo ended without saying {pattern!r}:\n{self.said}\n{await self.complaints()}")

    async def has_said(self, pattern: str, within: float = SOON) -> re.Match[str]:
        """As `says`, but what it said before counts too: for what comes in any order."""
        return re.search(pattern, self.said) or await self.says(pattern, within)

    async def ends(self, within: float = SOON) -> int:
        """Wait for the end; the exit code. What it said last is in `said`."""
        assert self.process.stdout is not None
        async with asyncio.timeout(within):
            self.said += (await self.process.stdout.read()).decode()
            return await self.process.wait()

    async def complaints(self) -> str:
        """What it complains of, but not of a machine that is slow."""
        assert self.process.stderr is not None
        lines = (await self.process.stderr.read()).decode().splitlines(keepends=True)
        return "".join(line for line in lines if not any(slow in line for slow in SLOW))

    def ports(self) -> set[int]:
        return {int(port) for port in re.findall(r"http://127\.0\.0\.1:(\d+)", self.said)}


@asynccontextmanager
async def demo(cwd: Path, *options: str, environ: dict[str, str] | None = None) -> AsyncIterator[RunningDemo]:
    process = await asyncio.create_subprocess_exec(
        *GENESIS, *options, stdout=PIPE, stderr=PIPE, cwd=cwd, env={**os.environ, **(environ or {})}
    )
    try:
        yield RunningDemo(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
