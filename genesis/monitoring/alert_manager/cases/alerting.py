"""The cases of alerting itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from genesis.monitoring.alert_manager.alerts.alerting import FAILED_NOTIFICATIONS
from genesis.monitoring.alert_manager.cases.case import Case, Check, held
from genesis.monitoring.alert_manager.cases.maker import UP, CaseMaker


def notifications(maker: CaseMaker) -> Iterator[Case]:
    """NotificationsFailing."""
    config = maker.alerts.notifications_failing
    labels = {"instance": "alertmanager:9093", "integration": "slack"}
    name = f'{FAILED_NOTIFICATIONS}{{instance="alertmanager:9093",integration="slack",job="alertmanager"}}'
    hold, window = maker.hold(config) + 1, maker.time.steps(timedelta(minutes=2))
    over = window + 1 + maker.kept(config)
    firing = [maker.firing_elsewhere(config.severity, labels)]
    yield maker.case("says nothing while all arrive", {name: held(3, hold)}, [Check(hold)])
    checks = [Check(hold - 1), Check(hold, firing), Check(over)]
    yield maker.case("fires at a failure, and ends when no more follow", {name: f"0 {held(1, over)}"}, checks)
    yield maker.absent(config)


def watchdog(maker: CaseMaker) -> Iterator[Case]:
    """Watchdog."""
    heartbeat = [maker.firing_elsewhere("none", {})]
    yield maker.case("always fires", UP, [Check(0, heartbeat), Check(1, heartbeat)])
