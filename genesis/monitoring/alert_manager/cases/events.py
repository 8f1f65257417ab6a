"""The cases of events that are refused, or never come."""

from __future__ import annotations

from collections.abc import Iterator

from genesis.core.duration import duration_text
from genesis.monitoring import catalog
from genesis.monitoring.alert_manager.cases.case import Case, Check, Firing, held, series
from genesis.monitoring.alert_manager.cases.maker import CaseMaker, hold_text
from genesis.monitoring.alert_manager.figure import SEVERITIES


def conflicting(maker: CaseMaker) -> Iterator[Case]:
    """EventsConflicting."""
    config = maker.alerts.events_conflicting
    firing = [maker.firing(config.severity, {"kind": "fill"}, value="1", window=duration_text(config.window))]
    yield from maker.moved(config, _events("fill", "conflict"), 1, firing)
    others = {**_counted("fill", "duplicate", 3, 2), **_counted("fill", "rejected", 3, 2)}
    yield maker.case("says nothing of other outcomes", others, [Check(maker.hold(config) + 1)])


def rejected(maker: CaseMaker) -> Iterator[Case]:
    """EventsRejected."""
    config = maker.alerts.events_rejected
    hold, window, kept = maker.hold(config) + 1, maker.time.steps(config.window), maker.kept(config)

    def firing(kind: str, count: int) -> list[Firing]:
        words = {"value": str(count), "window": duration_text(config.window)}
        return [
            maker.firing(severity, {"kind": kind}, threshold=str(level), **words)
            for severity in SEVERITIES
            if count >= (level := getattr(config, severity))
        ]

    for count in sorted({config.warning - 1, config.warning, config.critical - 1, config.critical, 2 * config.critical}):
        checks = [Check(hold - 1), Check(hold, firing("fill", count))]
        yield maker.case(f"counts {count} in the window", _counted("fill", "rejected", count, hold), checks)
    two = {**_counted("fill", "rejected", config.warning, hold), **_counted("quote", "rejected", config.critical, hold)}
    each = [Check(hold, [*firing("fill", config.warning), *firing("quote", config.critical)])]
    yield maker.case("counts each kind by itself", two, each)
    others = {**_counted("fill", "duplicate", config.critical, hold), **_counted("fill", "conflict", config.critical, hold)}
    yield maker.case("says nothing of other outcomes", others, [Check(hold)])
    yield maker.absent(config)
    # The last step with the event in the window depends on whether Prometheus counts the window's left edge (2.x does).
    checks = [Check(window - 1 + kept, firing("fill", config.critical)), Check(window + 1 + kept)]
    values = _counted("fill", "rejected", config.critical, window + 1 + kept)
    yield maker.case("ends when they have left the window", values, checks)


def missing(maker: CaseMaker) -> Iterator[Case]:
    """EventsMissing."""
    config, metric = maker.alerts.events_missing, catalog.SOURCE_MISSING_EVENTS.name
    hold = maker.hold(config)

    def firing(source: str, count: int) -> list[Firing]:
        return [maker.firing(config.severity, {"source": source}, value=str(count), hold=hold_text(config))]

    yield from maker.number(config, series(metric, source="engine"), 1, firing("engine", 1))
    both = {series(metric, source="a"): held(1, hold), series(metric, source="b"): held(1200000, hold)}
    yield maker.fires("fires for each source", both, config, [*firing("a", 1), *firing("b", 1200000)])
    if hold > 1:
        brief = {series(metric, source="a"): f"{held(4, hold - 1)} {held(0, hold)}"}
        checks = [Check(step) for step in (hold - 1, hold, 2 * hold)]
        yield maker.case("says nothing of a gap that is filled in time", brief, checks)


def _events(kind: str, outcome: str) -> str:
    return series(catalog.EVENTS.name, kind=kind, outcome=outcome)


def _counted(kind: str, outcome: str, count: int, steps: int) -> dict[str, str]:
    """A counter that starts at 0, and takes in `count` events at step 1."""
    return {_events(kind, outcome): f"0 {held(count, steps)}"}
