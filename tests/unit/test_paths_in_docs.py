"""README, CONTRIBUTING and the hand-written pages of docs/: the paths, links and rooms that they name exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.unit.test_imports import MODULES, imported, name_of

ROOT = Path(__file__).parents[2]
GENERATED = {"alerts.md", "configuration.md", "metrics.md"}
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(page for page in (ROOT / "docs").glob("*.md") if page.name not in GENERATED),
]
TOP_LEVEL = {
    *(".github", "alertmanager", "bench", "config", "docs", "genesis", "grafana", "prometheus", "tests"),
    *(".pre-commit-config.yaml", "CHANGELOG.md", "Dockerfile", "Makefile", "constraints.txt", "docker-compose.yml"),
    "pyproject.toml",
}
"""A word in backquotes that begins with one of these is a path of the repository."""
BLOCK = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)


def prose(page: Path) -> str:
    """The page without its code blocks."""
    return BLOCK.sub("", page.read_text(encoding="utf-8"))


def paths_in(text: str) -> Iterator[str]:
    """The words in backquotes that look like paths of the repository."""
    for word in re.findall(r"`([^`\n]+)`", text):
        if word.split("/")[0] in TOP_LEVEL and re.fullmatch(r"[\w./-]+", word):
            yield word


def exists(path: str) -> bool:
    """Whether there is such a file, or such a folder; what ends in a slash is a folder."""
    return (ROOT / path).is_dir() if path.endswith("/") else (ROOT / path).exists()


def slug(heading: str) -> str:
    """A heading's anchor, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def test_what_looks_like_a_path_is_found_and_nothing_else() -> None:
    text = "`genesis/core/models.py`, `tests/unit/`, `rotation.yaml`, `genesis check`, `genesis_alert`, `docs/a b`, `/metrics`"
    assert list(paths_in(text)) == ["genesis/core/models.py", "tests/unit/"]
    assert exists("genesis/core/models.py")
    assert exists("tests/unit/")
    assert not exists("genesis/core/models.py/")
    assert not exists("genesis/nothing.py")


def test_every_path_that_a_page_names_exists() -> None:
    found = [(page, path) for page in PAGES for path in paths_in(prose(page))]
    assert len(found) > 40
    missing = [f"{page.relative_to(ROOT)}: `{path}`" for page, path in found if not exists(path)]
    assert not missing, "\n".join(missing)


def test_every_file_in_the_table_of_rooms_is_in_its_room() -> None:
    rows = [re.findall(r"`([\w./]+)`", row) for row in re.findall(r"^\| (`.*) \|$", room_tables(), re.MULTILINE)]
    files = [(row[0], name) for row in rows for name in row if name.endswith(("/", ".py"))]
    places = {(room, name): (name, f"genesis/{name}", f"genesis/{room}/{name}") for room, name in files}
    missing = [f"{room}: {name}" for (room, name), paths in places.items() if not any(map(exists, paths))]
    assert not missing, "\n".join(missing)


def test_every_link_leads_somewhere() -> None:
    broken = []
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
            if "://" in target:
                continue
            name, _, anchor = target.partition("#")
            file = page.parent / name if name else page
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE) if file.suffix == ".md" else ()
            if not file.exists() or (anchor and anchor not in map(slug, headings)):
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert not broken, "\n".join(broken)


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert set(re.findall(r"\]\((\w+\.md)\)", index)) == pages


def room_tables() -> str:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    return text.partition("## The rooms")[2].partition("\n## ")[0]


def rooms() -> dict[str, set[str] | None]:
    """Room → the rooms that docs/architecture.md lets it import; None for one that may import any."""
    found: dict[str, set[str] | None] = {}
    for row in re.findall(r"^\| (`.*) \|$", room_tables(), re.MULTILINE):
        names, _, *allowed = row.split(" | ")
        for name in re.findall(r"`([^`]+)`", names):
            found[room_name(name)] = set(re.findall(r"`([^`]+)`", allowed[0])) if allowed else None
    return found


def room_name(path: str) -> str:
    return path.removesuffix(".py").strip("/").replace("/", ".")


def room_of(module: str, known: dict[str, set[str] | None]) -> str:
    parts = module.split(".")
    prefixes = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((prefix for prefix in prefixes if prefix in known), parts[0])


def test_the_rooms_of_the_architecture_are_those_that_there_are() -> None:
    real = {name_of(path).split(".")[0] for path in MODULES} - {""}
    named = {room.split(".")[0] for room in rooms()}
    assert named == real, f"not on the page: {sorted(real - named)}; not in genesis/: {sorted(named - real)}"


def test_no_room_imports_one_that_its_row_does_not_name() -> None:
    known = rooms()
    wrong = []
    for path in MODULES:
        room = room_of(name_of(path), known)
        allowed = known.get(room)
        if allowed is None:
            continue
        others = {room_of(module, known) for module in imported(path)} - {room}
        wrong += [f"{name_of(path)} imports {other}" for other in sorted(others - allowed)]
    assert not wrong, "\n".join(wrong)


def test_a_row_names_only_rooms_that_stand_above_it() -> None:
    above: set[str] = set()
    for room, allowed in rooms().items():
        assert allowed is None or allowed <= above, f"{room}: {sorted(allowed - above)} do not stand above it"
        above.add(room)
