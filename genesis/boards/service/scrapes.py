"""The scrapes: how long they take, how many samples they bring, and whether all groups of metrics are there."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import stat, table, timeseries

from genesis.boards import queries, style, thresholds
from genesis.boards.foreign import HEAD_SERIES, SCRAPE_DURATION_SECONDS, SCRAPE_SAMPLES, SCRAPE_SERIES_ADDED
from genesis.boards.panels import Caption
from genesis.boards.queries import series
from genesis.boards.service.small_panels import HEIGHT, SPAN, TILE, by_program, chart_from_zero, durations, numbers
from genesis.boards.tables import Column, grid, joined, sorted_by
from genesis.boards.targets import lines
from genesis.metrics import catalog

_COLLECTED = {"1": ("yes", style.GAIN), "0": ("no", style.CRITICAL)}


def duration(interval: float) -> timeseries.Panel:
    """How long the scrapes take; `interval` is the scrape interval in seconds."""
    caption = Caption(
        "Scrape duration",
        "How long each scrape took, on a logarithmic scale. Dashed: where ScrapeSlow of that severity starts, a share of the "
        "monitor's scrape interval; the alert uses the mean of a minute.",
        "Prometheus scrapes nothing.",
    )
    panel = by_program(durations(caption), SCRAPE_DURATION_SECONDS)
    return thresholds.of_account(panel, "ScrapeSlow", "EF", scale=f"{interval:g} * ")


def panels() -> list[Any]:
    """The panels of the section."""
    return [
        _groups().height(HEIGHT).span(SPAN),
        _samples().height(HEIGHT).span(SPAN),
        _series().height(HEIGHT).span(SPAN),
        _folded().height(TILE).span(24),
    ]


def _groups() -> table.Panel:
    caption = Caption(
        "Groups of metrics",
        "The monitor collects each group of metrics separately: whether the last scrape has it, and how long it took. A group "
        "that failed is missing, and alerts on its figures cannot fire.",
        "The monitor is not scraped.",
    )
    words = [style.words(_COLLECTED), style.coloured_text(), style.width(90)]
    columns = [
        Column("Collected", f"min by (group) ({series(catalog.COLLECTOR_SUCCESS)})", style.COUNT, properties=words),
        Column("Time", f"max by (group) ({series(catalog.COLLECTOR_DURATION_SECONDS)})", style.SECONDS, 2),
    ]
    return sorted_by(joined(grid(caption), {"group": "Group"}, columns), "Time", descending=True)


def _samples() -> timeseries.Panel:
    caption = Caption(
        "Samples per scrape",
        "How many samples each scrape returned. The monitor's number grows with strategies and symbols, up to the bounds of "
        "monitor.yaml.",
        "Prometheus scrapes nothing.",
    )
    return by_program(chart_from_zero(caption, style.COUNT, 0), SCRAPE_SAMPLES)


def _series() -> timeseries.Panel:
    caption = Caption(
        "Series in Prometheus",
        "Series that Prometheus holds in memory, from all scrapes and rules; and about how many new series the scrapes of the "
        "last minute added. A number that rises for hours means a label whose values never repeat.",
        "Prometheus does not scrape itself.",
    )
    added = f"sum(sum_over_time({series(SCRAPE_SERIES_ADDED)}[1m]))"
    panel = chart_from_zero(caption, style.COUNT, 0).with_target(lines(f"max({series(HEAD_SERIES)})", "in memory"))
    return style.own_colours(panel.with_target(lines(added, "new in a minute", "B")), ("in memory", "new in a minute"))


def _folded() -> stat.Panel:
    caption = Caption(
        "Names without series of their own",
        "Strategies and symbols above the bounds of monitor.yaml, which share the name `other`; fills and fundings of "
        "components after the fiftieth of their strategy; sources whose sequence numbers were forgotten. Normally all are 0.",
        "The monitor is not scraped.",
    )
    strategies, symbols = 'label="strategy"', 'label="symbol"'
    folded = {
        "strategies": queries.account(catalog.SERIES_FOLDED, strategies),
        "symbols": queries.account(catalog.SERIES_FOLDED, symbols),
        "component events": f"sum({series(catalog.STRATEGY_COMPONENTS_FOLDED)})",
        "sources": f"max({series(catalog.SOURCES_FORGOTTEN)})",
    }
    return numbers(caption, folded, style.COUNT).thresholds(style.above(1))
