"""The external programs: where they are, which are missing, and how to install them on Debian."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from genesis.core.errors import StackError


class Program(NamedTuple):
    """A program: its upstream name, the file names that it may have, and its Debian package."""

    name: str
    binaries: tuple[str, ...]
    package: str | None
    folders: tuple[str, ...] = ()
    """Patterns of folders to search after PATH: Debian installs several versions of PostgreSQL side by side."""

    @property
    def variable(self) -> str:
        """The environment variable that names the binary's path."""
        return f"GENESIS_{self.name.upper()}"


PROMETHEUS = Program("prometheus", ("prometheus",), "prometheus")
PROMTOOL = Program("promtool", ("promtool",), "prometheus")
ALERTMANAGER = Program("alertmanager", ("alertmanager", "prometheus-alertmanager"), "prometheus-alertmanager")
AMTOOL = Program("amtool", ("amtool",), "prometheus-alertmanager")
GRAFANA = Program("grafana", ("grafana", "grafana-server"), None)
POSTGRES = Program("postgres", ("postgres",), "postgresql", ("/usr/lib/postgresql/*/bin",))

STACK = (PROMETHEUS, ALERTMANAGER)
"""What the native stack requires."""
ALL = (PROMETHEUS, PROMTOOL, ALERTMANAGER, AMTOOL)
"""What the stack and the checks require. Grafana is used if it is installed, and never required."""
TESTED = (*ALL, POSTGRES)
"""What the tests require as well: they start their own PostgreSQL server."""


def find(program: Program, environ: Mapping[str, str]) -> Path | None:
    """The program's path: from its variable, else the first on PATH, else the newest version in its folders; else None.

    Raises:
        StackError: the variable does not name an executable file.
    """
    named = environ.get(program.variable)
    if named:
        path = shutil.which(Path(named).absolute())
        if path is None:
            raise StackError(f"{program.variable}: {named!r} is not an executable file: correct it, or unset it to search PATH")
        return Path(path)
    search = [environ.get("PATH"), *_newest_first(program.folders)]
    found = (shutil.which(binary, path=folder) for folder in search for binary in program.binaries)
    return next((Path(path) for path in found if path), None)


def require(programs: Iterable[Program], environ: Mapping[str, str]) -> dict[Program, Path]:
    """Each program's path.

    Raises:
        StackError: programs are missing; the message names them all, and how to install them.
    """
    found = {program: find(program, environ) for program in programs}
    missing = [program for program, path in found.items() if path is None]
    if missing:
        raise StackError(missing_message(missing))
    return {program: path for program, path in found.items() if path is not None}


def missing_message(missing: Iterable[Program]) -> str:
    """Which programs are missing, and the ways to install them."""
    missing = list(missing)
    variables = " ".join(f"{program.variable}=/path/to/{program.name}" for program in missing)
    return (
        f"not found: {', '.join(program.name for program in missing)}. Do one of these, then run the command again:\n  - "
        "Debian or Ubuntu, as root:\n      apt-get update && apt-get install --no-install-recommends "
        f"{' '.join(_packages(missing))}\n  - any machine: put the release binaries (https://prometheus.io/download/) on "
        f"PATH, or name them:\n      {variables}\n  - or use Docker, which does not need them:  docker compose up"
    )


def install(wanted: Iterable[Program], environ: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Install the missing programs of `wanted` with apt and show its output; silent if none is missing.

    Raises:
        StackError: without root or apt, or apt failed; the message says what to do instead.
    """
    wanted = tuple(wanted)
    missing = [program for program in wanted if find(program, environ) is None]
    if not missing:
        return
    root = _root_prefix(environ)
    if root is None or shutil.which("apt-get", path=environ.get("PATH")) is None:
        raise StackError(missing_message(missing))
    packages = _packages(missing)
    say(f"installing the Debian packages {', '.join(packages)} (their services stay off) ...")
    command = [*root, "sh", "-euc", _APT_SCRIPT, "sh", *packages]
    code = subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode  # noqa: S603 - fixed words only
    still = [program for program in wanted if find(program, environ) is None]
    if still:
        raise StackError(f"apt-get ended with exit code {code}; see its output above. " + missing_message(still))


def _newest_first(patterns: Iterable[str]) -> list[str]:
    """The folders that match, the highest version number first."""
    folders = (folder for pattern in patterns for folder in map(str, Path("/").glob(pattern.lstrip("/"))))
    return sorted(folders, key=lambda folder: [int(number) for number in re.findall(r"\d+", folder)], reverse=True)


def _packages(programs: Iterable[Program]) -> list[str]:
    """Each package once, in order."""
    return list(dict.fromkeys(program.package for program in programs if program.package is not None))


def _root_prefix(environ: Mapping[str, str]) -> list[str] | None:
    """The words before a command that run it as root without a password; None if that is impossible."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo", path=environ.get("PATH"))
    if sudo is None:
        return None
    asked = subprocess.run([sudo, "-n", "true"], check=False, capture_output=True)  # noqa: S603 - fixed words only
    return [sudo, "-n"] if asked.returncode == 0 else None


# The packages would start their services now and at every boot, as system services that Genesis does not need. Debian's switch
# against that is policy-rc.d: the script creates one for these units only and removes it at its end; an existing one is not
# touched. The new units are also disabled at boot. PostgreSQL's package would create a first database cluster as well; a
# drop-in file prevents that while the script runs.
_APT_SCRIPT = """
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
clusters=/etc/postgresql-common/createcluster.d
made=
trap 'for file in $made; do rm -f "$file"; done; rmdir "$clusters" 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM HUP
if [ -d /run/systemd/system ] && [ ! -e "$policy" ]; then
    made=$policy
    printf '%s\\n' '#!/bin/sh' 'case "$1" in prometheus*|postgresql*) exit 101 ;; esac' >"$policy"
    chmod 755 "$policy"
fi
case " $* " in *" postgresql "*)
    mkdir -p "$clusters"
    made="$made $clusters/genesis.conf"
    echo 'create_main_cluster = false' >"$clusters/genesis.conf" ;;
esac
new=$(for package in "$@"; do dpkg -s "$package" >/dev/null 2>&1 || echo "$package"; done)
apt-get update || echo "apt-get update had errors; trying with the package lists that are there" >&2
apt-get install -y --no-install-recommends "$@"
if command -v systemctl >/dev/null; then
    for package in $new; do systemctl disable "$package.service" >/dev/null 2>&1 || true; done
fi
"""
