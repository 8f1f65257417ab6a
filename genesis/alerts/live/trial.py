"""`genesis alerts test`: promtool checks the rules of each alert, and amtool its routes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from genesis import programs
from genesis.alerts.documents import document
from genesis.alerts.live.definitions import Alert, AlertDefinitions
from genesis.alerts.live.routing import Routing
from genesis.alerts.notify.alertmanager import alertmanager_config
from genesis.alerts.notify.templates import templates
from genesis.clients.alertmanager import quoted


class Trial(NamedTuple):
    """One check: commands that all exit with 0 if it passes."""

    name: str
    commands: Sequence[Sequence[str | Path]]


class TrialResult(NamedTuple):
    """The result of a trial."""

    name: str
    fault: str | None
    """The output of the command that failed; None if none did."""


def trials(definitions: AlertDefinitions, folder: Path, names: Sequence[str], environ: Mapping[str, str]) -> list[Trial]:
    """All trials of the alerts in `names`, or of all alerts if it is empty; the files for the programs are written to `folder`.

    Raises:
        StackError: promtool or amtool is missing.
        UnknownError: an alert does not exist.
    """
    found = programs.require((programs.PROMTOOL, programs.AMTOOL), environ)
    chosen = [definitions.find(name).name for name in dict.fromkeys(names)] or list(definitions.alerts)
    manager = alertmanager_config(definitions.settings)
    rules = {f"rules/{name}.yml": _rules(definitions.alerts[name]) for name in chosen}
    for name, text in {**rules, "alertmanager.yml": manager, "templates/genesis.tmpl": templates()}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    promtool, amtool, config = found[programs.PROMTOOL], found[programs.AMTOOL], folder / "alertmanager.yml"
    tried = [
        Trial(f"{name}: its rules, with your thresholds", [(promtool, "check", "rules", folder / "rules" / f"{name}.yml")])
        for name in chosen
    ]
    checked = Trial("alertmanager.yml and its templates", [(amtool, "check-config", config)])
    routes = (amtool, "config", "routes", "test", f"--config.file={config}")
    return [*tried, checked, *_routes(definitions, Routing(manager), chosen, routes)]


async def results(trials: Sequence[Trial]) -> AsyncIterator[TrialResult]:
    """Run the trials, as many at a time as there are processors; their results in the order of the trials."""
    free = asyncio.Semaphore(os.cpu_count() or 1)

    async def run(trial: Trial) -> TrialResult:
        async with free:
            return await _tried(trial)

    tasks = [asyncio.create_task(run(trial)) for trial in trials]
    try:
        for task in tasks:
            yield await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _rules(alert: Alert) -> str:
    """The rules of one alert as a rule file."""
    return document({"groups": [{"name": alert.name, "rules": [rule.tree() for rule in alert.loaded]}]})


def _routes(
    definitions: AlertDefinitions, routing: Routing, names: Sequence[str], amtool: Sequence[str | Path]
) -> Iterator[Trial]:
    """For each alert with its severities and strategies: amtool has to find the same receivers as `Routing`."""
    for name in names:
        commands, reached = [], set()
        for labels in _label_sets(definitions, name):
            receivers = ",".join(one.receiver for one in routing.destinations(labels))
            words = [f"{label}={quoted(value)}" for label, value in labels.items()]
            commands.append((*amtool, f"--verify.receivers={receivers}", *words))
            reached.add(receivers)
        yield Trial(f"{name}: {_cases(len(commands))} of its routes, to {' or '.join(sorted(reached))}", commands)


def _label_sets(definitions: AlertDefinitions, name: str) -> Iterator[dict[str, str]]:
    alert = definitions.alerts[name]
    for severity in alert.rules:
        labels = {"alertname": name, "severity": severity}
        if not alert.of_strategy:
            yield labels
            continue
        yield from ({**labels, "strategy": strategy} for strategy in sorted(definitions.strategies))


async def _tried(trial: Trial) -> TrialResult:
    for command in trial.commands:
        if (fault := await _fault(command)) is not None:
            return TrialResult(trial.name, fault)
    return TrialResult(trial.name, None)


async def _fault(command: Sequence[str | Path]) -> str | None:
    """The output of a command that does not exit with 0; None if it does."""
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    return output.decode(errors="replace").strip() if process.returncode else None


def _cases(count: int) -> str:
    return "1 case" if count == 1 else f"{count} cases"
