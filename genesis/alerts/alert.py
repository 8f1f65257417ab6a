"""What an alert is. Everything about one alert is in the file of its topic in `catalog/`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from genesis.alerts.figure import AlertThreshold, Figure, levels
from genesis.alerts.kinds import AlertSection, CounterWindow, LeveledAlert
from genesis.alerts.messages import Board, Links, Message, Runbook, board_address, filled, runbook_address
from genesis.alerts.rules import Context, Record, Rule, RuleMaker

Down = Literal["MonitorDown", "RotationDown"]
"""An alert that a program is gone."""

SettingsT = TypeVar("SettingsT", bound=AlertSection)


@dataclass(frozen=True, slots=True)
class Alert(Generic[SettingsT]):
    """One alert by the name that it fires under, and that alerts.yaml has it under.

    Each of its functions gets the settings of the alert as an argument.
    """

    name: str
    about: str
    """When it fires, in one sentence. docs/configuration.md and the schema of alerts.yaml have it."""
    board: Board
    """Where its notifications lead."""
    settings: type[SettingsT]
    """The model of its section in alerts.yaml."""
    message: Message
    runbook: Runbook
    groups: tuple[str, ...] = ()
    """The groups of the exporter that its figures come from. If one fails, the alert ends, and that end is not notified."""
    muted_by: Down | None = None
    """The alert that explains and mutes it. MonitorDown also mutes every alert that has `groups`."""
    trading_rule: str = ""
    """The key of trading_rules.yaml that holds its threshold, if alerts.yaml does not."""
    records: Callable[[SettingsT], Iterable[Record]] = lambda _: ()
    """The recording rules: what Prometheus computes in advance for the alert rules."""
    figures: Callable[[SettingsT], tuple[Figure, ...]] = lambda _: ()
    """The figures that it compares with thresholds. Rules and thresholds are made from them."""
    rules: Callable[[RuleMaker, SettingsT], Iterable[Rule]] = lambda _, __: ()
    """The rules that are not made from `figures`."""
    thresholds: Callable[[str, SettingsT, Context], Iterable[AlertThreshold]] | None = None
    """Its thresholds, from its name and settings. None: those of `figures`, or else `info`, `warning` and `critical`."""

    @property
    def must_outlive(self) -> tuple[str, ...]:
        """The alerts that report that its program is gone: it must still fire when they begin to mute it.

        Otherwise its end is notified as a recovery. A window of counters outlives the program by its own length.
        """
        if issubclass(self.settings, CounterWindow):
            return ()
        if self.groups:
            return "MonitorDown", "CollectorFailing"
        return ("RotationDown",) if self.muted_by == "RotationDown" else ()

    def annotations(self, links: Links, words: Mapping[str, str], strategy: str | None = None) -> dict[str, str]:
        """What a notification of it says.

        Args:
            links: where its links lead.
            words: placeholder of the message → its text.
            strategy: the strategy, encoded for an address; None for an alert that is not about one.
        """
        return {
            **filled(self.message, words),
            "runbook_url": runbook_address(links, self.name),
            "dashboard_url": board_address(links, self.board, strategy),
        }


@dataclass(frozen=True, slots=True)
class ConfiguredAlert(Generic[SettingsT]):
    """An alert with its settings: what is generated from both."""

    alert: Alert[SettingsT]
    settings: SettingsT
    context: Context

    @property
    def name(self) -> str:
        return self.alert.name

    def records(self) -> list[Record]:
        """The recording rules: what Prometheus computes in advance for the alert rules."""
        return list(self.alert.records(self.settings))

    def figures(self) -> tuple[Figure, ...]:
        """The figures that it compares with thresholds."""
        return self.alert.figures(self.settings)

    def rules(self) -> list[Rule]:
        """All its alert rules."""
        maker = RuleMaker(self.name, self.annotations, self.context)
        compared = (rule for figure in self.figures() for rule in maker.compare(figure))
        return [*compared, *self.alert.rules(maker, self.settings)]

    def thresholds(self) -> list[AlertThreshold]:
        """All its thresholds, for a board to draw."""
        if self.alert.thresholds is not None:
            return list(self.alert.thresholds(self.name, self.settings, self.context))
        if figures := self.figures():
            return [line for figure in figures for line in figure.thresholds(self.name)]
        return list(levels(self.name, self.settings)) if isinstance(self.settings, LeveledAlert) else []

    def annotations(self, words: Mapping[str, str], strategy: str | None = None) -> dict[str, str]:
        """What a notification of it says; see `Alert.annotations`."""
        return self.alert.annotations(self.context.links, words, strategy)

    def board(self) -> str:
        """The address of the board to look at; an alert about a strategy has the word `STRATEGY` there."""
        of_strategy = any("var-strategy=" in rule.annotations["dashboard_url"] for rule in self.rules())
        return board_address(self.context.links, self.alert.board, "STRATEGY" if of_strategy else None)
