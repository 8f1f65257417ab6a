"""`genesis alerts test`: promtool reads the rules of each alert, and amtool takes its routes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from genesis.alerts.documents import document
from genesis.alerts.live.definitions import Alert, AlertDefinitions
from genesis.alerts.live.routing import Routing
from genesis.clients.alertmanager import quoted
from genesis.monitoring.alert_manager import alertmanager_config, templates
from genesis.stack import programs


class Trial(NamedTuple):
    """One thing that is tried: programs that end with 0 if it is right."""

    name: str
    commands: Sequence[Sequence[str | Path]]


class TrialResult(NamedTuple):
    """What came of a trial."""

    name: str
    fault: str | None
    """What the program says is wrong; None if nothing is."""


def trials(book: AlertDefinitions, folder: Path, names: Sequence[str], environ: Mapping[str, str]) -> list[Trial]:
    """Everything there is to try of these alerts, of all without a name; what the programs read is written to `folder`.

    Raises:
        StackError: promtool or amtool is missing.
        UnknownError: there is no such alert.
    """
    found = programs.require((programs.PROMTOOL, programs.AMTOOL), environ)
    chosen = [book.find(name).name for name in dict.fromkeys(names)] or list(book.alerts)
    manager = alertmanager_config(book.settings)
    rules = {f"rules/{name}.yml": _rules(book.alerts[name]) for name in chosen}
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
    return [*tried, checked, *_routes(book, Routing(manager), chosen, routes)]


async def verdicts(trials: Sequence[Trial]) -> AsyncIterator[TrialResult]:
    """Run the trials, as many at a time as there are processors; the verdicts as they come."""
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
    """The rules of one alert, as a file that Prometheus would load."""
    return document({"groups": [{"name": alert.name, "rules": [rule.tree() for rule in alert.loaded]}]})


def _routes(book: AlertDefinitions, routing: Routing, names: Sequence[str], amtool: Sequence[str | Path]) -> Iterator[Trial]:
    """For each alert, its severities and strategies: amtool has to come to the receivers that we say it comes to."""
    for name in names:
        commands, ends = [], set()
        for labels in _label_sets(book, name):
            receivers = ",".join(taken.receiver for taken in routing.routes(labels))
            words = [f"{label}={quoted(value)}" for label, value in labels.items()]
            commands.append((*amtool, f"--verify.receivers={receivers}", *words))
            ends.add(receivers)
        yield Trial(f"{name}: {_cases(len(commands))} of its routes, to {' or '.join(sorted(ends))}", commands)


def _label_sets(book: AlertDefinitions, name: str) -> Iterator[dict[str, str]]:
    alert = book.alerts[name]
    for severity in alert.rules:
        labels = {"alertname": name, "severity": severity}
        if not alert.of_strategy:
            yield labels
            continue
        yield from ({**labels, "strategy": strategy} for strategy in sorted(book.strategies))


async def _tried(trial: Trial) -> TrialResult:
    for command in trial.commands:
        if (fault := await _fault(command)) is not None:
            return TrialResult(trial.name, fault)
    return TrialResult(trial.name, None)


async def _fault(command: Sequence[str | Path]) -> str | None:
    """What a program says when it does not end with 0."""
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        told, _ = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    return told.decode(errors="replace").strip() if process.returncode else None


def _cases(count: int) -> str:
    return "1 case" if count == 1 else f"{count} cases"
