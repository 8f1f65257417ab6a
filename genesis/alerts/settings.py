"""`alerts.yaml`: thresholds, receivers and routes, as frozen settings.

Every fault of the file is reported at once, those of the references between its parts included.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails

from genesis.alerts.all_settings import ALERT_NAMES, Alerts
from genesis.alerts.notify.faults import notification_faults
from genesis.alerts.notify.receiver_settings import Receiver, Url
from genesis.alerts.notify.settings import Grouping, Hours, Notification, Route, Team
from genesis.alerts.timing_faults import interval_faults
from genesis.core.duration import Interval
from genesis.settings.faults import again, refuse
from genesis.settings.section import Name, Section


class Links(Section):
    """The addresses that a notification sends its reader to."""

    runbooks: Url
    """The page of the runbooks; the alert's name in lower case is the anchor on it."""
    grafana: Url
    """Grafana, whose boards the alerts lead to, each to that of its topic; the alert's strategy is handed on as `var-strategy`,
    and a query of the address, as `?orgId=2`, too."""


class AlertSettings(Section):
    """`alerts.yaml`: what fires when, and who is told."""

    scrape_interval: Interval
    """How often Prometheus reads the monitor; at most 1m."""
    evaluation_interval: Interval
    """How often Prometheus evaluates the alert rules; at most 1m."""
    group_by: Grouping
    """The labels by which alerts make one notification: those in which all of these are equal. Test alerts stay apart."""
    group_interval: Interval
    """How soon a change in a group that was notified before (one more alert, one resolved) is notified."""
    links: Links
    """Where a notification's links lead."""
    alerts: Alerts
    """The alerts and their thresholds."""
    receivers: Annotated[dict[Name, Receiver], Field(min_length=1)]
    """Who can be told."""
    hours: dict[Name, Hours] = Field(default_factory=dict)
    """Hours of the week, by a name that routes use."""
    teams: dict[Name, Team] = Field(default_factory=dict)
    """Strategy → who is told of its alerts instead of the routes' receivers: one of `receivers`, or one a severity."""
    default_route: Notification
    """Takes what no route takes, so that nothing is lost."""
    routes: tuple[Route, ...]
    """Who is told of what."""

    @model_validator(mode="wrap")
    @classmethod
    def _references_lead_somewhere(cls, raw: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        faults: list[InitErrorDetails] = []
        if isinstance(raw, Mapping):
            faults = [*notification_faults(raw, ALERT_NAMES), *interval_faults(raw)]
        try:
            settings = handler(raw)
        except ValidationError as error:
            found = [*map(again, error.errors(include_url=False)), *faults]
            raise ValidationError.from_exception_data(cls.__name__, found) from None
        refuse(cls.__name__, faults)
        return settings
