"""A threshold as a figure, so that a board draws the line that pages."""

from __future__ import annotations

from typing import NamedTuple


class AlertThreshold(NamedTuple):
    """One threshold: a ratio, a multiple, seconds, or a number of events."""

    alert: str
    severity: str
    strategy: str
    """Empty for the threshold of all strategies without one of their own."""
    value: float
    part: str = ""
    """Which one, of an alert with several: low and high of a band, week and month; else empty."""
