"""The rooms know only the rooms that the design lets them know, and every module can be imported by itself."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "genesis"

# Room → the rooms it may import, itself and genesis/__init__.py aside. A room is the longest prefix that stands here.
ALLOWED: dict[str, set[str]] = {
    "core": set(),
    "settings": {"core"},
    "database": {"core", "settings"},
    "ledger": {"core", "database"},
    "ingest": {"core", "settings"},
    "analytics": {"core", "settings", "ledger"},
    "snapshot": {"core", "ledger", "analytics"},
    "metrics": {"core", "ledger", "analytics", "snapshot"},
    "alerts": {"core", "settings", "metrics"},
    "monitoring": {"core", "settings", "ledger", "analytics", "snapshot", "metrics"},
    "monitoring.alert_manager": {"alerts"},
    "clients": {"core"},
    "alerts.live": {"core", "settings", "clients", "alerts", "metrics", "programs"},
    "rotation": {"core", "settings", "clients", "database", "metrics", "configuration"},
    "engine": {"core", "settings", "ingest"},
    "configuration": {"core", "settings", "alerts"},
    "boards": {"core", "settings", "metrics", "alerts", "configuration"},
    "programs": {"core"},
    "stack": {"core", "settings", "alerts", "configuration", "monitoring.alert_manager", "programs"},
}
# Whoever puts rooms together may know them all; nobody may know these.
COMPOSERS = {"app", "cli", "commands", "demo", "simulate", "__main__", "logs", "signals"}
TOGETHER = {"app", "cli", "demo", "__main__"}

MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    """`genesis/a/b.py` is `a.b`; a package is called as its folder."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip(".")


def room_of(module: str) -> str:
    parts = module.split(".")
    prefixes = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((prefix for prefix in prefixes if prefix in ALLOWED or prefix in COMPOSERS), parts[0])


def imported(path: Path) -> Iterator[str]:
    """The genesis modules that a file imports, without the `genesis.` before them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.removeprefix("genesis.") for alias in node.names if alias.name.startswith("genesis."))
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                if full.startswith("genesis.") and not alias.name.startswith("__"):
                    yield full.removeprefix("genesis.")


def may_know(room: str, other: str) -> bool:
    if room in COMPOSERS:
        return other not in TOGETHER or room in TOGETHER
    return other in ALLOWED.get(room, set())


def test_a_room_imports_only_what_the_design_lets_it() -> None:
    assert len(MODULES) > 100
    found = ((name_of(path), module) for path in MODULES for module in imported(path))
    pairs = ((importer, module, room_of(importer), room_of(module)) for importer, module in found)
    wrong = [
        f"{importer} imports {module}; {room} may know {ALLOWED.get(room)}"
        for importer, module, room, other in pairs
        if other != room and not may_know(room, other)
    ]
    assert not wrong, "\n".join(wrong)


def test_every_room_has_its_place_in_the_rules() -> None:
    rooms = {room_of(name_of(path)) for path in MODULES if name_of(path)}
    assert rooms <= ALLOWED.keys() | COMPOSERS


def test_no_rooms_import_each_other_in_a_circle() -> None:
    graphlib.TopologicalSorter(ALLOWED).prepare()


def loaded_by(imports: str) -> set[str]:
    script = f"import sys, {imports}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def test_the_monitor_process_loads_nothing_that_it_does_not_need() -> None:
    unwanted = {"grafana_foundation_sdk", "pandas", "scipy", "genesis.engine", "genesis.boards", "genesis.demo"}
    loaded = loaded_by("genesis.cli, genesis.app")
    assert "genesis.app" in loaded
    assert not unwanted & loaded


def test_the_rotation_process_loads_nothing_that_it_does_not_need() -> None:
    loaded = loaded_by("genesis.rotation.app")
    assert "genesis.rotation.app" in loaded
    assert not {"numpy", "genesis.analytics.risk", "genesis.snapshot", "genesis.monitoring"} & loaded
