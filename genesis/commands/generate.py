"""All generated files: made from the configuration and the catalogue, and replaced atomically."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from genesis.alerts.documents import DO_NOT_EDIT
from genesis.commands import reference, schemas
from genesis.configuration import Settings, load_settings
from genesis.core.errors import GenesisError
from genesis.monitoring.alert_manager import alertmanager_config, prometheus_config, rule_files, templates
from genesis.stack.grafana import data_sources

RULES = Path("prometheus/rules")
TEMPLATES = Path("alertmanager/templates")
BOARDS = Path("grafana/dashboards")
DATA_SOURCES = Path("grafana/provisioning/datasources")
DOCS = Path("docs")
SCHEMAS = Path("config/schemas")

_REMOVED_TESTS = Path("prometheus/tests")
"""Where release 0.1.0 generated tests of the rules: `write` removes them."""

_MARKS = {"*.yml": DO_NOT_EDIT, "*.tmpl": DO_NOT_EDIT, "*.json": '"uid": "genesis-'}
"""Text that identifies a generated file, by pattern of its name; JSON has no comments, but the boards have our uids."""


def generated_files(settings: Settings) -> dict[Path, str]:
    """All generated files: path below the repository → text. The same settings give the same text.

    Raises:
        GenesisError: the boards' SDK, a development dependency, is not installed.
    """
    alerts = settings.alerts
    return {
        **{RULES / name: text for name, text in rule_files(alerts, settings.rules).items()},
        Path("prometheus/prometheus.yml"): prometheus_config(
            alerts,
            monitor="monitor:9108",
            rotation="monitor:9109",
            alertmanager="alertmanager:9093",
            rule_files=["rules/*.yml"],
            scrape=settings.monitor.scrape,
            tls=settings.monitor.tls,
        ),
        Path("alertmanager/alertmanager.yml"): alertmanager_config(alerts),
        TEMPLATES / "genesis.tmpl": templates(),
        DATA_SOURCES / "genesis.yml": data_sources(alerts),
        DOCS / "alerts.md": reference.alerts(alerts, settings.rules),
        DOCS / "metrics.md": reference.metrics(),
        DOCS / "configuration.md": reference.configuration(),
        **{SCHEMAS / name: text for name, text in schemas.schemas().items()},
        **{BOARDS / name: text for name, text in _boards(settings).items()},
    }


def write(root: Path, settings: Settings | None = None) -> list[Path]:
    """Write changed files and remove obsolete ones; returns the paths below `root` that were touched.

    All texts are complete before the first is written, and all are on disk before the first file is replaced. So a fault in one
    of them, or a full disk, leaves every file as it was.

    Raises:
        GenesisError: the files cannot be written.
    """
    files = generated_files(settings or load_settings(root / "config"))
    changed = {path: text for path, text in files.items() if _read(root / path) != text}
    _replace({root / path: text for path, text in changed.items()})
    obsolete = _obsolete(root, files)
    for path in obsolete:
        (root / path).unlink()
    return [*changed, *obsolete]


def check(root: Path, settings: Settings | None = None) -> list[Path]:
    """The paths below `root` that `write` would touch: changed, missing or obsolete files."""
    files = generated_files(settings or load_settings(root / "config"))
    drifted = [path for path, text in files.items() if _read(root / path) != text]
    return [*drifted, *_obsolete(root, files)]


def _boards(settings: Settings) -> dict[str, str]:
    try:
        from genesis.boards import BoardSettings, boards  # noqa: PLC0415 - its SDK is needed only here
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != "grafana_foundation_sdk":
            raise
        raise GenesisError(
            "the boards need grafana-foundation-sdk, a development dependency: "
            "pip install -c constraints.txt -e '.[dev]', and run this again"
        ) from error
    return boards(BoardSettings.of(settings))


def _obsolete(root: Path, files: dict[Path, str]) -> list[Path]:
    """Files that were generated before and are obsolete now; files without the mark belong to the user and stay."""
    return [
        path.relative_to(root)
        for directory in (RULES, _REMOVED_TESTS, TEMPLATES, DATA_SOURCES, BOARDS)
        for pattern, mark in _MARKS.items()
        for path in sorted((root / directory).glob(pattern))
        if path.relative_to(root) not in files and mark in (_read(path) or "")
    ]


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode()
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def _replace(texts: Mapping[Path, str]) -> None:
    """Write all texts to temporary files next to their targets, then rename: a reader never sees a partial file."""
    temporary = {path: path.with_name(f".{path.name}.{os.getpid()}.new") for path in texts}
    try:
        for path, new in temporary.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(new, texts[path])
        for path, new in temporary.items():
            new.replace(path)
    except OSError as error:
        raise GenesisError(f"the generated files cannot be written: {error}") from error
    finally:
        for new in temporary.values():
            new.unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    with path.open("wb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
