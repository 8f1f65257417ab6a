"""Where a journal is: a file, memory, or a PostgreSQL database."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from sqlalchemy import URL
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from genesis.core.errors import JournalError
from genesis.settings.monitor import DEFAULT_JOURNAL, MonitorSettings

MEMORY = ":memory:"
SQLITE = "sqlite"
POSTGRESQL = "postgresql"

_FORMS = "a file, sqlite:///FILE, or postgresql://USER@HOST:PORT/DATABASE"


class Address(NamedTuple):
    """A journal's address."""

    backend: str
    """`sqlite` or `postgresql`."""
    url: URL
    """With the driver, and with the password where there is one."""
    path: Path | None = None
    """SQLite's file; None in memory."""
    makes_folder: bool = False
    """Whether a writer creates the file's missing folder. Not for configured paths: a typo must not open an empty account."""

    def __str__(self) -> str:
        if self.backend == SQLITE:
            return MEMORY if self.path is None else str(self.path)
        return URL.create(
            POSTGRESQL, self.url.username, None, self.url.host, self.url.port, self.url.database
        ).render_as_string()


def address(text: Path | str, password_file: Path | None = None) -> Address:
    """Read `text`: a path, ":memory:", or a URL. `password_file` holds the password of a PostgreSQL user.

    Raises:
        JournalError: it is none of these, or the password cannot be read.
    """
    if isinstance(text, Path) or "://" not in text:
        return _file(text)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise JournalError(f"journal: the address cannot be read: write {_FORMS}") from None  # it may hold a password
    if url.drivername == SQLITE:
        return _file(url.database or MEMORY)
    if url.drivername not in {POSTGRESQL, "postgres"}:
        raise JournalError(f"journal: {url.drivername!r} is not a known kind of database: write {_FORMS}")
    if url.password is not None:
        raise JournalError("journal: the address holds a password that others can read: put it into a file, and name the file")
    if not url.database:
        raise JournalError(f"journal {url.render_as_string()}: names no database: write {_FORMS}")
    if password_file is not None:
        url = url.set(password=_password(password_file))
    return Address(POSTGRESQL, url.set(drivername="postgresql+psycopg"))


def journal_address(settings: MonitorSettings, override: Address | Path | str | None = None) -> Address:
    """The address of the journal: `override` if given, else the one in the settings.

    The folder of the default journal is made at the first start. A path that a person wrote must lie in a folder that exists.

    Raises:
        JournalError: as `address`.
    """
    if isinstance(override, Address):
        return override
    where = address(override or settings.journal, settings.journal_password_file)
    return where._replace(makes_folder=not override and settings.journal == DEFAULT_JOURNAL)


def _file(text: Path | str) -> Address:
    if str(text) == MEMORY:
        return Address(SQLITE, URL.create("sqlite+pysqlite", database=MEMORY))
    # Absolute from the start: a later change of the working directory must not select another file.
    path = Path(text).absolute()
    return Address(SQLITE, URL.create("sqlite+pysqlite", database=str(path)), path)


def _password(file: Path) -> str:
    try:
        password = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise JournalError(f"journal: the password file {file} cannot be read: {error}") from error
    if not password:
        raise JournalError(f"journal: the password file {file} is empty")
    return password
