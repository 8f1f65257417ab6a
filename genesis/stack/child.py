"""A program as a child process: in its own session, with its output in a log file; it ends with its parent."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import aiohttp

from genesis.core.errors import StackError

_POLL_SECONDS = 0.05
_READ_BACK = 16_384
"""How many bytes at the end of a log are read for its last lines."""


class Child:
    """One program: `start` it, wait until it is `ready`, `stop` it; `ended` waits until it ends by itself.

    Because of its own session, it does not receive the terminal's Ctrl-C, and the parent decides the order of the shutdown. If
    setpriv (util-linux) is installed, the kernel ends the child even when the parent is killed.
    """

    def __init__(
        self, name: str, command: Sequence[str | Path], *, log: Path, environ: Mapping[str, str], cwd: Path | None = None
    ) -> None:
        self.name = name
        self.log = log
        self._command = [str(part) for part in command]
        self._environ = dict(environ)
        self._cwd = cwd
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The process id, from `start` on."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start the program, or restart it after it has ended.

        Raises:
            StackError: it cannot be started.
        """
        setpriv = shutil.which("setpriv", path=self._environ.get("PATH"))
        guard = [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []
        try:
            with _append(self.log) as output:
                self._process = await asyncio.create_subprocess_exec(
                    *guard,
                    *self._command,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=asyncio.subprocess.STDOUT,
                    env=self._environ,
                    cwd=self._cwd,
                    start_new_session=True,
                )
        except OSError as error:
            raise StackError(f"{self.name} cannot be started: {' '.join(self._command)}: {error}") from error

    async def ready(self, url: str, within: float) -> None:
        """Wait until `url` answers 200.

        Raises:
            StackError: the program ended, or `within` seconds passed; the message quotes the end of its log.
        """
        ended = asyncio.create_task(self.ended())
        answered = asyncio.create_task(_wait_for_ok(url))
        try:
            await asyncio.wait({ended, answered}, timeout=within, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                raise StackError(f"{self.name} ended with code {ended.result()} before it was ready.\n{self.quote()}")
            if not answered.done():
                raise StackError(f"{self.name} was not ready after {within:g} s ({url}).\n{self.quote()}")
        finally:
            ended.cancel()
            answered.cancel()
            await asyncio.gather(ended, answered, return_exceptions=True)

    async def ended(self) -> int:
        """Wait until the program has ended; returns its exit code, negative for a signal."""
        if self._process is None:
            raise StackError(f"{self.name} was never started")
        return await self._process.wait()

    async def stop(self, grace: float = 10.0) -> None:
        """Stop the program: SIGTERM, and SIGKILL after `grace` seconds, to its process group. No effect if it has ended."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        self._signal(process, signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), grace)
        except TimeoutError:
            pass
        finally:  # too slow, or this task was cancelled while waiting: no process may be left
            if process.returncode is None:
                self._signal(process, signal.SIGKILL)
                await process.wait()

    def quote(self, lines: int = 8) -> str:
        """The last lines of the log, for an error message."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, self.log.stat().st_size - _READ_BACK))
                text = file.read().decode(errors="replace")
        except OSError as error:
            return f"its log {self.log} cannot be read: {error}"
        last = text.splitlines()[-lines:] or ["(empty)"]
        return f"the end of {self.log}:\n" + "\n".join(f"  {line}" for line in last)

    @staticmethod
    def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
        """Send a signal to the child's process group, which it leads and which holds only its own processes."""
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return


def _append(path: Path) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("ab")


async def _wait_for_ok(url: str) -> None:
    """Request `url` until it answers 200."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as client:
        while True:
            try:
                async with client.get(url) as response:
                    if response.status == 200:  # noqa: PLR2004 - HTTP's OK
                        return
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(_POLL_SECONDS)
