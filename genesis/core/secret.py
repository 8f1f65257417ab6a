"""Tokens and passwords, which come from files."""

from __future__ import annotations

import stat
from pathlib import Path

from genesis.core.errors import ConfigError, Fault

MIN_SECRET = 16
MAX_SECRET = 4096
HOW_TO_MAKE = "one line of printable ASCII, for example made by `openssl rand -hex 32`"


def read_secret(path: Path, key: str, file: str = "monitor.yaml") -> str:
    """The one line that a file holds.

    Raises:
        ConfigError: naming `key` of the configuration's `file`: the secret's file cannot be read, others may read or change
            it, or it holds no usable secret.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_bytes()[: MAX_SECRET + 2].decode("ascii").removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise _fault(file, key, path, f"cannot be read: {error.strerror}; it must hold {HOW_TO_MAKE}") from error
    except UnicodeDecodeError as error:
        raise _fault(file, key, path, f"must hold {HOW_TO_MAKE}") from error
    if mode & (stat.S_IRWXO | stat.S_IWGRP):
        reason = f"has mode {mode:04o}, so others may read or change it: chmod 600 it (440 will do too)"
        raise _fault(file, key, path, reason)
    if not MIN_SECRET <= len(text) <= MAX_SECRET:
        raise _fault(file, key, path, f"holds {len(text)} characters, {MIN_SECRET} to {MAX_SECRET} are needed: {HOW_TO_MAKE}")
    if not all("!" <= character <= "~" for character in text):
        raise _fault(file, key, path, f"holds a space or a control character: it must hold {HOW_TO_MAKE}")
    return text


def _fault(file: str, key: str, path: Path, expected: str) -> ConfigError:
    return ConfigError([Fault(file, key, str(path), expected)])
