"""Tables → Prometheus's text format 0.0.4, reusing the lines of the previous scrape.

Few series come or go between two scrapes. So the text before the value of each line is kept, and used again while a family has
the same label values in the same order. Only the values are written again, all of a family in one call.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain

import msgspec
from prometheus_client.registry import Collector

from genesis.analytics.histogram import HistogramCounts
from genesis.metrics.declaration import Labels
from genesis.metrics.metric import Kind, Metric
from genesis.metrics.table import Table, bound_text

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text"

# JSON writes a number as Go and Python read it, a Decimal with all of its digits.
_NUMBERS = msgspec.json.Encoder(decimal_format="number")
_NEVER_IN_NUMBERS = b"anr"
"""Letters that are never in a number; null, NaN, Infinity, true and false each have one of them."""
_ESCAPED = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_ESCAPED_HELP = str.maketrans({"\\": r"\\", "\n": r"\n"})


class Exporter(Collector):
    """The content of /metrics: as a collector for prometheus_client's formats, and in the text format itself."""

    @abstractmethod
    def text(self) -> Iterator[bytes]:
        """The text format in parts, each of which takes little time."""


class TextExposition:
    """Writes families, and keeps the last written lines of each for reuse."""

    def __init__(self) -> None:
        self._families: dict[str, _Lines] = {}

    def family(self, table: Table) -> bytes:
        """The family's lines, each with its newline; empty for a family without samples."""
        metric = table.metric
        lines = self._families.get(metric.name)
        if lines is None:
            lines = self._families[metric.name] = _Lines(metric)
        return lines.text(table)


class _Lines:
    """The lines of one family, all but their values."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric
        self._keys: Sequence[object] = []
        self._template = b""
        """All lines, with `%b` in place of each value: filling one text is faster than joining pieces, and smaller."""

    def text(self, table: Table) -> bytes:
        if histograms := table.histograms:
            self._renew_template(
                [(labels, counts.bounds) for labels, counts in histograms.items()], self._histogram_names(table)
            )
            return self._fill(list(chain.from_iterable(map(_histogram_values, histograms.values()))))
        samples = table.samples
        self._renew_template(list(samples), self._names(samples))
        return self._fill(list(samples.values()))

    def _renew_template(self, keys: Sequence[object], names: Iterable[str]) -> None:
        """Make the template for `keys` if they changed; only then is `names`, the start of each line, read."""
        if keys != self._keys:
            self._template = "".join(self._lines(names)).encode()
            self._keys = keys

    def _fill(self, values: Sequence[float | Decimal]) -> bytes:
        if not values:
            return b""
        numbers = _NUMBERS.encode(values)
        if any(letter in numbers for letter in _NEVER_IN_NUMBERS):
            raise ValueError(f"{self._metric.name}: a value is not a finite number")  # one bad line spoils a whole scrape
        return self._template % tuple(numbers[1:-1].split(b","))

    def _lines(self, names: Iterable[str]) -> Iterator[str]:
        metric = self._metric
        kind = Kind.GAUGE if metric.kind is Kind.INFO else metric.kind
        head = f"# HELP {metric.name} {metric.help.translate(_ESCAPED_HELP)}\n# TYPE {metric.name} {kind.value}\n"
        yield head.replace("%", "%%")
        for name in names:
            yield f"{name.replace('%', '%%')} %b\n"

    def _names(self, keys: Iterable[Labels]) -> Iterator[str]:
        for labels in keys:
            yield self._metric.name + _braces(zip(self._metric.labels, labels, strict=True))

    def _histogram_names(self, table: Table) -> Iterator[str]:
        """In the order of `_histogram_values`."""
        name = self._metric.name
        for labels, counts in table.histograms.items():
            named = list(zip(self._metric.labels, labels, strict=True))
            for bound in counts.bounds:
                yield f"{name}_bucket" + _braces([*named, ("le", bound_text(bound))])
            yield f"{name}_count" + _braces(named)
            yield f"{name}_sum" + _braces(named)


def _histogram_values(counts: HistogramCounts) -> tuple[float, ...]:
    return (*counts.counts, counts.counts[-1], counts.sum)


def _braces(labels: Iterable[tuple[str, str]]) -> str:
    inner = ",".join(f'{name}="{value.translate(_ESCAPED)}"' for name, value in labels)
    return f"{{{inner}}}" if inner else ""


def needs_openmetrics(accept: str) -> bool:
    """Whether this Accept header takes OpenMetrics but not the text format, which is much faster to write."""
    takes = {media for media, quality in _media_ranges(accept) if quality > 0}
    return OPENMETRICS in takes and not takes & {"text/plain", "text/*", "*/*"}


def _media_ranges(accept: str) -> Iterator[tuple[str, float]]:
    for item in accept.lower().split(","):
        media, *parameters = (part.strip() for part in item.split(";"))
        quality = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        try:
            yield media, float(quality)
        except ValueError:
            yield media, 1.0
