"""A metric's definition, as Prometheus and docs/metrics.md show it."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Kind(enum.Enum):
    """A metric's type in the Prometheus exposition format. An info is a gauge of 1 whose labels carry the information."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"
    INFO = "info"


class Process(enum.Enum):
    """The process whose /metrics has the metric."""

    MONITOR = "monitor"
    ROTATION = "rotation"


class Unit(enum.Enum):
    """The unit of a value."""

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
    """Without a unit, and not a share of anything: a beta, a score."""
    BY_LABEL = "by label"
    """Several figures of different units: a label says which one."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric family."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str
    unit: Unit = Unit.NUMBER
    process: Process = Process.MONITOR
