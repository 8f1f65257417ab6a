"""One metric family under construction, by the catalogue's definition of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from math import inf, isfinite
from typing import Any

from prometheus_client import Metric as Family

from genesis.analytics.histogram import HistogramCounts
from genesis.metrics.declaration import Labels, Number
from genesis.metrics.metric import Kind, Metric


class Table:
    """One metric family under construction: values by label values, summed where labels repeat."""

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        self.histograms: dict[Labels, HistogramCounts] = {}
        self._values: dict[Labels, float | Decimal] = {}
        self._unknown: set[Labels] = set()

    def put(self, value: Number, labels: Labels) -> None:
        """Add a sample. An unknown value (None, NaN or infinite) adds none, and makes the sum of its labels unknown."""
        if value is None or (isinstance(value, float) and not isfinite(value)):
            self._unknown.add(labels)
        elif labels in self._values:
            self._values[labels] = added = float(self._values[labels]) + float(value)
            if not isfinite(added):
                self._unknown.add(labels)
        else:
            self._values[labels] = int(value) if value is True or value is False else value

    def put_rows(self, rows: Iterable[tuple[Labels, Any]], read: Callable[[Any], Any]) -> None:
        """Add a sample of each row. Exact money, the usual value, skips the call of `put`."""
        values, write = self._values, self.writer
        for labels, row in rows:
            value = read(row)
            if type(value) is Decimal and labels not in values:
                values[labels] = value
            else:
                write(value, labels)

    def put_histogram(self, counts: HistogramCounts, labels: Labels) -> None:
        """Add the cumulative counts of a histogram."""
        self.histograms[labels] = counts if labels not in self.histograms else self.histograms[labels].plus(counts)

    @property
    def writer(self) -> Callable[[Any, Labels], None]:
        """`put`, or `put_histogram` where the metric is one."""
        return self.put_histogram if self.metric.kind is Kind.HISTOGRAM else self.put

    @property
    def samples(self) -> Mapping[Labels, float | Decimal]:
        """The values that are known. A `Decimal` keeps all its digits."""
        if not self._unknown:
            return self._values
        return {labels: value for labels, value in self._values.items() if labels not in self._unknown}

    def family(self) -> Family:
        """The family as prometheus_client has it. An info is a gauge of 1 under its own name."""
        metric = self.metric
        kind = "gauge" if metric.kind is Kind.INFO else metric.kind.value
        family = Family(metric.name.removesuffix("_total") if kind == "counter" else metric.name, metric.help, kind)
        for labels, value in self.samples.items():
            family.add_sample(metric.name, dict(zip(metric.labels, labels, strict=True)), float(value))
        for labels, counts in self.histograms.items():
            named = dict(zip(metric.labels, labels, strict=True))
            for bound, count in zip(counts.bounds, counts.counts, strict=True):
                family.add_sample(f"{metric.name}_bucket", {**named, "le": bound_text(bound)}, count)
            family.add_sample(f"{metric.name}_count", named, counts.counts[-1])
            family.add_sample(f"{metric.name}_sum", named, counts.sum)
        return family


def bound_text(bound: float) -> str:
    """A bucket's upper bound, as its label `le` has it."""
    return "+Inf" if bound == inf else repr(bound)
