"""Snapshots of the past → OpenMetrics lines with timestamps, for `promtool tsdb create-blocks-from openmetrics`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import IO

from genesis.metrics import catalog
from genesis.metrics.declaration import Labels
from genesis.metrics.families.folded import FoldedSnapshot
from genesis.metrics.groups import GROUPS
from genesis.metrics.table import Table
from genesis.snapshot import MonitorSnapshot

END = b"# EOF\n"
_ESCAPED = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_NAMELESS = "__name__"


def named_metrics(expressions: Iterable[str]) -> frozenset[str]:
    """The metrics of the catalogue that the expressions name; all of them if one selects by `__name__`."""
    words = {word for expr in expressions for word in _NAME.findall(expr)}
    return frozenset(catalog.BY_NAME) if _NAMELESS in words else frozenset(catalog.BY_NAME) & words


class OpenMetrics:
    """Writes some metrics of one account, except histograms, for each snapshot; `END` must follow the last of a file."""

    def __init__(
        self,
        file: IO[bytes],
        metrics: frozenset[str],
        *,
        max_strategies: int = 1000,
        max_symbols: int = 1000,
        suffix: str = "",
        extra: Mapping[str, str] | None = None,
    ) -> None:
        """`suffix`: added to each value of the labels strategy, other and symbol; `extra`: labels of the series without a
        strategy. Both keep the accounts in one file apart.
        """
        self._file = file
        self._metrics = metrics
        self._bounds = max_strategies, max_symbols
        self._suffix = suffix.translate(_ESCAPED)
        self._extra = [_pair(name, value) for name, value in (extra or {}).items()]
        self._groups = [group for group in GROUPS.values() if any(metric.name in metrics for metric in group.metrics)]
        self._heads: dict[tuple[str, Labels], str] = {}

    def write(self, snapshot: MonitorSnapshot, at: float) -> None:
        """Write the samples of a snapshot with the time `at`, in seconds since 1970."""
        folded = FoldedSnapshot(snapshot, *self._bounds)
        end = f" {at:.3f}\n"
        lines = [
            f"{self._head(table, labels)}{value}{end}"
            for group in self._groups
            for table in group.tables(folded)
            if table.metric.name in self._metrics
            for labels, value in table.samples.items()
        ]
        self._file.write("".join(lines).encode())

    def _head(self, table: Table, labels: Labels) -> str:
        """The part of a line before its value."""
        key = table.metric.name, labels
        head = self._heads.get(key)
        if head is None:
            pairs = [self._label(*pair) for pair in zip(table.metric.labels, labels, strict=True)]
            if "strategy" not in table.metric.labels:
                pairs += self._extra
            head = self._heads[key] = f"{table.metric.name}{{{','.join(pairs)}}} "
        return head

    def _label(self, name: str, value: str) -> str:
        pair = _pair(name, value)
        return f'{pair[:-1]}{self._suffix}"' if name in ("strategy", "other", "symbol") else pair


def _pair(name: str, value: str) -> str:
    return f'{name}="{value.translate(_ESCAPED)}"'
