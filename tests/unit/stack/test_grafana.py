"""Grafana's password: from a file, or made once, told once, and kept where only its owner reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from genesis.core.errors import ConfigError, StackError
from genesis.stack.grafana import admin_password


def started(data: Path) -> None:
    """Leave what Grafana leaves at its first start."""
    (data / "grafana").mkdir(parents=True, exist_ok=True)
    (data / "grafana" / "grafana.db").touch()


def secret(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_new_password_is_told_at_the_first_start_and_its_file_from_then_on(tmp_path: Path) -> None:
    first = admin_password(None, tmp_path)
    text = first.file.read_text()
    assert f"password {text} " in first.hint()
    assert first.file.stat().st_mode & 0o777 == 0o600
    started(tmp_path)
    second = admin_password(None, tmp_path)
    assert second.setting == first.setting == f"$__file{{{tmp_path / 'grafana-password'}}}"
    assert text not in second.hint()
    assert str(first.file) in second.hint()


def test_two_machines_have_two_passwords(tmp_path: Path) -> None:
    assert admin_password(None, tmp_path / "a").file.read_text() != admin_password(None, tmp_path / "b").file.read_text()


def test_a_password_that_is_given_is_read_where_it_is_and_never_told(tmp_path: Path) -> None:
    given = secret(tmp_path / "mine", "correct-horse-battery\n")
    password = admin_password(given, tmp_path / "data")
    assert password.setting == f"$__file{{{given}}}"
    assert "correct-horse" not in password.hint()
    assert not (tmp_path / "data").exists()


def test_a_relative_file_is_found_from_wherever_grafana_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret(tmp_path / "mine", "correct-horse-battery")
    monkeypatch.chdir(tmp_path)
    assert admin_password(Path("mine"), tmp_path / "data").file == tmp_path / "mine"


def test_another_password_for_data_that_has_one_is_said_not_to_count(tmp_path: Path) -> None:
    started(tmp_path)
    told = admin_password(secret(tmp_path / "mine", "correct-horse-battery"), tmp_path).hint()
    assert "password of the first start on this data directory" in told


@pytest.mark.parametrize(
    ("text", "mode", "reason"),
    [
        ("", 0o600, "holds 0 characters"),
        ("short", 0o600, "holds 5 characters, 16 to"),
        ("correct horse battery", 0o600, "a space"),
        ("correct-horse-battery", 0o604, "has mode 0604"),
        (None, 0, "No such file"),
    ],
)
def test_a_file_without_a_usable_password_is_refused(tmp_path: Path, text: str | None, mode: int, reason: str) -> None:
    given = tmp_path / "mine"
    if text is not None:
        secret(given, text, mode)
    with pytest.raises(ConfigError, match=rf"--grafana-password-file: .*{reason}"):
        admin_password(given, tmp_path / "data")


def test_a_kept_password_that_was_emptied_is_refused(tmp_path: Path) -> None:
    secret(tmp_path / "grafana-password", "")
    with pytest.raises(ConfigError, match="holds 0 characters"):
        admin_password(None, tmp_path)


def test_a_grafana_whose_password_is_not_known_is_not_given_a_new_one(tmp_path: Path) -> None:
    started(tmp_path)
    with pytest.raises(StackError, match="--grafana-password-file"):
        admin_password(None, tmp_path)
    assert not (tmp_path / "grafana-password").exists()


def test_a_directory_that_takes_no_password_is_said(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(StackError, match="cannot be written"):
        admin_password(None, tmp_path / "data")
