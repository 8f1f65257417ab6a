"""`genesis` as a process of its own, that starts in milliseconds."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path
from typing import Any

from genesis.cli import main
from tests.integration.ports import own_port
from tests.integration.waiting import SOON

# A process that has everything imported and forks, so that many starts can be afforded.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["genesis.cli", "genesis.app", "genesis.rotation.app"])


class Forked:
    """A command of `genesis` that serves: started, killed, started again on the same loopback port."""

    def __init__(self, arguments: list[str], log: Path) -> None:
        """`arguments` of the command line, all but the port; what it says goes to `log`."""
        self.port = own_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        self._arguments = [*arguments, "--port", str(self.port)]
        self._process: Any = None

    @property
    def pid(self) -> int:
        return int(self._process.pid)

    def start(self) -> None:
        """Start it, and return at once. A test that fails need not end it: it ends with the tests at the latest."""
        self._process = _FORKS.Process(target=_run, args=(self._arguments, self.log), daemon=True)
        self._process.start()

    def is_alive(self) -> bool:
        return self._process is not None and bool(self._process.is_alive())

    def kill(self) -> None:
        """SIGKILL: it gets no chance to do anything."""
        self._process.kill()
        self._process.join()

    def stop(self) -> None:
        """SIGTERM, and wait for its end."""
        if self.is_alive():
            self._process.terminate()
            assert self.ended() == 0, self.log.read_text(encoding="utf-8")

    def ended(self) -> int | None:
        """Wait for its end; the exit code, None if it does not end."""
        self._process.join(SOON)
        code: int | None = self._process.exitcode
        return code


def _run(arguments: list[str], log: Path) -> None:
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    raise SystemExit(main(arguments))
