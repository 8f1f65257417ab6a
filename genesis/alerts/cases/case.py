"""The parts of a rule test: series that go in, alerts that must fire, and the timeline that both stand on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from itertools import count
from math import ceil

from genesis.alerts.promql import string
from genesis.alerts.rules import JOB, ROTATION_JOB
from genesis.core.duration import duration_text

MONITOR = {"instance": "monitor:9108", "job": JOB}
"""The labels that Prometheus puts on every series of the monitor."""
ROTATION = {"instance": "rotation", "job": ROTATION_JOB}
"""The labels that it puts on every series of the rotation controller."""
PROMETHEUS = {"instance": "localhost:9090", "job": "prometheus"}
"""The labels that it puts on every series of its own."""


@dataclass(frozen=True, slots=True)
class Firing:
    """One alert that must fire, and all that it must say."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Check:
    """Exactly these alerts fire at the step `at`."""

    at: int
    firing: Sequence[Firing] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One test of an alert: series (in PromQL, with their values) and checks."""

    alert: str
    name: str
    series: Mapping[str, str]
    checks: Sequence[Check] = field(default_factory=tuple)

    def tree(self, interval: timedelta) -> dict[str, object]:
        """The case as it stands in a file for `promtool test rules`; one step is one `interval`."""
        return {
            "name": self.name,
            "interval": duration_text(interval),
            "input_series": [{"series": series, "values": values} for series, values in self.series.items()],
            "alert_rule_test": [
                {
                    "eval_time": duration_text(check.at * interval),
                    "alertname": self.alert,
                    "exp_alerts": [
                        {"exp_labels": dict(alert.labels), "exp_annotations": dict(alert.annotations)} for alert in check.firing
                    ],
                }
                for check in self.checks
            ],
        }


@dataclass(frozen=True, slots=True)
class Timeline:
    """Durations as numbers of evaluation steps."""

    interval: timedelta

    def steps(self, duration: timedelta) -> int:
        """The first step at which the duration is over."""
        return ceil(duration / self.interval)

    def seconds(self, step: int) -> float:
        return (step * self.interval).total_seconds()


def series(metric: str, **labels: str) -> str:
    """A series of the monitor, in PromQL."""
    return series_of(MONITOR, metric, **labels)


def series_of(target: Mapping[str, str], metric: str, **labels: str) -> str:
    """A series of a process, which `target` names, in PromQL."""
    named = {**labels, **target}
    return f"{metric}{{{','.join(f'{label}={string(value)}' for label, value in named.items())}}}"


def held(value: object, steps: int = 0) -> str:
    """The value at `steps` + 1 steps in a row."""
    return f"{value}+0x{steps}"


def around(warning: Decimal, critical: Decimal) -> list[tuple[str, Decimal]]:
    """Name of a case → a figure near the thresholds of an alert that fires at them and above."""
    return [
        ("says nothing just below warning", warning * Decimal("0.999")),
        ("fires at warning", warning),
        ("fires between warning and critical", (warning + critical) / 2),
        ("fires warning alone just below critical", critical - (critical - warning) / 1000),
        ("fires both at critical", critical),
        ("fires both above critical", critical * Decimal("1.5")),
    ]


def not_before(hold: int) -> list[Check]:
    """Nothing fires at the last step before the condition has held long enough."""
    return [Check(hold - 1)] if hold else []


def until(ends: int, kept: int, firing: list[Firing]) -> list[Check]:
    """The last step of the condition, and the last step of `keep_firing_for`."""
    return [Check(step, firing) for step in sorted({ends - 1, kept - 1})]


def exact_fills(mean: Decimal, least: int) -> int:
    """How many fills make a sum whose division gives back the mean as the very same float."""
    value = float(mean)
    return next(fills for fills in count(least) if value * fills / fills == value)


def whole(share: Decimal, least: int) -> int:
    """How many there are, such that `share` of them is a whole number, in floats, too."""
    return next(many for many in count(least) if many * share % 1 == 0 and float(share) * many == int(many * share))


def human(age: float) -> str:
    """Seconds as humanizeDuration writes them; 0, or a millisecond and more."""
    if 0 < age < 1:
        return f"{age * 1000:.4g}ms"
    whole = int(age)
    if age < 60:  # noqa: PLR2004 - seconds of a minute
        return f"{age:.4g}s"
    days, hours, minutes, left = whole // 86400, whole // 3600 % 24, whole // 60 % 60, whole % 60
    if days:
        return f"{days}d {hours}h {minutes}m {left}s"
    return f"{hours}h {minutes}m {left}s" if hours else f"{minutes}m {left}s"
