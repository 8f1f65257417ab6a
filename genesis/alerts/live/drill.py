"""A test alert: the labels and texts of a real one, marked as a test. It takes the routes of the real one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote_plus

from genesis.alerts.live.definitions import WATCHDOG, Alert
from genesis.alerts.notify.settings import TEST
from genesis.core.errors import GenesisError

INSTANCE = "genesis alerts fire"

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_FIXED = {"alertname", "severity", "strategy", "instance", TEST}
_NOTE = "This is a test by `genesis alerts fire`: nothing is wrong."


@dataclass(frozen=True, slots=True)
class Drill:
    """A test alert for Alertmanager."""

    alert: Alert
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    @property
    def severity(self) -> str:
        return self.labels["severity"]


def drill(alert: Alert, strategy: str | None, severity: str | None, given: Mapping[str, str]) -> Drill:
    """The test alert of a rule, with its figure at the threshold.

    Args:
        alert: what to send.
        strategy: its label `strategy`; None for an alert without that label.
        severity: one of the alert's; None means the most urgent one.
        given: further labels, such as `symbol`; a label that the texts name and that is not given is "test".

    Raises:
        GenesisError: the arguments do not fit the alert; the message says what would.
    """
    if alert.name == WATCHDOG:
        raise GenesisError(f"{WATCHDOG} fires all the time: `genesis alerts explain {WATCHDOG}` shows who is notified")
    if alert.of_strategy and strategy is None:
        raise GenesisError(f"{alert.name} is about a strategy: name one with --strategy")
    if strategy is not None and not alert.of_strategy:
        raise GenesisError(f"{alert.name} is not about a strategy: leave --strategy out")
    severity = severity or next(iter(alert.rules))
    if severity not in alert.rules:
        raise GenesisError(f"{alert.name} does not fire with severity {severity}: it has {', '.join(alert.rules)}")
    invented = dict.fromkeys(sorted(alert.labels - _FIXED), "test")
    if parts := [one.part for one in alert.thresholds if one.part and "period" in invented]:
        invented["period"] = parts[0]
    labels = {
        "alertname": alert.name,
        "severity": severity,
        **({"strategy": strategy} if strategy is not None else {}),
        **invented,
        **_checked(given),
        "instance": INSTANCE,
        TEST: "true",
    }
    return Drill(alert, labels, _texts(alert, labels))


def _texts(alert: Alert, labels: Mapping[str, str]) -> dict[str, str]:
    """The message with its placeholders filled by the labels of the same names, or by texts of the rule without templates."""
    severity = labels["severity"]
    levels = [alert.shown(severity, one.value) for one in alert.levels(severity, labels)] or ["1"]
    invented = {"value": levels[-1], "threshold": " to ".join(levels)}
    plain = {word: text for word, text in alert.rules[severity].words.items() if "{{" not in text}
    strategy = quote_plus(labels["strategy"]) if "strategy" in labels else None
    texts = alert.definition.annotations(invented | plain | dict(labels), strategy)
    # The texts say that it is a test, because not every receiver shows labels.
    texts["summary"] = f"{texts['summary']} (test)"
    texts["description"] = f"{_NOTE} {texts['description']}"
    return texts


def _checked(given: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in given.items():
        if not value:
            raise GenesisError(f"--label: {name} has no value: write {name}=VALUE")
        if _LABEL.fullmatch(name) is None:
            raise GenesisError(
                f"--label: {name!r} is not a valid label name: use letters, digits and _, and do not begin with a digit"
            )
        if name in _FIXED:
            raise GenesisError(f"--label: {name} is set already: only --severity and --strategy change such a label")
    return given
