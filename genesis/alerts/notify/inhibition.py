"""What mutes what in Alertmanager."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from genesis.alerts.catalog import ALERTS
from genesis.alerts.notify.matchers import equals, one_of
from genesis.alerts.notify.settings import TEST, URGENCIES
from genesis.alerts.timing_faults import OF_ROTATION

SAME = ("alertname", "instance", "strategy", "symbol", "kind", "period", "code")
"""In what a more urgent alert and the one that it mutes are equal: one symbol's does not mute another's."""

_OF_THE_MONITOR = ("CollectorFailing", "JournalFailing", "JournalSlow", "MonitorFlapping", "ScrapeSlow")
"""What the monitor's own metrics tell, beside the figures: it ends without the monitor, and may have been why it fell."""

_REAL = equals(TEST, "")
"""A test alert mutes nothing."""


def inhibit_rules() -> list[dict[str, Any]]:
    """The rules of inhibition, as alertmanager.yml has them.

    A stale feed mutes nothing: a loss is no less real because its newest price is old.
    """
    told_by_monitor = one_of("alertname", (*(name for name, alert in ALERTS.items() if alert.groups), *_OF_THE_MONITOR))
    return [
        *(
            _rule([equals("severity", urgent)], one_of("severity", URGENCIES[place:]), SAME)
            for place, urgent in enumerate(URGENCIES[:-1], start=1)
        ),
        # A monitor that is down, or tells nothing, ends its alerts: that end is no recovery, and nobody is told of one.
        _rule([equals("alertname", "MonitorDown")], told_by_monitor, ["instance"]),
        # Without an instance, MonitorDown says that Prometheus knows of no monitor at all.
        _rule([equals("alertname", "MonitorDown"), equals("instance", "")], told_by_monitor),
        _rule([equals("alertname", "RotationDown")], one_of("alertname", OF_ROTATION), ["instance"]),
        # The same for one group of figures, and only for the alerts that stand on it.
        *(
            _rule(
                [equals("alertname", "CollectorFailing"), one_of("group", alert.groups)],
                equals("alertname", name),
                ["instance"],
            )
            for name, alert in ALERTS.items()
            if alert.groups
        ),
    ]


def _rule(source: Iterable[str], target: str, equal: Sequence[str] = ()) -> dict[str, Any]:
    rule: dict[str, Any] = {"source_matchers": [*source, _REAL], "target_matchers": [target]}
    return rule | ({"equal": list(equal)} if equal else {})
