"""The part of `alerts.yaml` that says who is notified of what, and when."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from genesis.core.duration import Duration, Interval
from genesis.settings.section import Name, Section, TimeZone

Label = Literal["alertname", "severity", "strategy", "symbol"]
Urgency = Literal["critical", "warning", "info"]
Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

URGENCIES: tuple[Urgency, ...] = get_args(Urgency)
"""The severities that are routed, the most urgent first; the Watchdog, with none, has its own route."""
DAYS: tuple[Day, ...] = get_args(Day)

TEST = "test"
"""The label of a test alert: it goes the way of the real one, but never into one notification with it, and mutes nothing."""

_WHOLE_DAY = 24 * 60


def _time_of_day(value: object) -> str:
    """`HH:MM`; what YAML took for a number of base 60, as it does with 18:00, is read back."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _WHOLE_DAY:
        return f"{value // 60:02}:{value % 60:02}"
    if isinstance(value, str) and (found := re.fullmatch(r"([01]?[0-9]|2[0-4]):([0-5][0-9])", value, re.ASCII)):
        text = f"{int(found[1]):02}:{found[2]}"
        if text <= "24:00":
            return text
    raise ValueError('must be a time of day from 00:00 to 24:00, for example "08:30"')


def _grouping(labels: tuple[str, ...]) -> tuple[str, ...]:
    if TEST in labels:
        raise ValueError("must not have test: test alerts are a group of their own anyway")
    if len(set(labels)) < len(labels):
        raise ValueError("must not have a label twice")
    return labels


TimeOfDay = Annotated[
    str,
    BeforeValidator(_time_of_day),
    WithJsonSchema({"type": "string", "pattern": "^([01]?[0-9]|2[0-3]):[0-5][0-9]$|^24:00$"}),
]
LabelName = Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")]
Grouping = Annotated[tuple[LabelName, ...], AfterValidator(_grouping)]
"""Labels; alerts in which all of them are equal are one notification."""


class Hours(Section):
    """Hours of the week."""

    days: Annotated[frozenset[Day], Field(min_length=1)]
    """The days on which they begin."""
    begin: TimeOfDay = Field(alias="from")
    """When they begin, as `HH:MM`."""
    end: TimeOfDay = Field(alias="to")
    """When they end, as `HH:MM`; at or before `from` it is on the next day. A whole day is from 00:00 to 24:00."""
    time_zone: TimeZone
    """The IANA time zone of these times, summer time included."""

    @model_validator(mode="after")
    def _is_not_empty(self) -> Self:
        if self.begin == "24:00":
            raise ValueError("must begin before 24:00: name the next day, and 00:00")
        if self.begin == self.end:
            raise ValueError(f"must not begin and end at {self.begin}; a whole day is from 00:00 to 24:00")
        return self

    @property
    def over_midnight(self) -> bool:
        """Whether they end on the day after they began."""
        return self.end < self.begin


class Notification(Section):
    """Who is notified, and when."""

    receiver: Name
    """One of `receivers`."""
    group_wait: Duration
    """How long the first notification of a new group waits for more alerts of the group, and for alerts that mute it."""
    repeat_interval: Interval
    """After how long an alert that still fires is notified again."""


class Route(Notification):
    """Alerts that match go to `receiver`. Routes are tried in their order; the first that matches takes the alert."""

    match: Annotated[dict[Label, Name], Field(min_length=1)]
    """Label → value; all must be equal."""
    group_by: Grouping | None = None
    """The labels by which its alerts make one notification; without it, those of the file."""
    active: Name | None = None
    """One of `hours`: the receiver is notified only within them. Alerts that still fire when they begin are notified then."""
    otherwise: Name | None = None
    """One of `receivers`: who is notified outside these hours; without one, nobody is."""


Team = Name | Annotated[dict[Urgency, Name], Field(min_length=1)]
"""A strategy's own receiver; or severity → receiver, and what is left out goes where the routes lead."""
