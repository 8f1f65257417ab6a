"""What can be wrong between the durations of `alerts.yaml`: windows too short to hold anything, alerts that end too soon.

All of it is checked on the alerts that are right by themselves, so that it is reported together with the faults of the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails

from genesis.alerts.catalog import ALERTS
from genesis.alerts.kinds import AlertSection, Timing
from genesis.core.duration import duration_text, parse_duration
from genesis.settings.faults import fault

_LONGEST_INTERVAL = timedelta(minutes=1)

_PROGRAMS = {"MonitorDown": "monitor", "CollectorFailing": "monitor", "RotationDown": "rotation controller"}
"""Alert → the program whose end it reports. It mutes the alerts that end with that program."""


def interval_faults(raw: Mapping[str, Any]) -> Iterator[InitErrorDetails]:
    """The faults between the alerts and the intervals at which Prometheus reads the monitor and evaluates the rules."""
    sections, intervals = _right_sections(raw.get("alerts")), _right_intervals(raw)
    for key, interval in intervals.items():
        if interval > _LONGEST_INTERVAL:
            right = f"must be at most {duration_text(_LONGEST_INTERVAL)}: some rules look back two minutes"
            yield fault((key,), duration_text(interval), right)
    for name, section in sections.items():
        for misfit in section.timing_misfits(intervals.get("scrape_interval")):
            yield fault(("alerts", name, misfit.key), misfit.value, misfit.right)
    yield from _end_faults({name: section for name, section in sections.items() if isinstance(section, Timing)})


def _end_faults(sections: Mapping[str, Timing]) -> Iterator[InitErrorDetails]:
    """Alerts that end with their program, before the alert that reports it mutes them."""
    for muting, program in _PROGRAMS.items():
        for name, section in sections.items():
            if muting not in sections or muting not in ALERTS[name].must_outlive:
                continue
            if section.keep_firing_for <= (wait := sections[muting].hold):
                right = (
                    f"must be longer than alerts.{muting}.for, which is {duration_text(wait)}: "
                    f"otherwise a crash of the {program} is notified as a recovery"
                )
                yield fault(("alerts", name, "keep_firing_for"), duration_text(section.keep_firing_for), right)


def _right_sections(given: object) -> dict[str, AlertSection]:
    """The alerts that are right by themselves."""
    sections: dict[str, AlertSection] = {}
    if isinstance(given, Mapping):
        for name, alert in ALERTS.items():
            with suppress(ValidationError):
                sections[name] = alert.settings.model_validate(given.get(name))
    return sections


def _right_intervals(raw: Mapping[str, Any]) -> dict[str, timedelta]:
    intervals = {}
    for key in ("scrape_interval", "evaluation_interval"):
        with suppress(ValueError):
            intervals[key] = parse_duration(raw.get(key))
    return intervals
