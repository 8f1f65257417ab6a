"""Rule tests of the alerts on events, the journal and statements: below, at and above, the labels, absence, the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from genesis.core.alert_config import AlertSettings, StateAlert, WindowAlert
from genesis.core.duration import duration_text
from genesis.core.strategy_alert import Timing
from genesis.monitoring import catalog
from genesis.monitoring.alert_manager.cases import MONITOR, Case, Check, Firing, Timeline, held, series
from genesis.monitoring.alert_manager.messages import annotate
from genesis.monitoring.alert_manager.rules import SEVERITIES

_UP = {series("up"): held(1, 1)}


class EventCases:
    """The cases for one configuration."""

    def __init__(self, settings: AlertSettings) -> None:
        self._settings = settings
        self._alerts = settings.alerts
        self._time = Timeline(settings.evaluation_interval)

    def all(self) -> Iterator[Case]:
        yield from self._reconciliation()
        yield from self._conflicting()
        yield from self._rejected()
        yield from self._missing()
        yield from self._journal()
        yield from self._storage()

    def _reconciliation(self) -> Iterator[Case]:
        alert, config, metric = (
            "ReconciliationBreak",
            self._alerts.reconciliation_break,
            catalog.RECONCILIATION_OPEN_BREAKS.name,
        )

        def firing(scope: str, count: int) -> list[Firing]:
            labels = {"scope": scope} if scope else {}
            return self._firing(alert, config.severity, labels, value=str(count), scope=scope or "the account")

        whole, one = series(metric), series(metric, scope="one,two")
        yield from self._state(alert, config, whole, 3, firing("", 3))
        both = {whole: held(0, self._time.steps(config.hold)), one: held(2, self._time.steps(config.hold))}
        yield Case(alert, "names the strategies of the statement", both, [self._held(config, firing("one,two", 2))])

    def _missing(self) -> Iterator[Case]:
        alert, config, metric = "EventsMissing", self._alerts.events_missing, catalog.SOURCE_MISSING_EVENTS.name

        def firing(source: str, count: int) -> list[Firing]:
            words = {"value": str(count), "hold": duration_text(config.hold)}
            return self._firing(alert, config.severity, {"source": source}, **words)

        hold = self._time.steps(config.hold)
        yield from self._state(alert, config, series(metric, source="engine"), 1, firing("engine", 1))
        both = {series(metric, source="a"): held(1, hold), series(metric, source="b"): held(1200000, hold)}
        yield Case(alert, "fires for each source", both, [self._held(config, [*firing("a", 1), *firing("b", 1200000)])])
        if hold > 1:
            brief = {series(metric, source="a"): f"{held(4, hold - 1)} {held(0, hold)}"}
            checks = [Check(step) for step in (hold - 1, hold, 2 * hold)]
            yield Case(alert, "says nothing of a gap that is filled in time", brief, checks)

    def _storage(self) -> Iterator[Case]:
        alert, config = "StorageBelowTier", self._alerts.storage_below_tier
        hold = self._time.steps(config.hold)
        firing = self._firing(alert, config.severity, {"backend": "sqlite"})

        def told(backend: str, wanted: str, steps: int = hold) -> dict[str, str]:
            return {
                series(catalog.JOURNAL_INFO.name, backend=backend): held(1, steps),
                series(catalog.TIER_STORAGE_INFO.name, storage=wanted): held(1, steps),
            }

        waiting = [Check(hold - 1)] if hold else []
        yield Case(alert, "fires for SQLite in a tier above", told("sqlite", "postgresql"), [*waiting, Check(hold, firing)])
        for backend, wanted in (("sqlite", "sqlite"), ("postgresql", "postgresql"), ("postgresql", "sqlite")):
            yield Case(alert, f"says nothing of {backend} where {wanted} will do", told(backend, wanted), [Check(hold)])
        alone = dict(list(told("sqlite", "postgresql").items())[:1])
        yield Case(alert, "says nothing while the tier is not known", alone, [Check(hold)])
        moved = told("sqlite", "postgresql", 2 * hold + 2 * self._time.steps(config.keep_firing_for) + 4)
        moved[next(iter(moved))] = f"{held(1, hold + 1)} stale"
        over = hold + 2 + self._time.steps(config.keep_firing_for)
        yield Case(alert, "ends when the journal has moved", moved, [Check(over - 1, firing), Check(over)])

    def _conflicting(self) -> Iterator[Case]:
        alert, config = "EventsConflicting", self._alerts.events_conflicting

        def firing(kind: str, count: int) -> list[Firing]:
            words = {"value": str(count), "window": duration_text(config.window)}
            return self._firing(alert, config.severity, {"kind": kind}, **words)

        yield from self._window(alert, config, _events("fill", "conflict"), 1, firing("fill", 1))
        others = {**_counted("fill", "duplicate", 3, 2), **_counted("fill", "rejected", 3, 2)}
        yield Case(alert, "says nothing of other outcomes", others, [Check(self._time.steps(config.hold) + 1)])

    def _journal(self) -> Iterator[Case]:
        alert, config = "JournalFailing", self._alerts.journal_failing
        firing = self._firing(alert, config.severity, {}, window=duration_text(config.window))
        yield from self._window(alert, config, series(catalog.JOURNAL_COMMIT_ERRORS.name), 2, firing)

    def _rejected(self) -> Iterator[Case]:
        alert, config = "EventsRejected", self._alerts.events_rejected
        hold, window = self._time.steps(config.hold) + 1, self._time.steps(config.window)

        def firing(kind: str, count: int) -> list[Firing]:
            words = {"value": str(count), "window": duration_text(config.window)}
            return [
                firing
                for severity in SEVERITIES
                if count >= (level := getattr(config, severity))
                for firing in self._firing(alert, severity, {"kind": kind}, threshold=str(level), **words)
            ]

        for count in sorted({config.warning - 1, config.warning, config.critical - 1, config.critical, 2 * config.critical}):
            checks = [Check(hold - 1), Check(hold, firing("fill", count))]
            yield Case(alert, f"counts {count} in the window", _counted("fill", "rejected", count, hold), checks)
        two = {**_counted("fill", "rejected", config.warning, hold), **_counted("quote", "rejected", config.critical, hold)}
        each = [Check(hold, [*firing("fill", config.warning), *firing("quote", config.critical)])]
        yield Case(alert, "counts each kind by itself", two, each)
        others = {**_counted("fill", "duplicate", config.critical, hold), **_counted("fill", "conflict", config.critical, hold)}
        yield Case(alert, "says nothing of other outcomes", others, [Check(hold)])
        yield Case(alert, "says nothing of a figure that is absent", _UP, [Check(hold)])
        kept = self._time.steps(config.keep_firing_for)
        # The last step with the event in the window depends on whether Prometheus counts the window's left edge (2.x does).
        checks = [Check(window - 1 + kept, firing("fill", config.critical)), Check(window + 1 + kept)]
        values = _counted("fill", "rejected", config.critical, window + 1 + kept)
        yield Case(alert, "ends when they have left the window", values, checks)

    def _state(self, alert: str, config: StateAlert, name: str, value: int, firing: list[Firing]) -> Iterator[Case]:
        """Zero, above zero, absence and the end of an alert on a number that is to be 0."""
        hold, kept = self._time.steps(config.hold), self._time.steps(config.keep_firing_for)
        waiting = [Check(hold - 1)] if hold else []
        yield Case(alert, "says nothing of zero", {name: held(0, hold)}, [Check(hold)])
        yield Case(alert, "fires above zero", {name: held(value, hold)}, [*waiting, Check(hold, firing)])
        yield Case(alert, "says nothing of a figure that is absent", _UP, [Check(hold)])
        ends = hold + 2
        back = {name: f"{held(value, ends - 1)} {held(0, ends + kept)}"}
        yield Case(alert, "ends after keep_firing_for", back, [Check(ends + kept - 1, firing), Check(ends + kept)])

    def _window(self, alert: str, config: WindowAlert, name: str, count: int, firing: list[Firing]) -> Iterator[Case]:
        """Nothing, something, absence, and the end of an alert on a counter that is not to move."""
        hold, window = self._time.steps(config.hold) + 1, self._time.steps(config.window)
        yield Case(alert, "says nothing of a counter that stands still", {name: held(7, hold)}, [Check(hold)])
        checks = [Check(hold - 1), Check(hold, firing)]
        yield Case(alert, "fires when it moves", {name: f"0 {held(count, hold)}"}, checks)
        yield Case(alert, "says nothing of a figure that is absent", _UP, [Check(hold)])
        over = window + 1 + self._time.steps(config.keep_firing_for)
        checks = [Check(over - 2, firing), Check(over)]
        yield Case(alert, "ends when it has left the window", {name: f"0 {held(count, over)}"}, checks)

    def _held(self, config: Timing, firing: list[Firing]) -> Check:
        return Check(self._time.steps(config.hold), firing)

    def _firing(self, alert: str, severity: str, labels: Mapping[str, str], **words: str) -> list[Firing]:
        text = annotate(alert, {"severity": severity, **labels, **words}, self._settings.links)
        return [Firing({**labels, **MONITOR, "severity": severity}, text)]


def _events(kind: str, outcome: str) -> str:
    return series(catalog.EVENTS.name, kind=kind, outcome=outcome)


def _counted(kind: str, outcome: str, count: int, steps: int) -> dict[str, str]:
    """A counter that starts at 0, and takes in `count` events at step 1."""
    return {_events(kind, outcome): f"0 {held(count, steps)}"}
