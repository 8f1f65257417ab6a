"""What a metric is, as Prometheus and the reader of docs/metrics.md know it."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Kind(enum.Enum):
    """A metric's type in the Prometheus exposition format. An info is a gauge of constant 1, whose labels speak."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"
    INFO = "info"


class Process(enum.Enum):
    """Whose /metrics a metric is on."""

    MONITOR = "monitor"
    ROTATION = "rotation"


class Unit(enum.Enum):
    """What a value is counted in."""

    MONEY = "account currency"
    QUOTE_MONEY = "currency of the symbol"
    LABEL_MONEY = "currency of the label"
    QUANTITY = "units of the symbol"
    SECONDS = "seconds"
    TIMESTAMP = "seconds since 1970"
    RATIO = "ratio"
    PROBABILITY = "probability"
    DEVIATIONS = "standard deviations"
    COUNT = "count"
    FLAG = "0 or 1"
    NUMBER = "number"
    """Of no unit, and no share of anything: a beta, a score."""
    BY_LABEL = "by label"
    """Of several figures: a label says which one."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric family."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str
    unit: Unit = Unit.NUMBER
    process: Process = Process.MONITOR
