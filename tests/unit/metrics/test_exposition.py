"""The text format, as its own writer makes it: what prometheus_client would say, in less time."""

import pickle
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import Metric as Family
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from genesis.analytics.histogram import Histogram
from genesis.metrics.declaration import Number
from genesis.metrics.exposition import TextExposition, needs_openmetrics
from genesis.metrics.metric import Kind, Metric
from genesis.metrics.table import Table
from tests.search import examples

GAUGE = Metric("genesis_gauge", Kind.GAUGE, ("strategy", "symbol"), '100 % help with \\ and\na new line, and "quotes".')
COUNTER = Metric("genesis_things_total", Kind.COUNTER, ("kind",), "A counter.")
INFO = Metric("genesis_info", Kind.INFO, ("version",), "An info.")
PLAIN = Metric("genesis_plain", Kind.GAUGE, (), "Without labels.")
HISTOGRAM = Metric("genesis_seconds", Kind.HISTOGRAM, ("direction",), "A histogram.")

names = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    ['"', "\\", "\n", "\\n", '{a="b"} 1', "%", "%b", "%%s", "é€😀"]
)
numbers: st.SearchStrategy[Number] = st.one_of(
    st.none(),
    st.floats(),
    st.integers(-(2**60), 2**60),
    st.decimals(allow_nan=False, allow_infinity=False, places=18, min_value=-(10**15), max_value=10**15),
    st.sampled_from([Decimal("1E+3"), Decimal("-0"), Decimal("1E-24")]),
    st.sampled_from([1e-7, 1e22, 5e-324, -0.0]),
)


class Families(Collector):
    """Tables in prometheus_client's way."""

    def __init__(self, *tables: Table) -> None:
        self._tables = tables

    def collect(self) -> Iterator[Family]:
        yield from (family for table in self._tables if (family := table.family()).samples)


def parsed(text: bytes) -> list[tuple[object, ...]]:
    """Families in their order, each with its samples in their order."""
    return [
        (family.name, family.type, family.documentation, [(s.name, s.labels, float(s.value)) for s in family.samples])
        for family in text_string_to_metric_families(text.decode())
    ]


def table(metric: Metric, *samples: tuple[Number, tuple[str, ...]]) -> Table:
    made = Table(metric)
    for value, labels in samples:
        made.put(value, labels)
    return made


def counted(*observations: tuple[float, str]) -> Table:
    made = Table(HISTOGRAM)
    for value, direction in observations:
        histogram = Histogram.of((0.1, 1, 2.5))
        histogram.observe(value)
        made.put_histogram(histogram.counts(), (direction,))
    return made


def tables(metric: Metric, values: st.SearchStrategy[Number]) -> st.SearchStrategy[Table]:
    labels = st.lists(names, min_size=len(metric.labels), max_size=len(metric.labels)).map(tuple)
    return st.lists(st.tuples(values, labels), max_size=5).map(lambda samples: table(metric, *samples))


scrapes = st.tuples(
    tables(GAUGE, numbers),
    tables(COUNTER, numbers),
    tables(INFO, st.just(1)),
    tables(PLAIN, numbers),
    st.lists(st.tuples(st.floats(0, 1e6), names), max_size=4).map(lambda observations: counted(*observations)),
)


@settings(max_examples=examples(100))
@given(st.lists(scrapes, max_size=4))
def test_scrape_after_scrape_it_says_what_prometheus_client_says_of_the_same_tables(scrapes: list[tuple[Table, ...]]) -> None:
    exposition = TextExposition()
    for scrape in scrapes:
        text = b"".join(map(exposition.family, scrape))
        assert parsed(text) == parsed(generate_latest(Families(*scrape)))
        assert text == b"".join(map(TextExposition().family, scrape)), "what it remembers must not show"


def test_the_lines_are_those_of_the_format() -> None:
    text = TextExposition().family(table(GAUGE, (Decimal("1.50"), ('a"b\\c\nd', "x")), (2, ("e", "y"))))
    assert text.decode() == (
        '# HELP genesis_gauge 100 % help with \\\\ and\\na new line, and "quotes".\n'
        "# TYPE genesis_gauge gauge\n"
        'genesis_gauge{strategy="a\\"b\\\\c\\nd",symbol="x"} 1.50\n'
        'genesis_gauge{strategy="e",symbol="y"} 2\n'
    )


def test_histograms_are_cumulative_and_end_with_infinity() -> None:
    text = TextExposition().family(counted((0.1, "up"), (3.0, "up"))).decode()
    assert text.splitlines()[2:] == [
        'genesis_seconds_bucket{direction="up",le="0.1"} 1',
        'genesis_seconds_bucket{direction="up",le="1"} 1',
        'genesis_seconds_bucket{direction="up",le="2.5"} 1',
        'genesis_seconds_bucket{direction="up",le="+Inf"} 2',
        'genesis_seconds_count{direction="up"} 2',
        'genesis_seconds_sum{direction="up"} 3.1',
    ]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), None])
def test_what_is_no_number_is_left_out_and_so_is_a_sum_with_it(value: float | None) -> None:
    made = table(GAUGE, (1.0, ("a", "b")), (value, ("a", "b")), (value, ("c", "d")), (2.0, ("e", "f")))
    assert [line for line in TextExposition().family(made).decode().splitlines() if line[0] != "#"] == [
        'genesis_gauge{strategy="e",symbol="f"} 2.0'
    ]
    assert [sample.value for sample in made.family().samples] == [2.0]


def test_a_sum_that_a_float_cannot_hold_is_left_out() -> None:
    made = table(GAUGE, (1e308, ("a", "b")), (1e308, ("a", "b")), (1, ("c", "d")))
    assert dict(made.samples) == {("c", "d"): 1}


def test_yes_and_no_are_1_and_0() -> None:
    made = table(GAUGE, (True, ("a", "b")), (False, ("c", "d")))
    assert parsed(TextExposition().family(made)) == parsed(generate_latest(Families(made)))


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity")])
def test_a_line_that_would_spoil_the_scrape_is_an_error_of_its_family(value: Number) -> None:
    with pytest.raises(ValueError, match="genesis_gauge"):
        TextExposition().family(table(GAUGE, (value, ("a", "b"))))


def test_after_an_error_in_the_labels_nothing_is_remembered_wrongly() -> None:
    exposition = TextExposition()
    exposition.family(table(GAUGE, (1, ("a", "b"))))
    for _ in range(2):
        with pytest.raises(ValueError, match="shorter"):
            exposition.family(table(GAUGE, (2, ("only one",))))
    assert b'genesis_gauge{strategy="a",symbol="b"} 3\n' in exposition.family(table(GAUGE, (3, ("a", "b"))))


def test_a_family_without_samples_has_no_lines() -> None:
    assert TextExposition().family(Table(GAUGE)) == b""


def test_only_the_lines_of_the_last_scrape_are_kept() -> None:
    def kept_after(scrapes: int) -> int:
        """Bytes of all that the exposition holds."""
        exposition = TextExposition()
        for scrape in range(scrapes):
            exposition.family(table(GAUGE, *[(1, (f"strategy {scrape:02}", str(n))) for n in range(20)]))
        return len(pickle.dumps(exposition))

    assert kept_after(50) == pytest.approx(kept_after(2), rel=0.2)


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", False),
        ("*/*", False),
        ("text/html,application/xhtml+xml,*/*;q=0.8", False),
        ("application/openmetrics-text", True),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", True),
        ("Application/OpenMetrics-Text;version=1.0.0,text/plain;q=0", True),
        ("application/openmetrics-text;q=0", False),
        ("application/openmetrics-text;q=wrong", True),
        ("application/json", False),
        # Prometheus 2.42, and 3.x
        (
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
            "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            False,
        ),
        (
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
            "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
            "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
            False,
        ),
    ],
)
def test_openmetrics_is_for_those_who_take_nothing_quicker(accept: str, wanted: bool) -> None:
    assert needs_openmetrics(accept) is wanted
