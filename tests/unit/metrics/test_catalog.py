"""The catalogue is the union of the declarations, each under its own name and with the unit that its name says."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from genesis.metrics import catalog, families
from genesis.metrics.declaration import DeclaredMetric, Group
from genesis.metrics.metric import Kind, Process, Unit


def constants(module: object) -> Iterator[tuple[str, DeclaredMetric]]:
    for constant, value in vars(module).items():
        if isinstance(value, DeclaredMetric):
            yield constant, value


def test_every_declaration_of_every_topic_is_in_the_catalogue_once() -> None:
    topics = [import_module(f"{families.__name__}.{module.name}") for module in pkgutil.iter_modules(families.__path__)]
    declared = [metric for topic in topics for _, metric in constants(topic)]
    assert len(declared) > 150
    for metric in declared:
        assert metric in catalog.CATALOG, f"{metric.name} is declared, and catalog.py does not import its topic"
    assert len(catalog.BY_NAME) == len(catalog.CATALOG) == len(declared)


def test_a_constant_is_called_as_its_metric() -> None:
    for constant, metric in constants(catalog):
        assert metric.name.removesuffix("_total") == f"genesis_{constant.lower()}", constant


def test_the_name_says_type_and_unit() -> None:
    by_suffix = {
        "_timestamp_seconds": {Unit.TIMESTAMP},
        "_seconds": {Unit.SECONDS},
        "_ratio": {Unit.RATIO, Unit.PROBABILITY},
        "_pvalue": {Unit.PROBABILITY},
    }
    for metric in catalog.CATALOG:
        assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER), metric.name
        assert metric.name.endswith("_info") == (metric.kind is Kind.INFO), metric.name
        suffix = next((suffix for suffix in by_suffix if metric.name.endswith(suffix)), None)
        if suffix is not None:
            assert metric.unit in by_suffix[suffix], metric.name
        elif metric.kind is not Kind.INFO:
            assert metric.unit not in {unit for units in by_suffix.values() for unit in units}, metric.name


def test_every_label_has_a_name_of_its_own() -> None:
    for metric in catalog.CATALOG:
        assert len(set(metric.labels)) == len(metric.labels), metric.name


def test_the_process_is_that_of_the_group() -> None:
    for metric in catalog.CATALOG:
        assert (metric.process is Process.ROTATION) == (metric.rows.group is Group.ROTATION), metric.name
