"""Every alert, one file a topic; each topic is a group of rules in a file of its name.

A topic is a module of this package, and its alerts are the `Alert` objects that it defines, in the order of their definition.
Settings, rules, docs and tests read what is defined here, so no other list has to be kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from genesis.alerts.alert import Alert

_ORDER = (
    "losses",
    "account",
    "books",
    "risk",
    "trades",
    "degradation",
    "execution",
    "capacity",
    "feeds",
    "events",
    "journal",
    "monitor",
    "rotation",
    "alerting",
)
"""The order of the topics in alerts.yaml, docs/alerts.md and on the page of the runbooks. Others come last."""


def _topics() -> Iterator[tuple[str, tuple[Alert[Any], ...]]]:
    found = sorted(module.name for module in iter_modules(__path__))
    for topic in sorted(found, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER)):
        defined = vars(import_module(f"{__name__}.{topic}")).values()
        yield topic, tuple(one for one in defined if isinstance(one, Alert))


def alerts_by_name(topics: Mapping[str, tuple[Alert[Any], ...]]) -> dict[str, Alert[Any]]:
    """Name → alert.

    Raises:
        ValueError: two have the same name, or a topic imports an alert of another one.
    """
    alerts: dict[str, Alert[Any]] = {}
    for topic, found in topics.items():
        for alert in found:
            if alert.name in alerts:
                raise ValueError(
                    f"genesis/alerts/catalog/{topic}.py: there is an alert {alert.name} already; define each once, import none"
                )
            alerts[alert.name] = alert
    return alerts


TOPICS: Mapping[str, tuple[Alert[Any], ...]] = dict(_topics())
"""Topic → its alerts."""

ALERTS: Mapping[str, Alert[Any]] = alerts_by_name(TOPICS)
"""Name → alert."""
