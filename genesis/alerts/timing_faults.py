"""What can be wrong between the durations of `alerts.yaml`: windows too short to hold anything, alerts that end too soon.

All of it is checked on the alerts that are right for themselves, so that it is reported together with the faults of the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import InitErrorDetails

from genesis.alerts.all_settings import Alerts
from genesis.core.duration import duration_text, parse_duration
from genesis.settings.faults import fault
from genesis.settings.section import Section

OTHERS_INTERVAL = timedelta(seconds=5)
"""How often Prometheus reads itself and Alertmanager."""

_LONGEST_INTERVAL = timedelta(minutes=1)

_ON_THE_MONITOR = (
    "SlippageHigh",
    "SlippageAboveExpected",
    "FillDelayHigh",
    "EventsConflicting",
    "EventsRejected",
    "EventsLate",
    "RequestsRefused",
    "JournalFailing",
    "JournalSlow",
    "MonitorFlapping",
)
_ON_PROMETHEUS = ("RulesFailing", "RulesMissed")

ON_FIGURES = (
    "StrategyDrawdown",
    "DailyLoss",
    "DailyLossUnknown",
    "AttributionResidual",
    "ReconciliationBreak",
    "EventsMissing",
    "ValueAtRiskExceeded",
    "ExpectedShortfallHigh",
    "WinRateLow",
    "ProfitFactorLow",
    "SharpeDegraded",
    "CorrelationHigh",
    "BetaOutOfBand",
    "CapacityNearlyUsed",
    "PeriodLoss",
    "PortfolioDrawdown",
    "PortfolioPeriodLoss",
    "PortfolioValueAtRiskExceeded",
    "PortfolioExpectedShortfallHigh",
    "StrategySilent",
    "FiguresUndefined",
    "SeriesFolded",
    "DrawdownUnknown",
    "MarketDataStale",
    "StorageBelowTier",
)
"""The alerts that end with the monitor, as they look at its figures of now; a window of fills outlives it for longer."""

OF_ROTATION = ("RotationStuck", "RotationBlocked", "RotationDisagrees", "RotationHalted", "RotationLeaderless")
"""The alerts that end with the rotation controller."""

_MUTED_BY = {
    "MonitorDown": ("monitor", ON_FIGURES),
    "CollectorFailing": ("monitor", ON_FIGURES),
    "RotationDown": ("rotation controller", OF_ROTATION),
}
"""Alert → the program whose end it tells, and the alerts whose end it mutes."""


class _Sound(NamedTuple):
    """The parts of the file that are right for themselves."""

    alerts: Mapping[str, Any]
    """Name → the alert's section."""
    intervals: Mapping[str, timedelta]
    """scrape_interval and evaluation_interval."""

    def some(self, *names: str) -> Iterator[tuple[str, Any]]:
        """Those of the alerts that are there."""
        return ((name, self.alerts[name]) for name in names if name in self.alerts)


def interval_faults(raw: Mapping[str, Any]) -> Iterator[InitErrorDetails]:
    """The faults between the alerts and the intervals at which Prometheus reads the monitor and evaluates the rules."""
    sound = _sound(raw)
    for key, interval in sound.intervals.items():
        if interval > _LONGEST_INTERVAL:
            right = f"must be at most {duration_text(_LONGEST_INTERVAL)}: some rules look back two minutes"
            yield fault((key,), duration_text(interval), right)
    yield from _hold_faults(sound)
    if (scrape := sound.intervals.get("scrape_interval")) is not None:
        yield from _scrape_faults(sound, scrape)
    for name, alert in sound.some(*_ON_PROMETHEUS, "AlertmanagerUnreachable"):
        if alert.window < 4 * OTHERS_INTERVAL:
            right = f"must be at least {duration_text(4 * OTHERS_INTERVAL)}: Prometheus reads itself every five seconds"
            yield _of(name, "window", alert.window, right)
    yield from _end_faults(sound)


def _hold_faults(sound: _Sound) -> Iterator[InitErrorDetails]:
    for name, burst in sound.some(*_ON_THE_MONITOR, *_ON_PROMETHEUS):
        if burst.hold >= burst.window:
            right = f"must be shorter than window, which is {duration_text(burst.window)}: then a burst is over"
            yield _of(name, "for", burst.hold, right)
    for name, attempt in sound.some("AlertmanagerUnreachable"):
        if attempt.hold <= attempt.window:
            right = f"must be longer than window, which is {duration_text(attempt.window)}: else one failed attempt is told"
            yield _of(name, "for", attempt.hold, right)


def _scrape_faults(sound: _Sound, scrape: timedelta) -> Iterator[InitErrorDetails]:
    for name, alert in sound.some(*_ON_THE_MONITOR, "ScrapeSlow"):
        if alert.window < 4 * scrape:
            right = f"must be at least {duration_text(4 * scrape)}, four times scrape_interval: a shorter one holds no increase"
            yield _of(name, "window", alert.window, right)
    for name, flapping in sound.some("MonitorFlapping"):
        if flapping.window <= (least := 2 * flapping.times * scrape):
            right = f"must be longer than {duration_text(least)}: it takes two scrapes to see one of the {flapping.times} times"
            yield _of(name, "window", flapping.window, right)
    for name, silence in sound.some("StrategySilent"):
        if silence.quoted_within < 2 * scrape:
            right = f"must be at least {duration_text(2 * scrape)}, twice scrape_interval: what was read is as old as that"
            yield _of(name, "quoted_within", silence.quoted_within, right)


def _end_faults(sound: _Sound) -> Iterator[InitErrorDetails]:
    for muting, muted_by in sound.some(*_MUTED_BY):
        program, muted = _MUTED_BY[muting]
        for name, alert in sound.some(*muted):
            if alert.keep_firing_for <= muted_by.hold:
                right = (
                    f"must be longer than alerts.{muting}.for, which is {duration_text(muted_by.hold)}: "
                    f"otherwise a crash of the {program} is told as a recovery"
                )
                yield _of(name, "keep_firing_for", alert.keep_firing_for, right)


def _of(name: str, key: str, value: timedelta, right: str) -> InitErrorDetails:
    return fault(("alerts", name, key), duration_text(value), right)


def _sound(raw: Mapping[str, Any]) -> _Sound:
    given = raw.get("alerts")
    alerts: dict[str, Section] = {}
    for field in Alerts.model_fields.values():
        name, section = str(field.alias), field.annotation
        if isinstance(given, Mapping) and isinstance(section, type) and issubclass(section, Section):
            with suppress(ValidationError):
                alerts[name] = section.model_validate(given.get(name))
    intervals = {}
    for key in ("scrape_interval", "evaluation_interval"):
        with suppress(ValueError):
            intervals[key] = parse_duration(raw.get(key))
    return _Sound(alerts, intervals)
