"""Rule tests of the alerts on the monitor and on alerting itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from genesis.core.alert_config import AlertSettings
from genesis.core.duration import duration_text
from genesis.monitoring import catalog
from genesis.monitoring.alert_manager.cases import MONITOR, Case, Check, Firing, Timeline, held, series
from genesis.monitoring.alert_manager.messages import annotate
from genesis.monitoring.alert_manager.rules import FAILED_NOTIFICATIONS, JOB

_UP = series("up")
_ACCOUNTS = series(catalog.COLLECTOR_SUCCESS.name, group="accounts")


class ServiceCases:
    """The cases for one configuration."""

    def __init__(self, settings: AlertSettings) -> None:
        self._settings = settings
        self._alerts = settings.alerts
        self._time = Timeline(settings.evaluation_interval)

    def all(self) -> Iterator[Case]:
        yield from self._down()
        yield from self._collector()
        yield from self._notifications()
        heartbeat = self._firing("Watchdog", "none", {})
        yield Case("Watchdog", "always fires", {_UP: held(1, 1)}, [Check(0, heartbeat), Check(1, heartbeat)])

    def _down(self) -> Iterator[Case]:
        alert, config = "MonitorDown", self._alerts.monitor_down
        hold = self._time.steps(config.hold)
        firing = self._firing(alert, config.severity, MONITOR)
        waiting = [Check(hold - 1)] if hold else []
        yield Case(alert, "fires when the monitor cannot be read", {_UP: held(0, hold)}, [*waiting, Check(hold, firing)])
        unknown = self._firing(alert, config.severity, {"job": JOB})
        other = {'up{instance="localhost:9090",job="prometheus"}': held(1, hold)}
        yield Case(alert, "fires when Prometheus knows of no monitor", other, [*waiting, Check(hold, unknown)])
        restoring = {_UP: held(1, hold), series(catalog.COLLECTOR_SUCCESS.name, group="service"): held(1, hold)}
        yield Case(alert, "fires while the books are not restored", restoring, [*waiting, Check(hold, firing)])
        for value, name in ((1, "says nothing while the monitor answers"), (0, "leaves one failing group to CollectorFailing")):
            yield Case(alert, name, {_UP: held(1, hold), _ACCOUNTS: held(value, hold)}, [Check(hold)])
        back = hold + 1 + self._time.steps(config.keep_firing_for)
        values = {_UP: f"{held(0, hold)} {held(1, back)}", _ACCOUNTS: held(1, 2 * back)}
        yield Case(alert, "ends when the monitor is back", values, [Check(back - 1, firing), Check(back)])

    def _collector(self) -> Iterator[Case]:
        alert, config = "CollectorFailing", self._alerts.collector_failing
        hold = self._time.steps(config.hold)
        trades = series(catalog.COLLECTOR_SUCCESS.name, group="trades")
        waiting = [Check(hold - 1)] if hold else []

        def firing(group: str) -> list[Firing]:
            return self._firing(alert, config.severity, {**MONITOR, "group": group})

        well = {_UP: held(1, hold), _ACCOUNTS: held(1, hold), trades: held(1, hold)}
        yield Case(alert, "says nothing of a complete scrape", well, [Check(hold)])
        one = {**well, trades: held(0, hold)}
        yield Case(alert, "fires for the group that fails", one, [*waiting, Check(hold, firing("trades"))])
        both = {**one, _ACCOUNTS: held(0, hold)}
        yield Case(alert, "fires for each group", both, [Check(hold, [*firing("trades"), *firing("accounts")])])
        yield Case(alert, "leaves a monitor that is down to MonitorDown", {_UP: held(0, hold)}, [Check(hold)])

    def _notifications(self) -> Iterator[Case]:
        alert, config = "NotificationsFailing", self._alerts.notifications_failing
        labels = {"instance": "alertmanager:9093", "integration": "slack"}
        name = f'{FAILED_NOTIFICATIONS}{{instance="alertmanager:9093",integration="slack",job="alertmanager"}}'
        hold, window = self._time.steps(config.hold) + 1, self._time.steps(timedelta(minutes=2))
        over = window + 1 + self._time.steps(config.keep_firing_for)
        firing = self._firing(alert, config.severity, labels)
        yield Case(alert, "says nothing while all arrive", {name: held(3, hold)}, [Check(hold)])
        checks = [Check(hold - 1), Check(hold, firing), Check(over)]
        yield Case(alert, "fires at a failure, and ends when no more follow", {name: f"0 {held(1, over)}"}, checks)

    def _firing(self, alert: str, severity: str, labels: dict[str, str]) -> list[Firing]:
        config = self._alerts.monitor_down
        words = {"instance": "", "integration": "", "group": "", **labels, "hold": duration_text(config.hold)}
        text = annotate(alert, words, self._settings.links)
        return [Firing({**labels, "severity": severity}, text)]
