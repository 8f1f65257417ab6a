"""The alert on a strategy of which nothing is heard any more."""

from __future__ import annotations

from genesis.alerts.settings_kinds import DurationAlert
from genesis.core.duration import Interval


class SilenceAlert(DurationAlert):
    """The wall time without an event of a strategy, while its market moves."""

    quoted_within: Interval
    """Its market moves while a mark of a symbol that it has traded is younger; at least twice `scrape_interval`."""
