"""The cases of alerting itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from genesis.alerts.cases.case import PROMETHEUS, Case, Check, Firing, around, held, series_of
from genesis.alerts.cases.maker import UP, CaseMaker
from genesis.alerts.catalog.alerting import (
    ALERTMANAGERS,
    FAILED_EVALUATIONS,
    FAILED_NOTIFICATIONS,
    ITERATIONS,
    MISSED_ITERATIONS,
    RELOADED,
    SENDING_ERRORS,
)
from genesis.alerts.figure import SEVERITIES, percent
from genesis.core.duration import duration_text

_MANY = 10**9
"""Evaluations, such that every share of them is a whole number."""
_GROUP = "/etc/prometheus/rules/losses.yml;genesis_losses"


def failing(maker: CaseMaker) -> Iterator[Case]:
    """RulesFailing."""
    config = maker.of("RulesFailing")
    labels = {**PROMETHEUS, "rule_group": _GROUP}
    firing = [maker.firing_elsewhere(config.severity, labels, value="2", window=duration_text(config.window))]
    return maker.moved(config, series_of(PROMETHEUS, FAILED_EVALUATIONS, rule_group=_GROUP), 2, firing)


def missed(maker: CaseMaker) -> Iterator[Case]:
    """RulesMissed."""
    config = maker.of("RulesMissed")
    hold, window, kept = maker.hold(config) + 1, maker.time.steps(config.window), maker.kept(config)

    def share(value: Decimal, group: str = _GROUP, steps: int = hold) -> dict[str, str]:
        counts = {MISSED_ITERATIONS: int(value * _MANY), ITERATIONS: _MANY}
        return {series_of(PROMETHEUS, name, rule_group=group): f"0 {held(count, steps)}" for name, count in counts.items()}

    def firing(value: Decimal) -> list[Firing]:
        words = {"value": percent(value), "window": duration_text(config.window)}
        return [
            maker.firing_elsewhere(severity, PROMETHEUS, threshold=percent(level), **words)
            for severity in SEVERITIES
            if value >= (level := getattr(config, severity))
        ]

    for text, value in around(config.warning, config.critical):
        yield maker.case(text, share(value), [Check(hold - 1), Check(hold, firing(value))])
    two = {**share(config.warning), **share(config.warning / 2, "rules/b.yml;b")}
    yield maker.case("tells of the slowest group alone", two, [Check(hold, firing(config.warning))])
    yield maker.case("says nothing where nothing is left out", share(Decimal(0)), [Check(hold)])
    yield maker.absent(config)
    over = window + 1 + kept
    checks = [Check(window - 1 + kept, firing(config.critical)), Check(over)]
    yield maker.case("ends when it has left the window", share(config.critical, steps=over), checks)


def unreachable(maker: CaseMaker) -> Iterator[Case]:
    """AlertmanagerUnreachable."""
    config, url = maker.of("AlertmanagerUnreachable"), "http://alertmanager:9093/api/v2/alerts"
    hold, window, kept = maker.hold(config), maker.time.steps(config.window), maker.kept(config)
    errors, known = series_of(PROMETHEUS, SENDING_ERRORS, alertmanager=url), series_of(PROMETHEUS, ALERTMANAGERS)
    one = [maker.firing_elsewhere(config.severity, {**PROMETHEUS, "alertmanager": url})]
    none = [
        _without(maker.firing_elsewhere(config.severity, {**PROMETHEUS, "alertmanager": "any Alertmanager"}), "alertmanager")
    ]
    over = hold + 2 + window + kept + 1
    values = {errors: f"0+1x{hold + 2} {held(hold + 2, over)}"}
    yield maker.case("fires while attempts fail, and ends", values, [Check(hold), Check(hold + 1, one), Check(over)])
    checks = [Check(step) for step in sorted({hold, hold + 1, hold + window})]
    yield maker.case("says nothing of one failed attempt", {errors: f"0 {held(1, hold + window)}"}, checks)
    yield maker.fires("fires when Prometheus knows of none", {known: held(0, hold)}, config, none)
    yield maker.silent("says nothing while all is well", {known: held(1, hold), errors: held(3, hold)}, config)
    yield maker.absent(config)


def refused(maker: CaseMaker) -> Iterator[Case]:
    """ConfigurationRefused."""
    config = maker.of("ConfigurationRefused")
    hold, targets = maker.hold(config), (PROMETHEUS, {"instance": "alertmanager:9093", "job": "alertmanager"})
    told = {series_of(target, RELOADED[target["job"]]): target for target in targets}
    for name, target in told.items():
        firing = [maker.firing_elsewhere(config.severity, target)]
        shown = {other: held(int(other != name), hold) for other in told}
        yield maker.fires(f"fires when {target['job']} refuses its own", shown, config, firing)
    yield maker.silent("says nothing while both have taken theirs", {name: held(1, hold) for name in told}, config)
    yield maker.absent(config)
    both = [maker.firing_elsewhere(config.severity, target) for target in targets]
    yield maker.ends(config, dict.fromkeys(told, ("0", "1")), both)


def _without(firing: Firing, label: str) -> Firing:
    """The alert without a label that its message speaks of all the same."""
    return Firing({name: value for name, value in firing.labels.items() if name != label}, firing.annotations)


def notifications(maker: CaseMaker) -> Iterator[Case]:
    """NotificationsFailing."""
    config = maker.of("NotificationsFailing")
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
