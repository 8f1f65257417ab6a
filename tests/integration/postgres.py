"""A PostgreSQL cluster of the tests' own: on a free loopback port, with a password, gone when the tests have ended."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from genesis import programs
from tests.integration.ports import own_port

_START_SECONDS = 60.0
PASSWORD = "of-the-tests"  # noqa: S105 - the cluster lives on loopback for as long as the tests


class Cluster:
    """One PostgreSQL server with real durability (fsync on). Stopping and killing it is what it is for."""

    def __init__(self, folder: Path) -> None:
        self._bin = programs.require([programs.POSTGRES], os.environ)[programs.POSTGRES].parent
        self._data = folder / "data"
        self._folder = folder
        self.port = own_port()
        self._process: subprocess.Popen[bytes] | None = None
        # The server refuses to run as root.
        self._user = _unprivileged() if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        password = folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        made = self._run(
            "initdb", "-D", self._data, "-U", "genesis", "-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8",
            "--locale=C", "--no-instructions",
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        with (self._data / "postgresql.conf").open("a") as settings:
            settings.write(
                f"port = {self.port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{folder}'\n"
                "shared_buffers = 32MB\nmax_connections = 20\nlogging_collector = off\n"
            )

    def url(self, database: str = "postgres") -> str:
        """The address of a database, without the password."""
        return f"postgresql://genesis@127.0.0.1:{self.port}/{database}"

    def admin(self, statement: str, *parameters: object) -> list[tuple[object, ...]]:
        """Run a statement beside the journal; its rows, if it has any."""
        with psycopg.connect(self.url(), password=PASSWORD, autocommit=True) as connection:
            answer = connection.execute(statement, parameters or None)
            return answer.fetchall() if answer.description else []

    @contextmanager
    def database(self) -> Iterator[str]:
        """A new database; its address."""
        name = f"test_{time.monotonic_ns()}"
        self.admin(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            self.start()
            self.admin(f"DROP DATABASE {name} WITH (FORCE)")

    def start(self) -> None:
        """Start the server, if it does not run, and wait until it answers."""
        if self._process is None:
            log = (self._folder / "log").open("ab")
            with log:
                self._process = subprocess.Popen(
                    [*self._as_user(), str(self._bin / "postgres"), "-D", str(self._data)],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=_environment(),
                )  # fmt: skip
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                self.admin("SELECT 1")
                return
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self._folder / "log").read_text()
                assert time.monotonic() < deadline, (self._folder / "log").read_text()
                time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT ends its connections and is orderly, SIGQUIT is a crash that it recovers from."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_START_SECONDS)
            self._process = None

    def _run(self, program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [*self._as_user(), str(self._bin / program), *map(str, arguments)]
        return subprocess.run(
            command, check=False, capture_output=True, text=True, env=_environment(), cwd=self._folder, stdin=subprocess.DEVNULL
        )

    def _as_user(self) -> list[str]:
        if self._user is None:
            return []
        return ["setpriv", f"--reuid={self._user.pw_uid}", f"--regid={self._user.pw_gid}", "--clear-groups", "--"]


def _unprivileged() -> pwd.struct_passwd:
    """The user that Debian's package makes, or nobody."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise LookupError("as root, PostgreSQL needs a user to run as: neither postgres nor nobody is there")


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A running cluster, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="genesis-pg-"))
    folder.chmod(0o755)
    made: Cluster | None = None
    try:
        made = Cluster(folder)
        made.start()
        yield made
    finally:
        if made is not None:
            made.stop()
        shutil.rmtree(folder, ignore_errors=True)
