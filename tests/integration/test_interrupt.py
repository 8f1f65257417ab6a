"""Ctrl-C at any time from the start of the process on: it ends quietly, also while modules are being imported."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

from tests.integration.waiting import SOON

ROOT = Path(__file__).parents[2]
STEP = 0.03
COUNT = 20
INTERRUPTED = 130
QUIET = {0, INTERRUPTED, -signal.SIGINT}
"""Done, interrupted, or ended by the signal before Python, or after the command, heard of it."""


START = """
import os, signal, sys
signal.signal(signal.SIGINT, lambda *_: os._exit(130))
print("up", flush=True)
"""
"""What Python's own start, and its import of our entry module, lose of a Ctrl-C is lost for every Python program."""


def console_script() -> str:
    """What the installed `genesis` script does."""
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    module, function = scripts["genesis"].split(":")
    return f"from {module} import {function}\nsys.exit({function}())"


AS_A_MODULE = "import runpy\nrunpy.run_module('genesis', run_name='__main__', alter_sys=True)"


def interrupted_after(seconds: float, command: list[str]) -> tuple[int, str]:
    """Exit code and standard error of a process that gets a SIGINT so long after Python is up."""
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
            time.sleep(seconds)
            process.send_signal(signal.SIGINT)
            _, complaint = process.communicate(timeout=SOON)
        finally:
            process.kill()
    return process.returncode, complaint


def test_an_interrupt_at_any_time_leaves_no_traceback(tmp_path: Path) -> None:
    monitor = ["monitor", "--port", "0", "--journal", str(tmp_path / "j.db")]
    codes = set()
    for entry, words in ((AS_A_MODULE, monitor), (console_script(), ["check", "--help"])):
        for number in range(COUNT):
            code, complaint = interrupted_after(number * STEP, [sys.executable, "-c", START + entry, *words])
            case = f"{words} after {number * STEP:.2f} s: exit code {code}: {complaint}"
            assert "Traceback" not in complaint, case
            assert code in QUIET, case
            codes.add(code)
    assert INTERRUPTED in codes


def test_an_interrupt_that_python_would_print_and_forget_ends_the_process() -> None:
    """As one in a callback of the import system, while a sub-command loads what it runs."""
    script = """
import signal, sys
import genesis.__main__, genesis.cli

class Finalized:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)

def command():
    Finalized()
    print("went on")
    return 0

genesis.cli.main = command
sys.exit(genesis.__main__.main())
"""
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (INTERRUPTED, "", "")
