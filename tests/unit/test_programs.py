"""Programs are found by variable or PATH; what is missing is named with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from genesis import programs
from genesis.core.errors import StackError


def executable(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_debians_name_of_alertmanager_is_found(tmp_path: Path) -> None:
    path = executable(tmp_path / "prometheus-alertmanager")
    assert programs.find(programs.ALERTMANAGER, {"PATH": str(tmp_path)}) == path


def test_a_variable_goes_before_path(tmp_path: Path) -> None:
    executable(tmp_path / "bin" / "prometheus")
    mine = executable(tmp_path / "mine" / "prometheus-3")
    environ = {"PATH": str(tmp_path / "bin"), "GENESIS_PROMETHEUS": str(mine)}
    assert programs.find(programs.PROMETHEUS, environ) == mine


def test_a_variable_that_names_nothing_executable_is_refused_with_name_and_value(tmp_path: Path) -> None:
    (tmp_path / "prometheus").write_text("not executable")
    environ = {"PATH": "", "GENESIS_PROMETHEUS": str(tmp_path / "prometheus")}
    with pytest.raises(StackError, match=r"GENESIS_PROMETHEUS: '.*/prometheus' is not an executable file"):
        programs.find(programs.PROMETHEUS, environ)


def test_all_that_is_missing_is_named_with_every_way_to_have_it(tmp_path: Path) -> None:
    executable(tmp_path / "amtool")
    with pytest.raises(StackError) as caught:
        programs.require(programs.ALL, {"PATH": str(tmp_path)})
    text = str(caught.value)
    assert text.startswith("not found: prometheus, promtool, alertmanager.")
    assert "apt-get install --no-install-recommends prometheus prometheus-alertmanager\n" in text
    assert "GENESIS_PROMETHEUS=/path/to/prometheus" in text
    assert "docker compose up" in text
    assert "amtool" not in text


def test_install_is_silent_and_does_nothing_when_all_is_there(tmp_path: Path) -> None:
    for name in ("prometheus", "promtool", "alertmanager", "amtool"):
        executable(tmp_path / name)
    executable(tmp_path / "apt-get", "#!/bin/sh\necho called >&2\nexit 1\n")
    said: list[str] = []
    programs.install(programs.ALL, {"PATH": str(tmp_path)}, said.append)
    assert said == []


def test_install_without_root_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    executable(tmp_path / "apt-get")
    executable(tmp_path / "sudo", "#!/bin/sh\nexit 1\n")
    said: list[str] = []
    with pytest.raises(StackError, match="as root:"):
        programs.install(programs.ALL, {"PATH": str(tmp_path)}, said.append)
    assert said == []


def test_install_without_apt_says_what_to_use_instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    with pytest.raises(StackError, match="docker compose up"):
        programs.install(programs.ALL, {"PATH": str(tmp_path)}, print)


def test_a_program_beside_path_is_found_in_its_newest_version(tmp_path: Path) -> None:
    for version in ("9", "15"):
        executable(tmp_path / version / "bin" / "postgres")
    program = programs.POSTGRES._replace(folders=(f"{tmp_path}/*/bin",))
    assert programs.find(program, {"PATH": ""}) == tmp_path / "15" / "bin" / "postgres"
    executable(tmp_path / "own" / "postgres")
    assert programs.find(program, {"PATH": str(tmp_path / "own")}) == tmp_path / "own" / "postgres"


def test_what_only_the_tests_need_is_not_needed_by_the_demo_and_the_checks() -> None:
    assert programs.POSTGRES not in programs.ALL
    assert programs.POSTGRES in programs.TESTED
