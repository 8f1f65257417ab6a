"""What the tests with real programs share: settings that change their mind quickly, and the machine's processes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from genesis import programs
from genesis.alerts.catalog.losses import STRATEGY_DRAWDOWN
from genesis.configuration import Settings, load_settings
from genesis.core.errors import StackError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def settings() -> Settings:
    """The repository's own; only the time that an alert outlives its reason is short."""
    loaded = load_settings(ROOT / "config")
    alerts = loaded.alerts.alerts.changed(STRATEGY_DRAWDOWN, keep_firing_for=timedelta(seconds=2))
    quick = loaded.alerts.model_copy(
        update={
            "alerts": alerts,
            "group_interval": timedelta(seconds=1),
        }
    )
    return loaded._replace(alerts=quick)


@pytest.fixture
def real_programs() -> None:
    """Fail, and say why, where Prometheus and Alertmanager are missing: these tests are never skipped silently."""
    try:
        programs.require(programs.ALL, os.environ)
    except StackError as error:
        pytest.fail(str(error), pytrace=False)


def children_of(pid: int) -> Iterator[int]:
    """The processes whose parent is `pid`."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if int(fields[1]) == pid:
            yield int(stat.parent.name)


def command_of(pid: int) -> str:
    """The command line of a process; nothing where it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that is only waiting to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own, which can be filled and made read-only."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "genesis-test", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
