"""One metric family under construction, by the catalogue's definition of it."""

from __future__ import annotations

from decimal import Decimal

from prometheus_client import Metric as Family

from genesis.analytics.histogram import HistogramCounts
from genesis.monitoring.catalog import Kind, Metric

Number = float | Decimal | None


class Table:
    """One metric family under construction: values by label values, summed where labels repeat."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric
        self._values: dict[tuple[str, ...], float] = {}
        self._unknown: set[tuple[str, ...]] = set()
        self._histograms: dict[tuple[str, ...], HistogramCounts] = {}

    def add(self, value: Number, *labels: str) -> None:
        """Add a sample. An unknown value (None) is no sample, and makes a sum that it belongs to unknown."""
        if value is None:
            self._unknown.add(labels)
        else:
            self._values[labels] = self._values.get(labels, 0.0) + float(value)

    def add_histogram(self, counts: HistogramCounts, *labels: str) -> None:
        """Add the counts of a histogram; it is cumulative already."""
        self._histograms[labels] = counts if labels not in self._histograms else self._histograms[labels].plus(counts)

    def family(self) -> Family:
        """The family for the exposition. An info is a gauge of 1, in its own name."""
        metric = self._metric
        kind = "gauge" if metric.kind is Kind.INFO else metric.kind.value
        family = Family(metric.name.removesuffix("_total") if kind == "counter" else metric.name, metric.help, kind)
        for labels, value in self._values.items():
            if labels in self._unknown:
                continue
            family.add_sample(metric.name, dict(zip(metric.labels, labels, strict=True)), value)
        for labels, counts in self._histograms.items():
            named = dict(zip(metric.labels, labels, strict=True))
            for bound, count in zip(counts.bounds, counts.counts, strict=True):
                le = "+Inf" if bound == float("inf") else repr(bound)
                family.add_sample(f"{metric.name}_bucket", {**named, "le": le}, count)
            family.add_sample(f"{metric.name}_count", named, counts.counts[-1])
            family.add_sample(f"{metric.name}_sum", named, counts.sum)
        return family
