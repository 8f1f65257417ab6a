"""What mutes what in Alertmanager, and how a matcher is written.

A matcher is written so that the classic parser and the UTF-8 one (0.27 and later) read the same. Both take a label's name as it
is and a value in double quotes; in the quotes the classic parser knows three escapes and no others, which Go's, and so the
UTF-8 parser's, share.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from genesis.alerts.catalog import ALERTS
from genesis.alerts.notify.settings import TEST, URGENCIES

SAME = ("alertname", "instance", "strategy", "symbol", "kind", "period", "code")
"""The labels in which a more urgent alert and the alert that it mutes are equal: a symbol does not mute another one."""


def equals(label: str, value: str) -> str:
    """A matcher of exactly `value`; an empty one matches an alert without the label."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'{label}="{escaped}"'


def one_of(label: str, values: Iterable[str]) -> str:
    """A matcher of any of `values`, which are words of only letters and underscores."""
    return f'{label}=~"{"|".join(values)}"'


_REAL = equals(TEST, "")
"""A test alert mutes nothing."""


def inhibit_rules() -> list[dict[str, Any]]:
    """The rules of inhibition, as alertmanager.yml has them.

    A stale feed mutes nothing: a loss stays real when its newest price is old.
    """
    # Alerts on the health of the monitor end with it, too. They may say why it fell; MonitorDown is enough.
    health = (name for name, alert in ALERTS.items() if alert.muted_by == "MonitorDown")
    of_monitor = one_of("alertname", (*(name for name, alert in ALERTS.items() if alert.groups), *sorted(health)))
    of_rotation = one_of("alertname", (name for name, alert in ALERTS.items() if alert.muted_by == "RotationDown"))
    return [
        *(
            _rule([equals("severity", urgent)], one_of("severity", URGENCIES[place:]), SAME)
            for place, urgent in enumerate(URGENCIES[:-1], start=1)
        ),
        # A monitor that is down, or exports nothing, ends its alerts: that end is not a recovery, and is not notified.
        _rule([equals("alertname", "MonitorDown")], of_monitor, ["instance"]),
        # Without an instance, MonitorDown says that Prometheus knows of no monitor at all.
        _rule([equals("alertname", "MonitorDown"), equals("instance", "")], of_monitor),
        _rule([equals("alertname", "RotationDown")], of_rotation, ["instance"]),
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
