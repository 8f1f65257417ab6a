"""The groups that /metrics is made of, derived from the catalogue: a source → the tables of a group."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic

from genesis.metrics.catalog import CATALOG
from genesis.metrics.declaration import DeclaredMetric, Group, Rows, Source
from genesis.metrics.families.folded import FoldedSnapshot
from genesis.metrics.families.rotation import RotationSnapshot
from genesis.metrics.families.service import GroupRun, Service
from genesis.metrics.table import Table


class MetricGroup(Generic[Source]):
    """Metrics that are collected together. Rows that several of them share are iterated once."""

    def __init__(self, metrics: Iterable[DeclaredMetric]) -> None:
        self.metrics = tuple(metrics)
        self._read_by: dict[Rows[Source, Any], list[tuple[int, Callable[[Any], Any]]]] = {}
        """Rows → the place of each metric on them in `metrics`, and how it is read."""
        for place, metric in enumerate(self.metrics):
            self._read_by.setdefault(metric.rows, []).append((place, metric.read))

    def tables(self, source: Source) -> list[Table]:
        """A table of each metric, in the order of `metrics`."""
        tables = [Table(metric) for metric in self.metrics]
        for rows, metrics in self._read_by.items():
            writers = [(tables[place].writer, read) for place, read in metrics]
            if len(metrics) == 1:
                ((place, read),) = metrics
                tables[place].put_rows(rows.each(source), read)
                continue
            for labels, row in rows.each(source):
                for write, read in writers:
                    write(read(row), labels)
        return tables


def _metrics_of(group: Group) -> list[DeclaredMetric]:
    return [metric for metric in CATALOG if metric.rows.group is group]


_WITHOUT_SNAPSHOT = {Group.SERVICE, Group.COLLECTOR, Group.ROTATION}

GROUPS: dict[str, MetricGroup[FoldedSnapshot]] = {
    group.value: MetricGroup(_metrics_of(group)) for group in Group if group not in _WITHOUT_SNAPSHOT
}
"""The groups that the monitor reads from a snapshot."""
SERVICE: MetricGroup[Service] = MetricGroup(_metrics_of(Group.SERVICE))
COLLECTOR: MetricGroup[Sequence[GroupRun]] = MetricGroup(_metrics_of(Group.COLLECTOR))
ROTATION: MetricGroup[RotationSnapshot] = MetricGroup(_metrics_of(Group.ROTATION))
