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


def console_script() -> list[str]:
    """What the installed `genesis` script does."""
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    module, function = scripts["genesis"].split(":")
    return [sys.executable, "-c", f"import sys\nfrom {module} import {function}\nsys.exit({function}())"]


def interrupted_after(seconds: float, command: list[str]) -> tuple[int, str]:
    """Exit code and standard error of a process that gets a SIGINT so long after its start."""
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            time.sleep(seconds)
            process.send_signal(signal.SIGINT)
            _, complaint = process.communicate(timeout=SOON)
        finally:
            process.kill()
    return process.returncode, complaint


def test_an_interrupt_at_any_time_leaves_no_traceback(tmp_path: Path) -> None:
    monitor = ["monitor", "--port", "0", "--journal", str(tmp_path / "j.db")]
    codes = set()
    for command in ([sys.executable, "-m", "genesis", *monitor], [*console_script(), "check", "--help"]):
        for number in range(COUNT):
            code, complaint = interrupted_after(number * STEP, command)
            case = f"{command[-2:]} after {number * STEP:.2f} s: exit code {code}: {complaint}"
            if "Traceback" in complaint:  # Python itself was starting: nothing of ours runs then
                assert f"{ROOT}/genesis/" not in complaint, case
            else:
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
