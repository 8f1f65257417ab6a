"""docs/dependencies.md has every dependency, and constraints.txt pins it."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RUN_TIME: list[str] = PROJECT["dependencies"]
DEVELOPMENT: list[str] = PROJECT["optional-dependencies"]["dev"]
BENCHMARKS: list[str] = PROJECT["optional-dependencies"]["bench"]
TABLES = [("At run time", RUN_TIME), ("For development", DEVELOPMENT), ("For the benchmarks", BENCHMARKS)]
DOC = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")


def name_of(requirement: str) -> str:
    return re.split(r"[<>=!~\[; ]", requirement, maxsplit=1)[0]


def rows(heading: str) -> dict[str, list[str]]:
    """The rows of the table below a heading: first cell → the others."""
    section = DOC.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {re.sub(r"`| \(.*", "", first): others for first, *others in cells}


@pytest.mark.parametrize(("heading", "declared"), TABLES)
def test_the_document_has_exactly_what_is_declared_each_with_a_use_and_a_reason(heading: str, declared: list[str]) -> None:
    documented = rows(heading)
    assert sorted(documented) == sorted(map(name_of, declared))
    assert all(len(others) == 2 and all(len(text) > 10 for text in others) for others in documented.values())


def test_every_dependency_is_pinned() -> None:
    def plain(name: str) -> str:
        return re.sub(r"[-_.]+", "-", name).lower()

    pins = {plain(name_of(line)) for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()}
    assert {plain(name_of(requirement)) for requirement in (*RUN_TIME, *DEVELOPMENT, *BENCHMARKS)} <= pins


def test_the_document_says_so_while_a_dependency_is_not_used() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "genesis").rglob("*.py"))
    used = re.search(r"^\s*(import|from) numpy\b", sources, re.MULTILINE) is not None
    assert ("Not imported yet" in " ".join(rows("At run time")["numpy"])) is not used


def test_constraints_name_no_registry() -> None:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.!+]*", line) for line in text.splitlines())
