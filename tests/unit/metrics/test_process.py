"""Beside the figures, /metrics tells what the process uses."""

import resource
from collections.abc import Iterator

from prometheus_client import Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from genesis.metrics.exposition import Exporter, TextExposition
from genesis.metrics.metric import Kind
from genesis.metrics.metric import Metric as Definition
from genesis.metrics.process import WithProcess
from genesis.metrics.table import Table


class OneGauge(Exporter):
    """An exporter with one sample."""

    def __init__(self) -> None:
        self._table = Table(Definition("genesis_test", Kind.GAUGE, (), "A test."))
        self._table.put(1.0, ())

    def collect(self) -> Iterator[Metric]:
        yield self._table.family()

    def text(self) -> Iterator[bytes]:
        yield TextExposition().family(self._table)


def values(text: bytes) -> dict[str, float]:
    return {sample.name: sample.value for family in text_string_to_metric_families(text.decode()) for sample in family.samples}


def test_memory_and_processor_time_of_this_process_follow_the_exporters_figures() -> None:
    told = values(b"".join(WithProcess(OneGauge()).text()))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    assert next(iter(told)) == "genesis_test"
    assert 0.1 * most < told["process_resident_memory_bytes"] <= 1.1 * most
    assert told["process_cpu_seconds_total"] > 0
    assert 0 < told["process_open_fds"] <= told["process_max_fds"]


def test_both_formats_tell_the_same_names() -> None:
    exporter = WithProcess(OneGauge())
    assert set(values(generate_latest(exporter))) == set(values(b"".join(exporter.text())))
