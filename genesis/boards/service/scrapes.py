"""How Prometheus reads the processes: how long it takes, how much it is, and whether all groups of metrics are there."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import stat, table, timeseries

from genesis.boards import queries, style, thresholds
from genesis.boards.foreign import HEAD_SERIES, SCRAPE_DURATION_SECONDS, SCRAPE_SAMPLES, SCRAPE_SERIES_ADDED
from genesis.boards.panels import Caption
from genesis.boards.queries import series
from genesis.boards.service.parts import HEIGHT, SPAN, TILE, by_program, low, numbers, times
from genesis.boards.tables import Column, grid, joined, sorted_by
from genesis.boards.targets import lines
from genesis.metrics import catalog

_COLLECTED = {"1": ("yes", style.GAIN), "0": ("no", style.CRITICAL)}


def duration(interval: float) -> timeseries.Panel:
    """How long the scrapes take; `interval` is the time between two of them, in seconds."""
    caption = Caption(
        "Scrape duration",
        "How long each scrape took, on a scale of powers of ten. Dashed: where ScrapeSlow (warning, critical) starts, a share "
        "of the time between two scrapes of the monitor; it looks at the mean of a minute.",
        "Prometheus scrapes nothing.",
    )
    panel = by_program(times(caption), SCRAPE_DURATION_SECONDS)
    return thresholds.of_account(panel, "ScrapeSlow", "EF", scale=f"{interval:g} * ")


def panels() -> list[Any]:
    """The section."""
    return [
        _groups().height(HEIGHT).span(SPAN),
        _samples().height(HEIGHT).span(SPAN),
        _series().height(HEIGHT).span(SPAN),
        _folded().height(TILE).span(24),
    ]


def _groups() -> table.Panel:
    caption = Caption(
        "Groups of metrics",
        "Each group of the monitor's metrics is collected on its own: whether the last scrape has it, and how long it took. A "
        "group that failed is missing, and alerts on its figures cannot fire.",
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
        "Samples in a scrape",
        "How many samples each scrape brought. The monitor's grow with strategies and symbols, up to the bounds of "
        "monitor.yaml.",
        "Prometheus scrapes nothing.",
    )
    return by_program(low(caption, style.COUNT, 0), SCRAPE_SAMPLES)


def _series() -> timeseries.Panel:
    caption = Caption(
        "Series in Prometheus",
        "Series that Prometheus holds in memory, of all that it scrapes and of the rules; and about how many of each minute's "
        "scrapes of all programs were new. A count that rises for hours is a label that never repeats.",
        "Prometheus does not scrape itself.",
    )
    added = f"sum(sum_over_time({series(SCRAPE_SERIES_ADDED)}[1m]))"
    panel = low(caption, style.COUNT, 0).with_target(lines(f"max({series(HEAD_SERIES)})", "in memory"))
    return style.own_colours(panel.with_target(lines(added, "new in a minute", "B")), ("in memory", "new in a minute"))


def _folded() -> stat.Panel:
    caption = Caption(
        "Names without series of their own",
        "Strategies and symbols past the bounds of monitor.yaml, which share the name `other`; fills and fundings of "
        "components past the fiftieth of their strategy; sources whose numbers were forgotten. All are 0 as it should be.",
        "The monitor is not scraped.",
    )
    strategies, symbols = 'label="strategy"', 'label="symbol"'
    told = {
        "strategies": queries.account(catalog.SERIES_FOLDED, strategies),
        "symbols": queries.account(catalog.SERIES_FOLDED, symbols),
        "component events": f"sum({series(catalog.STRATEGY_COMPONENTS_FOLDED)})",
        "sources": f"max({series(catalog.SOURCES_FORGOTTEN)})",
    }
    return numbers(caption, told, style.COUNT).thresholds(style.above(1))
