"""`alerts.yaml`: thresholds, receivers and routes, as frozen settings."""

from __future__ import annotations

from pydantic import BaseModel


class AlertSettings(BaseModel):
    """`alerts.yaml`."""
