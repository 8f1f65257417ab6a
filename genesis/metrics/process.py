"""What the process uses of the machine, told beside the figures under the names that all of Prometheus's clients use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client import Metric as Family

from genesis.metrics.exposition import Exporter


class WithProcess(Exporter):
    """An exporter, and after it memory, processor time and open files of this process; nothing of them where /proc is not."""

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
        # It collects and no more, which is all that the writer asks of a registry.
        yield generate_latest(cast("CollectorRegistry", self._process))
