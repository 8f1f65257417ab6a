"""A demo's directory: temporary and gone, or the user's and kept; never shared."""

from __future__ import annotations

from pathlib import Path

import pytest

from genesis.core.errors import StackError
from genesis.demo.workspace import workspace


def test_a_temporary_directory_goes_away_with_all_that_is_in_it(tmp_path: Path) -> None:
    with workspace(None, tmp_path) as directory:
        (directory / "log").mkdir()
        (directory / "log" / "prometheus.log").write_text("ready")
    assert list(tmp_path.iterdir()) == []


def test_a_temporary_directory_goes_away_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="crash"), workspace(None, tmp_path):
        raise RuntimeError("crash")
    assert list(tmp_path.iterdir()) == []


def test_a_given_directory_is_made_and_kept(tmp_path: Path) -> None:
    with workspace(tmp_path / "a" / "b") as directory:
        (directory / "journal.db").write_text("books")
    assert (tmp_path / "a" / "b" / "journal.db").read_text() == "books"


def test_two_demos_do_not_share_a_directory(tmp_path: Path) -> None:
    with workspace(tmp_path), pytest.raises(StackError, match="in use by another demo"), workspace(tmp_path):
        pass


def test_what_a_killed_demo_left_is_removed_and_a_running_ones_is_not(tmp_path: Path) -> None:
    killed = tmp_path / "demo-killed"
    killed.mkdir()
    (killed / "in-use.lock").touch()
    foreign = tmp_path / "demo-notes"
    foreign.mkdir()
    with workspace(None, tmp_path) as running, workspace(None, tmp_path) as second:
        assert running.exists()
        assert second.exists()
        assert not killed.exists()
        assert foreign.exists()


def test_a_directory_that_cannot_be_made_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StackError, match=r"file/data.*choose another with --data"), workspace(tmp_path / "file" / "data"):
        pass


def test_an_error_of_the_demo_itself_is_not_blamed_on_the_directory(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="disk on fire"), workspace(tmp_path):
        raise OSError("disk on fire")
