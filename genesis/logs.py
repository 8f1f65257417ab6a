"""structlog, configured once a process: lines for people on a terminal, JSON for machines elsewhere; to stderr."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import TextIO

import structlog


class _LossyLogger(structlog.PrintLogger):
    """Drops a line that cannot be written (terminal closed, disk full), so that the caller goes on."""

    def msg(self, message: str) -> None:
        with suppress(OSError):
            super().msg(message)

    log = debug = info = warn = warning = fatal = failure = err = error = critical = exception = msg


def configure_logs(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Log from `level` (a name of the standard library's levels) on to `stream`, by default stderr."""
    stream = stream or sys.stderr
    renderer: structlog.types.Processor = structlog.processors.JSONRenderer()
    if stream.isatty():
        renderer = structlog.dev.ConsoleRenderer()
    processors: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if not stream.isatty():
        processors.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*processors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=lambda *_: _LossyLogger(stream),
        cache_logger_on_first_use=False,
    )
