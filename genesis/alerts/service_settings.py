"""The alerts on the account as a whole, the feeds, the events and alerting itself."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from genesis.alerts.settings_kinds import Least, LeveledAlert, WindowAlert
from genesis.core.duration import Interval, duration_text
from genesis.settings.faults import above
from genesis.settings.section import Name, Ratio, Section

LONGEST_APPEND = timedelta(seconds=1)
"""The last bucket of the histogram of appends: a quantile is told up to it."""

Quantile = Annotated[Decimal, Field(gt=0, lt=1)]
DailyLossRatio = Annotated[Decimal, Field(gt=0, le=10)]


class DailyLossAlert(LeveledAlert):
    """Today's loss of the account as a share of the daily loss limit of its tier (`trading_rules.yaml`)."""

    info: DailyLossRatio
    """Fires with severity info from here on."""
    warning: DailyLossRatio
    """Fires with severity warning from here on; must be above `info`."""
    critical: DailyLossRatio
    """Fires with severity critical from here on; must be above `warning`."""

    @field_validator("warning")
    @classmethod
    def _warning_is_worse(cls, warning: Decimal, info: ValidationInfo) -> Decimal:
        return above("info", warning, info)


class StalenessAlert(LeveledAlert):
    """The age of a symbol's mark, while a strategy holds a position in it."""

    warning: Interval
    """Fires with severity warning from this age on."""
    critical: Interval
    """Fires with severity critical from this age on; must be above `warning`."""


class CountAlert(LeveledAlert):
    """How often something happened within a window."""

    window: Interval
    """How far back it counts, in wall time; at least four times `scrape_interval`."""
    warning: Least
    """Fires with severity warning from this number on."""
    critical: Least
    """Fires with severity critical from this number on; must be above `warning`."""


class RejectedAlert(CountAlert):
    """How many events of a kind were refused within a window, because they hold what cannot be booked."""


class LateAlert(CountAlert):
    """How many account events of a kind were booked late within a window (`events.late_after_seconds` of monitor.yaml)."""


class TurnedAwayAlert(CountAlert):
    """How many requests to the API were turned away with the same status within a window, before their events were read."""


class JournalSlowAlert(LeveledAlert):
    """A quantile of the wall time of a durable append to the journal, over a window."""

    warning: Interval
    """Fires with severity warning from here on."""
    critical: Interval
    """Fires with severity critical from here on; must be above `warning`, and at most 1s: no more is told."""
    quantile: Quantile
    """The share of the appends that take no longer than the time told."""
    window: Interval
    """How far back the appends go, in wall time; at least four times `scrape_interval`."""
    min_appends: Least
    """Fewer appends than this in the window say nothing, and fire nothing."""

    @field_validator("critical")
    @classmethod
    def _can_be_told(cls, critical: timedelta) -> timedelta:
        if critical > LONGEST_APPEND:
            raise ValueError(f"must be at most {duration_text(LONGEST_APPEND)}: no longer append is told")
        return critical


class ScrapeSlowAlert(LeveledAlert):
    """The mean time of a scrape of the monitor, over a window, as a share of `scrape_interval`."""

    warning: Ratio
    """Fires with severity warning from here on."""
    critical: Ratio
    """Fires with severity critical from here on; must be above `warning`. At 1 the scrape is given up, and its samples lost."""
    window: Interval
    """How far back the scrapes go; at least four times `scrape_interval`."""


class FlappingAlert(WindowAlert):
    """How often the monitor was lost within a window."""

    times: Least
    """Fires when Prometheus could read the monitor, and then could not, this often."""


class MissedAlert(LeveledAlert):
    """The evaluations of the slowest group of rules that Prometheus left out within a window, as a share of all."""

    window: Interval
    """How far back they go; at least 20s."""
    warning: Ratio
    """Fires with severity warning from here on."""
    critical: Ratio
    """Fires with severity critical from here on; must be above `warning`."""


class WatchdogAlert(Section):
    """An alert that always fires: its silence says that alerting itself is broken."""

    receiver: Name
    """Who hears the heartbeat, and raises the alarm when it stops; no route may use the same receiver."""
    repeat_interval: Interval
    """The time between two heartbeats."""
