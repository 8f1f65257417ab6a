"""Resource usage of each program."""

from __future__ import annotations

from typing import Any, Final

from grafana_foundation_sdk.builders import stat, timeseries

from genesis.boards import foreign, queries, style
from genesis.boards.foreign import JOBS
from genesis.boards.panels import Caption, names
from genesis.boards.service.small_panels import HEIGHT, SPAN, TILE, by_program, chart_from_zero, numbers, of_program
from genesis.metrics import catalog

_DEMO: Final = "In the demo, monitor, engine and rotation are one process, which is shown twice."
_EMPTY: Final = "Nothing is scraped, or the system has no /proc."


def panels() -> list[Any]:
    """The panels of the section."""
    return [
        _memory().height(HEIGHT).span(SPAN),
        _processor().height(HEIGHT).span(SPAN),
        _files().height(HEIGHT).span(SPAN),
        _running().height(TILE).span(18),
        _version().height(TILE).span(6),
    ]


def _memory() -> timeseries.Panel:
    caption = Caption("Memory by program", f"Resident memory of each process. {_DEMO}", _EMPTY)
    return by_program(chart_from_zero(caption, style.BYTES, 1), foreign.PROCESS_MEMORY_BYTES)


def _processor() -> timeseries.Panel:
    caption = Caption("Processor", f"CPU time that each process uses; 100 % is one core. {_DEMO}", _EMPTY)
    # Prometheus and Alertmanager are scraped less often than the rest: one fixed window has samples of all.
    return by_program(chart_from_zero(caption, style.RATIO, 1), foreign.PROCESS_CPU_SECONDS, "max(rate({}[1m]))")


def _files() -> timeseries.Panel:
    caption = Caption(
        "Open files",
        f"Files and connections that each process has open. At its limit it cannot accept another connection. {_DEMO}",
        _EMPTY,
    )
    return by_program(chart_from_zero(caption, style.COUNT, 0), foreign.PROCESS_OPEN_FDS)


def _running() -> stat.Panel:
    caption = Caption("Running for", f"Time since each process started. {_DEMO}", _EMPTY)
    started = {program: of_program(foreign.PROCESS_START_TIME_SECONDS, program) for program in JOBS}
    uptimes = {program: f"time() - max({found})" for program, found in started.items()}
    return numbers(caption, uptimes, style.CLOCK)


def _version() -> stat.Panel:
    caption = Caption("Version", "The running version of Genesis.", "Unknown.")
    return names(caption, f"max by (version) ({queries.series(catalog.BUILD_INFO)})", "version")
