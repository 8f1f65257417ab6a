"""The part of `monitor.yaml` about odd events: which are refused, and which are counted as late."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from genesis.settings.section import Section

Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class EventSettings(Section):
    """How odd events are handled. A refused event changes nothing, and its sender gets the reason."""

    unknown_strategies: Literal["accept", "refuse"] = "accept"
    """How to handle an account event whose strategy is neither in strategies.yaml nor in the books."""
    # A wrong year would block the marks and start days too early. Above the error of a clock, below a time zone's offset.
    max_future_seconds: Seconds | None = 900.0
    """An event further ahead of this machine's clock is refused; null accepts all."""
    late_after_seconds: Seconds = 60.0
    """An account event further behind the latest event time is counted as late; it is booked all the same."""
    limit_strategies: Count = 1_000
    """Events of strategies beyond this number are refused, so that a faulty sender cannot fill the memory."""
    limit_symbols: Count = 10_000
    """Events of symbols beyond this number are refused, so that a faulty sender cannot fill the memory."""
