"""Compares the rules that Prometheus has loaded with those of the files."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from genesis.alerts.rules import Record, Rule
from genesis.clients.prometheus import LoadedRule, Prometheus

RELOAD = "run `genesis generate`, and reload Prometheus"

Identity = tuple[str, str]
"""Name and severity of a rule; a recording rule has no severity."""


def identity(rule: Rule | Record) -> Identity:
    """Name and severity of a rule."""
    return (rule.alert, rule.severity) if isinstance(rule, Rule) else (rule.name, "")


async def faults(prometheus: Prometheus, rules: Iterable[Rule | Record]) -> dict[Identity, str]:
    """Rule → what is wrong with it in the running Prometheus; a correct rule is left out.

    Raises:
        ServerError: Prometheus does not answer.
    """
    loaded = {(one.name, one.labels.get("severity", "")): one for one in await prometheus.rules()}
    own = {identity(rule): rule for rule in rules}
    texts = dict.fromkeys([*(rule.expr for rule in own.values()), *(loaded[key].query for key in own if key in loaded)])
    # Prometheus formats both, so that a difference in layout does not count.
    forms = dict(zip(texts, await asyncio.gather(*map(prometheus.formatted, texts)), strict=True))
    found = {key: _fault(rule, loaded.get(key), forms) for key, rule in own.items()}
    return {key: fault for key, fault in found.items() if fault is not None}


def _fault(rule: Rule | Record, running: LoadedRule | None, forms: Mapping[str, str]) -> str | None:
    if running is None:
        return f"Prometheus has not loaded it: {RELOAD}"
    if running.health == "err":
        return f"Prometheus cannot evaluate it: {running.last_error}"
    others = [] if forms[rule.expr] == forms[running.query] else ["expression"]
    if isinstance(rule, Rule):
        timing = {"for": (rule.hold, running.duration), "keep_firing_for": (rule.keep_firing_for, running.keep_firing_for)}
        others += [key for key, (ours, theirs) in timing.items() if ours.total_seconds() != theirs]
        others += [] if rule.annotations == running.annotations else ["texts"]
    return f"Prometheus runs it with another {', '.join(others)}: {RELOAD}" if others else None
