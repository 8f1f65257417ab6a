"""The current states of alerts: firing or pending from Prometheus, silenced or muted from Alertmanager."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from genesis.alerts.live.definitions import Alert
from genesis.alerts.live.loaded import Identity, faults, identity
from genesis.alerts.live.routing import Routing
from genesis.alerts.live.suppression import Cover, covers
from genesis.alerts.rules import Record, Rule
from genesis.clients.alertmanager import Alertmanager, ManagedAlert, Silence
from genesis.clients.prometheus import Prometheus, RuleAlert
from genesis.core.errors import ServerError


class States(NamedTuple):
    """The alerts of both servers at one moment; None where a server did not answer."""

    rules: list[RuleAlert] | None
    managed: list[ManagedAlert] | None
    silences: list[Silence] | None = None
    routing: Routing | None = None
    """The routes of the running Alertmanager, which may differ from those of the files."""
    faults: Mapping[Identity, str] | None = None
    """Rules that Prometheus does not run as the files have them, and why."""
    notes: tuple[str, ...] = ()
    """Why a server did not answer."""

    def text(self, alert: str, severity: str, strategy: str | None = None) -> str:
        """The state of an alert in a few words; ? if Prometheus did not answer."""
        if self.rules is None:
            return "?"
        found = list(self.active(alert, severity, strategy))
        parts = ["FAULT"] if (alert, severity) in (self.faults or {}) else []
        parts += [_counted(state, sum(one.state == state for one in found)) for state in ("firing", "pending")]
        managed = list(self.in_alertmanager(alert, severity, strategy))
        silenced = sum(bool(one.status.silenced_by) for one in managed)
        parts.append(_counted("silenced", silenced if managed else int(self._all_silenced(alert, severity, strategy))))
        parts.append(_counted("muted", sum(bool(one.status.inhibited_by) for one in managed)))
        return ", ".join(part for part in parts if part) or "-"

    def fault(self, rule: Rule | Record) -> str | None:
        """What is wrong with a rule of the files in the running Prometheus; None if nothing is."""
        return (self.faults or {}).get(identity(rule))

    def active(self, alert: str, severity: str, strategy: str | None = None) -> Iterable[RuleAlert]:
        """The pending and firing instances of an alert, from Prometheus."""
        return (one for one in self.rules or () if _is(one.labels, alert, severity, strategy))

    def in_alertmanager(self, alert: str, severity: str, strategy: str | None = None) -> Iterable[ManagedAlert]:
        """The instances of an alert that Alertmanager has."""
        return (one for one in self.managed or () if _is(one.labels, alert, severity, strategy))

    def _all_silenced(self, alert: str, severity: str, strategy: str | None) -> bool:
        """Whether a silence matches every instance that the alert could have."""
        labels = {"alertname": alert, "severity": severity} | ({} if strategy is None else {"strategy": strategy})
        return any(covers(silence, labels) is Cover.ALL for silence in self.silences or ())


async def states(prometheus: Prometheus, manager: Alertmanager, alerts: Iterable[Alert]) -> States:
    """The current states of these alerts. A server that does not answer adds a note; it is not an error."""
    notes, rules, managed, silences, routing, found = [], None, None, None, None, None
    try:
        rules = await prometheus.alerts()
        found = await faults(prometheus, (rule for one in alerts for rule in one.loaded))
    except ServerError as error:
        notes.append(str(error))
    try:
        managed, silences = await manager.alerts(), await manager.silences()
        routing = Routing(await manager.config())
    except ServerError as error:
        notes.append(str(error))
    return States(rules, managed, silences, routing, found, tuple(notes))


def _is(labels: Mapping[str, str], alert: str, severity: str, strategy: str | None) -> bool:
    named = labels.get("alertname") == alert and labels.get("severity") == severity
    return named and (strategy is None or labels.get("strategy") in {strategy, None})


def _counted(state: str, count: int) -> str:
    if count == 0:
        return ""
    return state if count == 1 else f"{count} {state}"
