"""The process's own memory, processor time and open files, under the names that all Prometheus clients use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client import Metric as Family

from genesis.metrics.exposition import Exporter


class WithProcess(Exporter):
    """An exporter, followed by memory, processor time and open files of this process where /proc exists."""

    def __init__(self, exporter: Exporter) -> None:
        self._exporter = exporter
        self._process = ProcessCollector(registry=None)

    def collect(self) -> Iterator[Family]:
        """The exporter's families, then the process's."""
        yield from self._exporter.collect()
        yield from self._process.collect()

    def text(self) -> Iterator[bytes]:
        """The exporter's parts, then the process's."""
        yield from self._exporter.text()
        # generate_latest needs only the method `collect` of a registry.
        yield generate_latest(cast("CollectorRegistry", self._process))
