"""Whether a notification was delivered, by Alertmanager's counters.

Alertmanager counts by kind of integration, not by alert. So one success is not enough: every notification of that kind that
started since our own must have started has to be accepted, and none given up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import NamedTuple

from genesis.alerts.live.routing import Integration
from genesis.clients import alertmanager
from genesis.clients.alertmanager import Counters


class Way(NamedTuple):
    """One kind of integration, and the receivers that it notifies."""

    kind: str
    receivers: frozenset[str]

    def __str__(self) -> str:
        return f"{', '.join(sorted(self.receivers))} by {self.kind}"


class Outcome(Enum):
    """The progress of a notification."""

    WAITING = "was not started"
    SENDING = "was started, and is not answered"
    FAILED = "failed"
    DELIVERED = "delivered"


class Deliveries:
    """Counts notifications since `before`.

    Args:
        expected: way → how many notifications it has to send at least.
        before: the counters before the alert was sent.
    """

    def __init__(self, expected: Mapping[Way, int], before: Counters) -> None:
        self.expected = expected
        self._before = before
        self._delivered: set[Way] = set()

    def outcomes(self, now: Counters) -> dict[Way, Outcome]:
        """The outcome on each way.

        A way counts as delivered after two readings in a row, because Alertmanager counts a request before its failure.
        """
        found = {way: self._outcome(way, now) for way in self.expected}
        delivered = {way for way, outcome in found.items() if outcome is Outcome.DELIVERED}
        new, self._delivered = delivered - self._delivered, delivered
        return {way: Outcome.SENDING if way in new else outcome for way, outcome in found.items()}

    def _outcome(self, way: Way, now: Counters) -> Outcome:
        attempted = self._since(alertmanager.ATTEMPTED, way, now)
        given_up = self._since(alertmanager.FAILED, way, now)
        refused = self._since(alertmanager.REQUESTS_FAILED, way, now)
        accepted = self._since(alertmanager.REQUESTS, way, now) - refused
        if given_up == 0 and accepted >= attempted >= self.expected[way]:
            return Outcome.DELIVERED
        if given_up > 0 or refused > 0:
            return Outcome.FAILED
        return Outcome.SENDING if attempted >= self.expected[way] else Outcome.WAITING

    def _since(self, name: str, way: Way, now: Counters) -> float:
        return now.of(name, way.kind, way.receivers) - self._before.of(name, way.kind, way.receivers)


def ways(receivers: Mapping[str, Iterable[Integration]], *, resolved: bool = False) -> dict[Way, int]:
    """Way → how many notifications one change of an alert causes on it.

    Args:
        receivers: receiver → its integrations.
        resolved: whether the change is the end of the alert; then only ways on which every integration reports ends.
    """
    found = [(receiver, one) for receiver, integrations in receivers.items() for one in integrations]
    silent = {one.kind for _, one in found if resolved and not one.send_resolved}
    counted = Counter(one.kind for _, one in found if one.kind not in silent)
    return {
        Way(kind, frozenset(receiver for receiver, one in found if one.kind == kind)): count for kind, count in counted.items()
    }
