"""The directory of a demo's files: one that the user gives, or a temporary one that is removed at the end."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from genesis.core.errors import StackError

_PREFIX = "demo-"
_LOCK = "in-use.lock"


@contextmanager
def workspace(given: Path | None, parent: Path = Path("data")) -> Iterator[Path]:
    """Yield `given`, created if necessary and kept; or a new directory under `parent`, removed at the end.

    One demo at a time may use a directory. Directories of killed demos under `parent` are removed first.

    Raises:
        StackError: the directory cannot be written, or another demo uses it.
    """
    with ExitStack() as entered:
        try:
            directory = entered.enter_context(_temporary(parent)) if given is None else given
            directory.mkdir(parents=True, exist_ok=True)
            mine = entered.enter_context(_locked(directory))
        except OSError as error:
            raise StackError(f"the data directory cannot be used: {error}: choose another with --data") from error
        if not mine:
            raise StackError(f"{directory} is in use by another demo: stop that demo, or choose another directory with --data")
        yield directory


@contextmanager
def _temporary(parent: Path) -> Iterator[Path]:
    parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(parent)
    directory = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _locked(directory: Path) -> Iterator[bool]:
    """Hold the directory's lock, which the kernel releases when the process ends; False if another process holds it."""
    with (directory / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _remove_abandoned(parent: Path) -> None:
    for directory in parent.glob(f"{_PREFIX}*"):
        if not (directory / _LOCK).exists():  # another demo is just creating it, or it is not a demo's
            continue
        with _locked(directory) as mine:
            if mine:
                shutil.rmtree(directory, ignore_errors=True)
