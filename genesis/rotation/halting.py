"""The kill switch as a file: it works even if the database and this program's commands do not."""

from __future__ import annotations

from pathlib import Path


def halted_by_file(path: Path) -> str:
    """Why rotation is halted; empty if the file does not exist. If that cannot be checked, rotation counts as halted."""
    try:
        path.lstat()  # a dangling link halts, too
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        return f"it is not known whether the file {path} exists: {error.strerror}"
    return f"the file {path} exists"
