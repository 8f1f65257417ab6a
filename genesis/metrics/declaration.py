"""How a metric of Genesis is declared: once, with its name, unit, help and how it is read.

A file in families/ says where the samples of its metrics come from (`Rows`), and declares each metric on its rows:

    _ACCOUNTS = Rows(Group.ACCOUNTS, "strategy", _accounts)
    STRATEGY_CAPITAL = _ACCOUNTS.gauge("strategy_capital", Unit.MONEY, "Capital moved in.", lambda account: account.capital)

Nothing else lists a metric: the catalogue, and the groups that /metrics is made of, are derived from the declarations.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

from genesis.analytics.histogram import HistogramCounts
from genesis.metrics.metric import Kind, Metric, Process, Unit

Number = float | Decimal | None
"""A sample's value; None where it is not known."""
Labels = tuple[str, ...]
"""Label values, in the order of the metric's labels."""

Source = TypeVar("Source")
Row = TypeVar("Row")
Part = TypeVar("Part")


class Group(enum.Enum):
    """The metrics that are collected together, in the order of /metrics. A fault leaves out its group, and nothing else."""

    ACCOUNTS = "accounts"
    POSITIONS = "positions"
    TRADES = "trades"
    ROUND_TRIPS = "round_trips"
    EXECUTION = "execution"
    SHORTFALL = "shortfall"
    ATTRIBUTION = "attribution"
    PORTFOLIO = "portfolio"
    DRAWDOWNS = "drawdowns"
    PERFORMANCE = "performance"
    RISK = "risk"
    REGRESSION = "regression"
    TIER = "tier"
    CAPACITY = "capacity"
    CORRELATION = "correlation"
    DEGRADATION = "degradation"
    MARKS = "marks"
    SOURCES = "sources"
    RECONCILIATION = "reconciliation"
    SERVICE = "service"
    COLLECTOR = "collector"
    ROTATION = "rotation"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DeclaredMetric(Metric):
    """A metric that Genesis exposes: a sample of each of its rows."""

    rows: Rows[Any, Any]
    read: Callable[[Any], Any]
    """Row → the sample's value; the methods of `Rows` ensure that the two fit."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows(Generic[Source, Row]):
    """The source of some metrics' samples: each row of a source gives one sample, with the row's label values.

    Rows with the same label values are summed: only metrics that add up may be declared on such rows.
    """

    group: Group
    labels: str
    """The label names, separated by spaces."""
    each: Callable[[Source], Iterable[tuple[Labels, Row]]]
    last: bool = False
    """Whether their metrics are exposed after the others of the group, as the account's are after its strategies'."""

    def by(self, labels: str, parts: Callable[[Row], Iterable[tuple[Labels, Part]]]) -> Rows[Source, Part]:
        """The parts of each row, with more labels: for P&L by kind, ratios by window."""

        def each(source: Source) -> Iterator[tuple[Labels, Part]]:
            for of_row, row in self.each(source):
                for more, part in parts(row):
                    yield of_row + more, part

        return Rows(self.group, f"{self.labels} {labels}", each, self.last)

    def gauge(self, name: str, unit: Unit, text: str, read: Callable[[Row], Number]) -> DeclaredMetric:
        """Declare `genesis_<name>`."""
        return self._declare(Kind.GAUGE, name, unit, text, read)

    def counter(self, name: str, unit: Unit, text: str, read: Callable[[Row], Number]) -> DeclaredMetric:
        """Declare `genesis_<name>`, which never falls."""
        return self._declare(Kind.COUNTER, name, unit, text, read)

    def histogram(self, name: str, unit: Unit, text: str, read: Callable[[Row], HistogramCounts]) -> DeclaredMetric:
        """Declare `genesis_<name>`."""
        return self._declare(Kind.HISTOGRAM, name, unit, text, read)

    def info(self, name: str, text: str) -> DeclaredMetric:
        """Declare `genesis_<name>`: 1 for each row; the labels carry the information."""
        return self._declare(Kind.INFO, name, Unit.NUMBER, text, lambda _: 1)

    def _declare(
        self, kind: Kind, name: str, unit: Unit, text: str, read: Callable[[Row], Number | HistogramCounts]
    ) -> DeclaredMetric:
        process = Process.ROTATION if self.group is Group.ROTATION else Process.MONITOR
        labels = tuple(self.labels.split())
        return DeclaredMetric(f"genesis_{name}", kind, labels, text, unit, process, rows=self, read=read)


Twin = tuple[DeclaredMetric, DeclaredMetric]
"""A metric of each strategy, and the same of the account."""


@dataclass(frozen=True, slots=True, eq=False)
class Twins(Generic[Source, Row]):
    """Rows of the strategies and of the account that are read alike: one declaration makes two metrics."""

    strategies: Rows[Source, Row]
    account: Rows[Source, Row]

    def by(self, labels: str, parts: Callable[[Row], Iterable[tuple[Labels, Part]]]) -> Twins[Source, Part]:
        """As `Rows.by`, for both."""
        return Twins(self.strategies.by(labels, parts), self.account.by(labels, parts))

    def gauge(self, name: str, unit: Unit, text: str, read: Callable[[Row], Number], *, account: str = "") -> Twin:
        """Declare `genesis_strategy_<name>` and `genesis_portfolio_<name>`; `account`: the second's help."""
        return (
            self.strategies.gauge(f"strategy_{name}", unit, text, read),
            self.account.gauge(f"portfolio_{name}", unit, account or text, read),
        )

    def counter(self, name: str, unit: Unit, text: str, read: Callable[[Row], Number]) -> Twin:
        """As `gauge`."""
        return (
            self.strategies.counter(f"strategy_{name}", unit, text, read),
            self.account.counter(f"portfolio_{name}", unit, text, read),
        )


def itself(value: Number) -> Number:
    """The reader of a metric whose rows are the values themselves."""
    return value
