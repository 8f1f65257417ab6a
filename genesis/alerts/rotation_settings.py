"""The alerts on the rotation controller."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from genesis.alerts.settings_kinds import LeveledAlert, StateAlert
from genesis.settings.section import Ratio

Intervals = Annotated[Decimal, Field(gt=1, le=100)]


class StuckAlert(LeveledAlert):
    """The age of the controller's last decision, in multiples of the interval at which it decides."""

    warning: Intervals
    """Fires with severity warning from here on; above 1, as a decision is one interval old when the next one comes."""
    critical: Intervals
    """Fires with severity critical from here on; must be above `warning`."""


class DisagreementAlert(StateAlert):
    """How far the weight that the engine reports of a strategy is from the one that was decided on."""

    tolerance: Ratio
    """Fires from this difference on, as a share of the capital."""
