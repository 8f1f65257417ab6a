"""`genesis check`: the generated files are up to date, and promtool and amtool accept them."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from genesis import programs
from genesis.commands import generate
from genesis.configuration import Settings
from genesis.settings.rotation import RotationSettings


class Finding(NamedTuple):
    """The result of one check: what was checked, and its fault; None if there is none."""

    note: str
    fault: str | None = None


def check_files(settings: Settings, root: Path, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Check the generated files under `root`, also with promtool and amtool if they are installed."""
    for path in generate.check(root, settings):
        yield Finding(str(path), "is not up to date with the configuration: run `genesis generate`")
    if settings.rotation.mode == "enforce" and settings.rotation.engine.url is None:
        yield Finding(
            "rotation.yaml: engine.url: mode enforce needs an engine: `genesis rotate run` does not start without one"
        )
    for key, strategy in settings.alerts.strategies_named():
        if strategy not in settings.strategies.strategies:
            yield Finding(
                f"alerts.yaml: {key}: {strategy!r} is not in strategies.yaml; it has an effect only if an engine "
                "sends its events"
            )
    promtool, amtool = (programs.find(program, environ) for program in (programs.PROMTOOL, programs.AMTOOL))
    rules = [path for path in sorted((root / "prometheus" / "rules").glob("*.yml")) if not path.name.endswith("_test.yml")]
    if promtool is None:
        yield Finding(
            "promtool is not installed: rules, prometheus.yml and the expressions of rotation.yaml are not checked by it"
        )
    else:
        yield _run(promtool, "check", "rules", *rules)
        yield _run(promtool, "check", "config", "--syntax-only", root / "prometheus" / "prometheus.yml")
        yield _expressions(promtool, settings.rotation)
    if amtool is None:
        yield Finding("amtool is not installed: alertmanager.yml is not checked by it")
    else:
        yield _run(amtool, "check-config", root / "alertmanager" / "alertmanager.yml")


def _expressions(promtool: Path, settings: RotationSettings) -> Finding:
    """Check that each expression of rotation.yaml is an instant vector: each becomes a rule in its own group."""
    expressions = {f"signals.{name}": promql for name, promql in settings.signals.items()}
    if settings.correlation is not None:
        expressions["correlation"] = settings.correlation
    # `sum` accepts only an instant vector; on its own line, a comment cannot swallow the closing bracket.
    groups = [
        {"name": key, "rules": [{"record": "checked", "expr": f"sum(\n{promql}\n)"}]} for key, promql in expressions.items()
    ]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "rotation.yaml")
        file.write_text(json.dumps({"groups": groups}), encoding="utf-8")
        found = _run(promtool, "check", "rules", file)
    return Finding("rotation.yaml: promtool on its expressions", found.fault)


def _run(*command: str | Path) -> Finding:
    words = [str(part) for part in command]
    done = subprocess.run(words, check=False, capture_output=True, text=True)  # noqa: S603 - our own words only
    note = " ".join([Path(words[0]).name, *words[1:]])
    return Finding(note, None if done.returncode == 0 else f"{done.stdout}{done.stderr}".strip())
