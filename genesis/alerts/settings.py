"""`alerts.yaml`: thresholds, receivers and routes, as frozen settings.

Every fault of the file is reported at once, those of the references between its parts included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, ModelWrapValidatorHandler, ValidationError, create_model, model_validator
from pydantic_core import InitErrorDetails

from genesis.alerts.alert import Alert, ConfiguredAlert, SettingsT
from genesis.alerts.catalog import ALERTS
from genesis.alerts.messages import Links
from genesis.alerts.notify.faults import notification_faults
from genesis.alerts.notify.receiver_settings import Receiver
from genesis.alerts.notify.settings import Grouping, Hours, Notification, Route, Team
from genesis.alerts.rules import Context
from genesis.alerts.timing_faults import interval_faults
from genesis.core.duration import Interval
from genesis.core.errors import Fault
from genesis.settings.faults import again, refuse
from genesis.settings.section import Name, Section
from genesis.settings.statistics import StatisticsSettings
from genesis.settings.trading_rules import TradingRules


class AlertSections(Section):
    """The settings of every alert. `Alerts` adds the fields, one an alert."""

    def of(self, alert: Alert[SettingsT]) -> SettingsT:
        """The settings of this alert."""
        found: SettingsT = self.by_name()[alert.name]
        return found

    def by_name(self) -> Mapping[str, Any]:
        """Name of each alert → its settings, in the order of the catalogue."""
        return dict(self)

    def changed(self, alert: Alert[SettingsT], **values: object) -> Self:
        """A copy with other values in the settings of one alert. The new values are not checked."""
        return self.model_copy(update={alert.name: self.of(alert).model_copy(update=values)})


if TYPE_CHECKING:  # a type checker cannot see fields that are made while the program runs
    Alerts = AlertSections
else:
    Alerts = create_model(
        "Alerts",
        __base__=AlertSections,
        __module__=__name__,
        __doc__="The alerts, by the name that they fire under.",
        **{name: (alert.settings, Field(description=alert.about)) for name, alert in ALERTS.items()},
    )


class AlertSettings(Section):
    """`alerts.yaml`: what fires when, and who is notified."""

    scrape_interval: Interval
    """How often Prometheus reads the monitor; at most 1m."""
    evaluation_interval: Interval
    """How often Prometheus evaluates the alert rules; at most 1m."""
    group_by: Grouping
    """Labels: alerts in which all of them are equal make one notification. Test alerts stay apart."""
    group_interval: Interval
    """How soon a change in a notified group (one more alert, one resolved) is notified."""
    links: Links
    """Where a notification's links lead."""
    alerts: Alerts
    """The alerts and their thresholds."""
    receivers: Annotated[dict[Name, Receiver], Field(min_length=1)]
    """Who can be notified."""
    hours: dict[Name, Hours] = Field(default_factory=dict)
    """Hours of the week, by a name that routes use."""
    teams: dict[Name, Team] = Field(default_factory=dict)
    """Strategy → who is notified of its alerts in place of the receivers of the routes: one receiver, or one a severity."""
    default_route: Notification
    """Takes the alerts that no route takes, so that none is lost."""
    routes: tuple[Route, ...]
    """Who is notified of what."""

    def configured(self, limits: TradingRules) -> dict[str, ConfiguredAlert[Any]]:
        """Name of each alert → the alert with its settings, in the order of the catalogue."""
        context = Context(self.links, self.scrape_interval, limits)
        return {name: ConfiguredAlert(alert, self.alerts.of(alert), context) for name, alert in ALERTS.items()}

    def statistics_faults(self, statistics: StatisticsSettings) -> Iterator[Fault]:
        """Alerts that could never fire, because monitor.yaml does not have their figure computed."""
        for name, section in self.alerts.by_name().items():
            for misfit in section.statistics_misfits(statistics):
                yield Fault("alerts.yaml", f"alerts.{name}.{misfit.key}", misfit.value, misfit.right)

    def strategies_named(self) -> Iterator[tuple[str, str]]:
        """(key, strategy) for every strategy that the file names."""
        for name, section in self.alerts.by_name().items():
            yield from ((f"alerts.{name}.{key}", strategy) for key, strategy in section.overridden())
        yield from (("teams", strategy) for strategy in self.teams)
        for index, route in enumerate(self.routes):
            if "strategy" in route.match:
                yield f"routes.{index}.match.strategy", route.match["strategy"]

    @model_validator(mode="wrap")
    @classmethod
    def _references_lead_somewhere(cls, raw: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        faults: list[InitErrorDetails] = []
        if isinstance(raw, Mapping):
            faults = [*notification_faults(raw, list(ALERTS)), *interval_faults(raw)]
        try:
            settings = handler(raw)
        except ValidationError as error:
            found = [*map(again, error.errors(include_url=False)), *faults]
            raise ValidationError.from_exception_data(cls.__name__, found) from None
        refuse(cls.__name__, faults)
        return settings
