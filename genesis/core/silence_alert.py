"""The alert on a strategy of which nothing is heard any more."""

from __future__ import annotations

from genesis.core.duration import Interval
from genesis.core.strategy_alert import DurationAlert


class SilenceAlert(DurationAlert):
    """The wall time without an event of a strategy, while its market moves."""

    quoted_within: Interval
    """Its market moves while a mark of a symbol that it has traded is younger; at least twice `scrape_interval`."""
