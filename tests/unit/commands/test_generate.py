"""genesis generate: every file at once, each replaced whole; drift is found; a fault leaves everything as it was."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from pathlib import Path

import pytest

from genesis.alerts.documents import HEADER
from genesis.commands import generate
from genesis.configuration import load_settings
from genesis.core.errors import ConfigError, GenesisError

ROOT = Path(__file__).parents[3]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository that has only its configuration."""
    shutil.copytree(ROOT / "config", tmp_path / "config", ignore=shutil.ignore_patterns("schemas"))
    return tmp_path


def files_below(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_the_repositorys_generated_files_are_up_to_date() -> None:
    assert generate.check(ROOT) == []


def test_everything_is_written_and_a_second_run_touches_nothing(root: Path) -> None:
    written = generate.write(root)
    assert set(written) == set(generate.generated_files(load_settings(root / "config")))
    assert {path.parts[0] for path in written} == {"config", "prometheus", "alertmanager", "grafana", "docs"}
    assert generate.check(root) == []
    before = {path: (root / path).stat().st_mtime_ns for path in written}
    assert generate.write(root) == []
    assert before == {path: (root / path).stat().st_mtime_ns for path in written}


def test_the_same_settings_make_the_same_bytes() -> None:
    settings = load_settings(ROOT / "config")
    assert generate.generated_files(settings) == generate.generated_files(settings)


def test_every_generated_text_says_that_it_is_generated() -> None:
    for path, text in generate.generated_files(load_settings(ROOT / "config")).items():
        if path.suffix != ".json":  # JSON has no comments
            assert "DO NOT EDIT" in text.splitlines()[0], path
            assert "genesis generate" in text.splitlines()[0], path


def test_a_changed_missing_or_left_over_file_is_drift(root: Path) -> None:
    generate.write(root)
    changed, missing = Path("prometheus/rules/losses.yml"), Path("docs/metrics.md")
    left_over = Path("prometheus/rules/old.yml")
    (root / left_over).write_bytes((root / changed).read_bytes())
    (root / changed).write_text((root / changed).read_text().replace("0.05", "0.5"))
    (root / missing).unlink()
    assert set(generate.check(root)) == {changed, missing, left_over}
    assert set(generate.write(root)) == {changed, missing, left_over}
    assert generate.check(root) == []
    assert not (root / left_over).exists()


def test_a_file_of_somebody_else_is_left_alone(root: Path) -> None:
    generate.write(root)
    own = [root / "prometheus/rules/own.yml", root / "grafana/dashboards/own.json"]
    for path in own:
        path.write_text("{}\n")
    assert generate.check(root) == []
    assert generate.write(root) == []
    assert all(path.exists() for path in own)


def test_tests_of_rules_that_an_earlier_release_made_are_removed(root: Path) -> None:
    generate.write(root)
    once, own = root / "prometheus/tests/DailyLoss.yml", root / "prometheus/tests/own.yml"
    once.parent.mkdir()
    once.write_text(HEADER + "tests: []\n")
    own.write_text("tests: []\n")
    assert generate.check(root) == [Path("prometheus/tests/DailyLoss.yml")]
    generate.write(root)
    assert (once.exists(), own.exists()) == (False, True)


def test_a_changed_threshold_changes_rules_and_docs_together(root: Path) -> None:
    generate.write(root)
    alerts = root / "config" / "alerts.yaml"
    alerts.write_text(alerts.read_text().replace("warning: 0.8 # leaves", "warning: 0.7 # leaves"))
    assert {str(path) for path in generate.check(root)} == {
        "prometheus/rules/losses.yml",
        "docs/alerts.md",
    }


def test_wrong_configuration_writes_nothing(root: Path) -> None:
    generate.write(root)
    alerts = root / "config" / "alerts.yaml"
    alerts.write_text(alerts.read_text().replace("warning: 0.8 # leaves", "warning: 1.8 # leaves"))
    before = files_below(root)
    with pytest.raises(ConfigError, match=r"alerts\.DailyLoss\.critical"):
        generate.write(root)
    assert files_below(root) == before


@pytest.mark.parametrize("taken", [0, 2])
def test_a_disk_that_fills_up_leaves_all_files_as_they_were_and_no_rubbish(
    root: Path, monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    """Rules of one configuration next to the routes of another would be half a change."""
    generate.write(root)
    for name in ("prometheus/rules/losses.yml", "alertmanager/alertmanager.yml"):
        (root / name).write_text("old\n")
    (root / "docs" / "alerts.md").write_text("old\n")
    before = files_below(root)
    written: list[int] = []

    def full(file: int) -> None:
        written.append(file)
        if len(written) > taken:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(GenesisError, match=r"cannot be written: .*No space left"):
        generate.write(root)
    assert files_below(root) == before


def test_generated_files_can_be_read_by_the_programs_users(root: Path) -> None:
    mask = os.umask(0o022)
    try:
        generate.write(root)
    finally:
        os.umask(mask)
    assert stat.S_IMODE((root / "alertmanager" / "alertmanager.yml").stat().st_mode) == 0o644


@pytest.fixture
def without_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("genesis.boards", "grafana_foundation_sdk"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "grafana_foundation_sdk", None)


@pytest.mark.usefixtures("without_sdk")
def test_without_the_boards_sdk_the_error_says_what_to_install(root: Path) -> None:
    with pytest.raises(GenesisError, match=r"pip install .*\[dev\]"):
        generate.write(root)
    assert set(files_below(root)) == {f"config/{path.name}" for path in (ROOT / "config").glob("*.yaml")}
