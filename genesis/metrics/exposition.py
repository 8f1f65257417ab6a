"""Tables → Prometheus's text format 0.0.4, without the work of the scrape before.

From one scrape to the next hardly a series comes or goes: what stands before the value of each line is kept, and used again
while a family has the same label values in the same order. Only the values are written anew, all of a family in one call.
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
_IN_NO_NUMBER = b"anr"
"""Letters that are in no number, and of which null, NaN, Infinity, true and false have one each."""
_ESCAPED = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_ESCAPED_HELP = str.maketrans({"\\": r"\\", "\n": r"\n"})


class Exporter(Collector):
    """What /metrics tells: as prometheus_client's collector for the formats that it writes, and in the text format itself."""

    @abstractmethod
    def text(self) -> Iterator[bytes]:
        """The text format, in parts, each soon made."""


class TextExposition:
    """Writes families, and remembers the lines that it wrote last of each: so much, and no more, is kept."""

    def __init__(self) -> None:
        self._families: dict[str, _Lines] = {}

    def family(self, table: Table) -> bytes:
        """The family's lines, the last one ended; nothing of a family without samples."""
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
        """All lines, with `%b` where a value stands: to fill in one text is quicker than to join pieces, and smaller."""

    def text(self, table: Table) -> bytes:
        if histograms := table.histograms:
            self._know([(labels, counts.bounds) for labels, counts in histograms.items()], self._histogram_names(table))
            return self._fill(list(chain.from_iterable(map(_histogram_values, histograms.values()))))
        samples = table.samples
        self._know(list(samples), self._names(samples))
        return self._fill(list(samples.values()))

    def _know(self, keys: Sequence[object], names: Iterable[str]) -> None:
        """Let the template be that of `keys`; `names`, what each line begins with, is only asked if it is not yet."""
        if keys != self._keys:
            self._template = "".join(self._lines(names)).encode()
            self._keys = keys

    def _fill(self, values: Sequence[float | Decimal]) -> bytes:
        if not values:
            return b""
        numbers = _NUMBERS.encode(values)
        if any(letter in numbers for letter in _IN_NO_NUMBER):
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


def wants_openmetrics(accept: str) -> bool:
    """Whether a client that sends this Accept header takes OpenMetrics, and not the text format, which is much quicker."""
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
