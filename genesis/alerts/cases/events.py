"""The cases of events that are refused, come late, or never come."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from genesis.alerts.cases.case import Case, Check, Firing, held, series
from genesis.alerts.cases.maker import CaseMaker, hold_text
from genesis.alerts.catalog.events import CountAlert
from genesis.alerts.figure import SEVERITIES
from genesis.core.duration import duration_text
from genesis.metrics import catalog


def conflicting(maker: CaseMaker) -> Iterator[Case]:
    """EventsConflicting."""
    config = maker.of("EventsConflicting")
    firing = [maker.firing(config.severity, {"kind": "fill"}, value="1", window=duration_text(config.window))]
    yield from maker.moved(config, _events("fill", "conflict"), 1, firing)
    others = {_events("fill", outcome): "0 3+0x2" for outcome in ("duplicate", "rejected", "accepted", "late")}
    yield maker.case("says nothing of other outcomes", others, [Check(maker.hold(config) + 1)])


def rejected(maker: CaseMaker) -> Iterator[Case]:
    """EventsRejected."""
    config = maker.of("EventsRejected")
    yield from _counts(maker, config, _refused, "kind", ("fill", "quote"))
    hold = maker.hold(config) + 1
    others = {
        _events("fill", outcome): f"0 {held(config.critical, hold)}"
        for outcome in ("duplicate", "conflict", "accepted", "late")
    }
    yield maker.case("says nothing of other outcomes", others, [Check(hold)])


def late(maker: CaseMaker) -> Iterator[Case]:
    """EventsLate."""
    return _counts(
        maker, maker.of("EventsLate"), lambda kind: series(catalog.EVENTS_LATE.name, kind=kind), "kind", ("fill", "void")
    )


def turned_away(maker: CaseMaker) -> Iterator[Case]:
    """RequestsRefused."""
    config = maker.of("RequestsRefused")
    yield from _counts(maker, config, _requests, "code", ("401", "429"))
    hold = maker.hold(config) + 1
    read = {_requests(code): f"0 {held(config.critical, hold)}" for code in ("200", "400", "404")}
    yield maker.case("says nothing of requests that were read", read, [Check(hold)])
    each = {_requests("401", path): f"0 {held(config.warning, hold)}" for path in ("/a", "/b")}
    text = {"value": str(2 * config.warning), "window": duration_text(config.window)}
    levels = [level for level in SEVERITIES if 2 * config.warning >= getattr(config, level)]
    both = [maker.firing(level, {"code": "401"}, threshold=str(getattr(config, level)), **text) for level in levels]
    yield maker.case("counts all paths together", each, [Check(hold, both)])


def _counts(
    maker: CaseMaker, config: CountAlert, told: Callable[[str], str], label: str, sorts: tuple[str, str]
) -> Iterator[Case]:
    """Each threshold, two sorts, absence and the end of an alert on how often something happened; `told` is a sort's series."""
    hold, window, kept = maker.hold(config) + 1, maker.time.steps(config.window), maker.kept(config)
    one, other = sorts

    def counted(sort: str, count: int, steps: int) -> dict[str, str]:
        return {told(sort): f"0 {held(count, steps)}"}

    def firing(sort: str, count: int) -> list[Firing]:
        words = {"value": str(count), "window": duration_text(config.window)}
        return [
            maker.firing(severity, {label: sort}, threshold=str(level), **words)
            for severity in SEVERITIES
            if count >= (level := getattr(config, severity))
        ]

    for count in sorted({config.warning - 1, config.warning, config.critical - 1, config.critical, 2 * config.critical}):
        checks = [Check(hold - 1), Check(hold, firing(one, count))]
        yield maker.case(f"counts {count} in the window", counted(one, count, hold), checks)
    two = {**counted(one, config.warning, hold), **counted(other, config.critical, hold)}
    each = [Check(hold, [*firing(one, config.warning), *firing(other, config.critical)])]
    yield maker.case(f"counts each {label} by itself", two, each)
    yield maker.absent(config)
    # The last step with the event in the window depends on whether Prometheus counts the window's left edge (2.x does).
    checks = [Check(window - 1 + kept, firing(one, config.critical)), Check(window + 1 + kept)]
    values = counted(one, config.critical, window + 1 + kept)
    yield maker.case("ends when they have left the window", values, checks)


def missing(maker: CaseMaker) -> Iterator[Case]:
    """EventsMissing."""
    config, metric = maker.of("EventsMissing"), catalog.SOURCE_MISSING_EVENTS.name
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


def _refused(kind: str) -> str:
    return _events(kind, "rejected")


def _requests(code: str, path: str = "/api/v1/events") -> str:
    return series(catalog.API_REQUESTS.name, path=path, code=code)
