"""Child processes: started, waited for, ended, and quoted when something is wrong."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from genesis.core.errors import StackError
from genesis.stack.child import Child
from tests.integration.ports import own_port
from tests.integration.waiting import SOON, until

SERVER = """
import http.server, sys
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(sys.argv[2])); self.end_headers()
print("listening", flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Ready).serve_forever()
"""
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


def child(tmp_path: Path, *command: str) -> Child:
    return Child("worker", [sys.executable, "-c", *command], log=tmp_path / "log" / "worker.log", environ=os.environ)


async def logged(program: Child, word: str) -> None:
    await until(lambda: program.log.exists() and word in program.log.read_text())


def alive(pid: int | None) -> bool:
    assert pid is not None
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:  # it may end while it is looked at
        return False


@pytest.fixture
async def sleeper(tmp_path: Path) -> AsyncIterator[Child]:
    program = child(tmp_path, "import time; print('up', flush=True); time.sleep(60)")
    await program.start()
    await logged(program, "up")
    yield program
    await program.stop()


async def test_ready_returns_when_the_url_answers_200(tmp_path: Path) -> None:
    port = own_port()
    program = child(tmp_path, SERVER, str(port), "200")
    await program.start()
    try:
        await program.ready(f"http://127.0.0.1:{port}/", within=SOON)
    finally:
        await program.stop()
    assert not alive(program.pid)


async def test_ready_gives_up_in_time_when_the_answer_is_never_200(tmp_path: Path) -> None:
    port = own_port()
    program = child(tmp_path, SERVER, str(port), "503")
    await program.start()
    await logged(program, "listening")
    try:
        with pytest.raises(StackError, match=r"worker was not ready after 0\.3 s .*\n.*worker\.log:\n  listening"):
            await program.ready(f"http://127.0.0.1:{port}/", within=0.3)
    finally:
        await program.stop()


async def test_ready_reports_a_program_that_ends_with_its_code_and_last_words(tmp_path: Path) -> None:
    program = child(tmp_path, "import sys; [print('line', n) for n in range(20)]; sys.exit('bad flag')")
    await program.start()
    with pytest.raises(StackError) as caught:
        await program.ready(f"http://127.0.0.1:{own_port()}/", within=SOON)
    text = str(caught.value)
    assert "ended with code 1 before it was ready" in text
    assert "bad flag" in text
    assert "line 19" in text
    assert "line 2\n" not in text


async def test_a_program_that_does_not_exist_is_reported(tmp_path: Path) -> None:
    # Without setpriv on PATH it cannot be started at all; with it, it is setpriv that ends and says why.
    bare = Child("ghost", [tmp_path / "no-such-program"], log=tmp_path / "ghost.log", environ={"PATH": ""})
    with pytest.raises(StackError, match=r"ghost cannot be started: .*no-such-program"):
        await bare.start()
    guarded = Child("ghost", [tmp_path / "no-such-program"], log=tmp_path / "ghost.log", environ=os.environ)
    try:
        await guarded.start()
    except StackError:
        return  # no setpriv on this machine
    with pytest.raises(StackError, match=r"ghost ended with code(.|\n)*no-such-program"):
        await guarded.ready(f"http://127.0.0.1:{own_port()}/", within=SOON)


async def test_stop_ends_a_program_with_sigterm(sleeper: Child) -> None:
    await sleeper.stop()
    assert await sleeper.ended() == -signal.SIGTERM
    assert not alive(sleeper.pid)


async def test_a_program_that_has_ended_can_be_started_again(sleeper: Child) -> None:
    first = sleeper.pid
    await sleeper.stop()
    await sleeper.start()
    assert sleeper.pid != first
    assert alive(sleeper.pid)
    await sleeper.stop()
    assert not alive(sleeper.pid)


async def test_stop_kills_a_program_that_does_not_listen(tmp_path: Path) -> None:
    program = child(tmp_path, DEAF)
    await program.start()
    await logged(program, "deaf")
    await program.stop(grace=0.2)
    assert await program.ended() == -signal.SIGKILL


async def test_a_cancelled_stop_leaves_nothing_running(tmp_path: Path) -> None:
    program = child(tmp_path, DEAF)
    await program.start()
    await logged(program, "deaf")
    stopping = asyncio.create_task(program.stop(grace=60))
    await asyncio.sleep(0.05)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert not alive(program.pid)


async def test_stop_is_harmless_before_the_start_and_after_the_end(tmp_path: Path) -> None:
    program = child(tmp_path, "pass")
    await program.stop()
    await program.start()
    assert await program.ended() == 0
    await program.stop()


async def test_the_terminals_ctrl_c_does_not_reach_a_child(sleeper: Child) -> None:
    assert sleeper.pid is not None
    assert os.getsid(sleeper.pid) == sleeper.pid != os.getsid(0)


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv (util-linux)")
async def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    parent = f"""
import asyncio, os, sys
from pathlib import Path
from genesis.stack.child import Child
async def main():
    child = Child("worker", ["sleep", "60"], log=Path({str(tmp_path / "worker.log")!r}), environ=os.environ)
    await child.start()
    print(child.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    process = subprocess.Popen(  # noqa: ASYNC220 - asyncio's own would end with this test's loop
        [sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        pid = int(process.stdout.readline())
    await until(lambda: Path(f"/proc/{pid}/comm").read_text() == "sleep\n")  # setpriv has done its part
    process.kill()
    process.wait()
    await until(lambda: not alive(pid))
