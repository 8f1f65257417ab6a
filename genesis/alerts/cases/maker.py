"""What the rule tests of many alerts have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote_plus

from genesis.alerts.alert import ConfiguredAlert
from genesis.alerts.cases.case import MONITOR, Case, Check, Firing, Timeline, held, not_before, series
from genesis.alerts.figure import Timed
from genesis.alerts.kinds import StateAlert, WindowAlert
from genesis.alerts.settings import AlertSettings
from genesis.core.duration import duration_text
from genesis.settings.trading_rules import TradingRules

UP = {series("up"): held(1, 1)}
ABSENT = "says nothing of a figure that is absent"


class CaseMaker:
    """Makes the cases of one alert."""

    def __init__(self, alert: ConfiguredAlert[Any], settings: AlertSettings) -> None:
        self.alert = alert
        self.settings = settings
        self._time = Timeline(settings.evaluation_interval)

    def of(self, name: str) -> Any:
        """The settings of the alert of this name."""
        return self.settings.alerts.by_name()[name]

    @property
    def limits(self) -> TradingRules:
        return self.alert.context.limits

    @property
    def time(self) -> Timeline:
        return self._time

    def case(self, name: str, shown: Mapping[str, str], checks: Sequence[Check]) -> Case:
        """A case of the alert."""
        return Case(self.alert.name, name, shown, checks)

    def hold(self, config: Timed) -> int:
        """The step at which a condition that holds from the first step on has held for long enough."""
        return self._time.steps(config.hold)

    def kept(self, config: Timed) -> int:
        """How many steps the alert outlives its condition."""
        return self._time.steps(config.keep_firing_for)

    def firing(self, severity: str, labels: Mapping[str, str], **words: str) -> Firing:
        """The alert with these labels, and those of the monitor."""
        return self.firing_elsewhere(severity, {**MONITOR, **labels}, **words)

    def firing_elsewhere(self, severity: str, labels: Mapping[str, str], **words: str) -> Firing:
        """The alert with these labels alone; `words` is what its message says beside them."""
        address = quote_plus(labels["strategy"]) if "strategy" in labels else None
        said = {"severity": severity, **labels, **words}
        text = self.alert.annotations(said, address)
        return Firing({**labels, "severity": severity}, text)

    def absent(self, config: Timed) -> Case:
        """Without the figure nothing fires."""
        hold = self.hold(config)
        return self.case(ABSENT, {series("up"): held(1, hold)}, [Check(hold)])

    def fires(self, name: str, shown: Mapping[str, str], config: Timed, firing: list[Firing]) -> Case:
        """The condition holds from the first step on: nothing fires before it has held for long enough, and then it does."""
        return self.case(name, shown, [*not_before(self.hold(config)), Check(self.hold(config), firing)])

    def silent(self, name: str, shown: Mapping[str, str], config: Timed) -> Case:
        """Nothing fires, however long it holds."""
        return self.case(name, shown, [Check(self.hold(config))])

    def ends(self, config: Timed, values: Mapping[str, tuple[str, str]], firing: list[Firing], which: str = "") -> Case:
        """Series → its value while the alert must fire, and its value then."""
        ends, kept = self.hold(config) + 2, self.kept(config)
        shown = {one: f"{held(bad, ends - 1)} {held(good, ends + kept)}" for one, (bad, good) in values.items()}
        last = [Check(ends + kept - 1, firing)] if kept else []
        return self.case(f"ends after keep_firing_for{which}", shown, [Check(ends - 1, firing), *last, Check(ends + kept)])

    def number(self, config: StateAlert, name: str, value: int, firing: list[Firing]) -> Iterator[Case]:
        """Zero, above zero, absence and the end of an alert on a number that is to be 0."""
        hold = self.hold(config)
        yield self.silent("says nothing of zero", {name: held(0, hold)}, config)
        yield self.fires("fires above zero", {name: held(value, hold)}, config, firing)
        yield self.absent(config)
        yield self.ends(config, {name: (str(value), "0")}, firing)

    def moved(self, config: WindowAlert, name: str, count: int, firing: list[Firing]) -> Iterator[Case]:
        """Nothing, something, absence, and the end of an alert on a counter that is not to move."""
        hold, window = self.hold(config) + 1, self._time.steps(config.window)
        yield self.case("says nothing of a counter that stands still", {name: held(7, hold)}, [Check(hold)])
        yield self.case("fires when it moves", {name: f"0 {held(count, hold)}"}, [Check(hold - 1), Check(hold, firing)])
        yield self.absent(config)
        over = window + 1 + self.kept(config)
        # Between the two, Prometheus 2 and 3 differ: whether the window's left edge counts.
        checks = [Check(over - 2, firing), Check(over)]
        yield self.case("ends when it has left the window", {name: f"0 {held(count, over)}"}, checks)


def hold_text(config: Timed) -> str:
    """How long it must hold, as messages say it."""
    return duration_text(config.hold)
