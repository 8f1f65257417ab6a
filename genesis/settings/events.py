"""The part of `monitor.yaml` that says which well-formed events are refused, and which are remarkable."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from genesis.settings.section import Section

Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class EventSettings(Section):
    """What becomes of odd events. One that is refused changes nothing, and its sender is told why."""

    unknown_strategies: Literal["accept", "refuse"] = "accept"
    """What becomes of an account event whose strategy is not in strategies.yaml; one that has a book already is known."""
    # A wrong year would hold up the marks and begin days too early. More than a clock is off, less than time zones are apart.
    max_future_seconds: Seconds | None = 900.0
    """An event further ahead of this machine's clock is refused; null takes all."""
    late_after_seconds: Seconds = 60.0
    """An account event further behind the latest event time is counted as late; it is booked all the same."""
    limit_strategies: Count = 1_000
    """An event of one more strategy than this is refused, so that a broken sender cannot fill the memory."""
    limit_symbols: Count = 10_000
    """An event of one more symbol than this is refused, so that a broken sender cannot fill the memory."""
