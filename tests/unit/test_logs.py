"""A log that cannot be written stops nothing."""

from __future__ import annotations

import errno
import io

import structlog

from genesis.logs import configure_logs


class Gone(io.StringIO):
    """A terminal that was closed, or a disk that is full, until `back`."""

    back = False

    def write(self, text: str, /) -> int:
        if not self.back:
            raise OSError(errno.EIO, "Input/output error")
        return super().write(text)


def test_a_line_that_cannot_be_written_is_lost_and_later_lines_are_not() -> None:
    stream = Gone()
    configure_logs("INFO", stream)
    log = structlog.get_logger()
    for say in (log.info, log.warning, log.error, log.critical):
        say("lost")
    stream.back = True
    log.info("written")
    assert [line for line in stream.getvalue().splitlines() if "event" in line] == [stream.getvalue().strip()]
    assert '"written"' in stream.getvalue()
