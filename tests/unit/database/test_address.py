"""A journal's address: what is understood, what is refused, and that no password is ever shown."""

from pathlib import Path

import pytest

from genesis.core.errors import JournalError
from genesis.database.address import address, journal_address
from genesis.settings.monitor import MonitorSettings


@pytest.mark.parametrize(
    ("text", "backend", "shown"),
    [
        ("/var/lib/genesis/j.db", "sqlite", "/var/lib/genesis/j.db"),
        ("sqlite:////var/lib/genesis/j.db", "sqlite", "/var/lib/genesis/j.db"),
        (":memory:", "sqlite", ":memory:"),
        ("postgresql://genesis@db.example:5433/books", "postgresql", "postgresql://genesis@db.example:5433/books"),
        ("postgres://genesis@db.example/books", "postgresql", "postgresql://genesis@db.example/books"),
        ("postgresql:///books?host=/run/postgresql", "postgresql", "postgresql:///books"),
    ],
)
def test_an_address_is_a_file_or_a_database(text: str, backend: str, shown: str) -> None:
    found = address(text)
    assert (found.backend, str(found)) == (backend, shown)


def test_a_relative_file_is_the_one_of_this_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert address("data/j.db").path == tmp_path / "data" / "j.db"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("mysql://genesis@db/books", "'mysql' is not a known kind of database"),
        ("postgresql://genesis@db", "names no database"),
        ("postgresql://genesis@db:port/books", "cannot be read"),
        ("postgresql://genesis:geheim@db/books", "holds a password"),
        ("postgresql://genesis:geheim@db:port/books", "cannot be read"),
    ],
)
def test_what_is_no_address_is_refused_and_no_password_shown(text: str, complaint: str) -> None:
    with pytest.raises(JournalError, match=complaint) as caught:
        address(text)
    assert "geheim" not in str(caught.value)


def test_the_password_comes_from_its_file_and_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("geheim\n")
    settings = MonitorSettings(journal="postgresql://genesis@db/books", journal_password_file=tmp_path / "password")
    found = journal_address(settings)
    assert found.url.render_as_string(hide_password=False).startswith("postgresql+psycopg://genesis:geheim@")
    assert "geheim" not in f"{found} {found!r}"


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_a_password_file_without_a_password_is_named(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "password").write_text(content)
    with pytest.raises(JournalError, match=r"the password file .*/password (is empty|cannot be read)"):
        address("postgresql://genesis@db/books", tmp_path / "password")
