"""The alerts on the account as a whole, the feeds, the events and alerting itself."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from genesis.core.alert_faults import above
from genesis.core.duration import Interval
from genesis.core.section import Name, Section
from genesis.core.strategy_alert import Timing

DailyLossRatio = Annotated[Decimal, Field(gt=0, le=10)]


class DailyLossAlert(Timing):
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

    @field_validator("critical")
    @classmethod
    def _critical_is_worse(cls, critical: Decimal, info: ValidationInfo) -> Decimal:
        return above("warning", critical, info)


class StalenessAlert(Timing):
    """The age of a symbol's mark, while a strategy holds a position in it."""

    warning: Interval
    """Fires with severity warning from this age on."""
    critical: Interval
    """Fires with severity critical from this age on; must be above `warning`."""

    @field_validator("critical")
    @classmethod
    def _critical_is_worse(cls, critical: timedelta, info: ValidationInfo) -> timedelta:
        return above("warning", critical, info)


class RejectedAlert(Timing):
    """How many events of a kind were refused within a window, because they hold what cannot be booked."""

    window: Interval
    """How far back it counts, in wall time; at least four times `scrape_interval`."""
    warning: Annotated[int, Field(ge=1)]
    """Fires with severity warning from this number on."""
    critical: Annotated[int, Field(ge=1)]
    """Fires with severity critical from this number on; must be above `warning`."""

    @field_validator("critical")
    @classmethod
    def _critical_is_worse(cls, critical: int, info: ValidationInfo) -> int:
        return above("warning", critical, info)


class WatchdogAlert(Section):
    """An alert that always fires: its silence says that alerting itself is broken."""

    receiver: Name
    """Who hears the heartbeat, and raises the alarm when it stops; no route may use the same receiver."""
    repeat_interval: Interval
    """The time between two heartbeats."""
