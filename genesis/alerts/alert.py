"""What an alert is: everything about it stands in one place, in the file of its topic below `catalog/`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from genesis.alerts.figure import AlertThreshold, Figure, levels
from genesis.alerts.kinds import AlertSection, CounterWindow, LeveledAlert
from genesis.alerts.messages import Board, Links, Message, Runbook, board_address, filled, runbook_address
from genesis.alerts.rules import Context, Record, Rule, RuleMaker

Down = Literal["MonitorDown", "RotationDown"]
"""An alert on a program that is gone."""

SettingsT = TypeVar("SettingsT", bound=AlertSection)


@dataclass(frozen=True, slots=True)
class Alert(Generic[SettingsT]):
    """One alert by the name that it fires under, which is its key in alerts.yaml, too.

    Every function of it gets the alert's own settings.
    """

    name: str
    about: str
    """When it fires, in one sentence: for docs/configuration.md and the schema of alerts.yaml."""
    board: Board
    """Where its notifications lead."""
    settings: type[SettingsT]
    """What alerts.yaml has for it."""
    message: Message
    runbook: Runbook
    groups: tuple[str, ...] = ()
    """The groups of the exporter that its figures come from: without one of them it ends, and that end is not notified."""
    muted_by: Down | None = None
    """The alert that explains it and mutes it; MonitorDown mutes all that have `groups`, named here or not."""
    trading_rule: str = ""
    """The key of trading_rules.yaml that is its threshold, where that is not in alerts.yaml."""
    records: Callable[[SettingsT], Iterable[Record]] = lambda _: ()
    """The figures that Prometheus works out in advance for its rules."""
    figures: Callable[[SettingsT], tuple[Figure, ...]] = lambda _: ()
    """The figures of each strategy that it compares with thresholds: they make rules and thresholds."""
    rules: Callable[[RuleMaker, SettingsT], Iterable[Rule]] = lambda _, __: ()
    """The rules that are not made from `figures`."""
    thresholds: Callable[[str, SettingsT, Context], Iterable[AlertThreshold]] | None = None
    """The thresholds of these, by the alert's name; without it, `warning`, `critical` and `info` of its settings."""

    @property
    def must_outlive(self) -> tuple[str, ...]:
        """The alerts on the program that it looks at. They mute its end, if it fires until they do.

        A window of counters goes on for longer than that by itself.
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
            words: what stands for the words in braces of its message.
            strategy: the strategy as it stands in an address; None for an alert that has none.
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
        """The figures that Prometheus works out in advance for its rules."""
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
        """The address of the board to look at; `STRATEGY` stands for the strategy of an alert that has one."""
        of_strategy = any("var-strategy=" in rule.annotations["dashboard_url"] for rule in self.rules())
        return board_address(self.context.links, self.alert.board, "STRATEGY" if of_strategy else None)
