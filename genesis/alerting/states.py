"""What alerts do now: firing or pending by Prometheus, silenced or muted by Alertmanager."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from genesis.clients.alertmanager import Alertmanager, ManagedAlert
from genesis.clients.prometheus import Prometheus, RuleAlert
from genesis.core.errors import ServerError


class States(NamedTuple):
    """The alerts of both servers at one moment; None where a server could not be asked."""

    rules: list[RuleAlert] | None
    managed: list[ManagedAlert] | None
    notes: tuple[str, ...] = ()
    """Why a server could not be asked."""

    def text(self, alert: str, severity: str, strategy: str | None = None) -> str:
        """The state of an alert in a word or a few; ? if Prometheus could not be asked."""
        if self.rules is None:
            return "?"
        found = list(self.of(alert, severity, strategy))
        parts = [_counted(state, sum(one.state == state for one in found)) for state in ("firing", "pending")]
        quiet = [one for one in self.managed or () if _is(one.labels, alert, severity, strategy)]
        parts.append(_counted("silenced", sum(bool(one.status.silenced_by) for one in quiet)))
        parts.append(_counted("muted", sum(bool(one.status.inhibited_by) for one in quiet)))
        return ", ".join(part for part in parts if part) or "-"

    def of(self, alert: str, severity: str, strategy: str | None = None) -> Iterable[RuleAlert]:
        """The pending and firing ones of an alert, by Prometheus."""
        return (one for one in self.rules or () if _is(one.labels, alert, severity, strategy))

    def managed_of(self, alert: str, severity: str, strategy: str | None = None) -> Iterable[ManagedAlert]:
        """Those that Alertmanager has."""
        return (one for one in self.managed or () if _is(one.labels, alert, severity, strategy))


async def states(prometheus: Prometheus, manager: Alertmanager) -> States:
    """The states now; a server that cannot be asked is a note, and no error."""
    notes, rules, managed = [], None, None
    try:
        rules = await prometheus.alerts()
    except ServerError as error:
        notes.append(str(error))
    try:
        managed = await manager.alerts()
    except ServerError as error:
        notes.append(str(error))
    return States(rules, managed, tuple(notes))


def _is(labels: dict[str, str], alert: str, severity: str, strategy: str | None) -> bool:
    right = labels.get("alertname") == alert and labels.get("severity") == severity
    return right and (strategy is None or labels.get("strategy") in {strategy, None})


def _counted(state: str, count: int) -> str:
    if count == 0:
        return ""
    return state if count == 1 else f"{count} {state}"
