"""What an alert is: all that is generated of it stands in one place, in the file of its topic below `alerts/`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from genesis.alerts.figure import Figure, levels
from genesis.alerts.messages import Message, board
from genesis.alerts.rules import Record, Rule, RuleMaker
from genesis.alerts.runbook import Runbook
from genesis.alerts.settings import AlertSettings
from genesis.alerts.settings_kinds import LeveledAlert
from genesis.alerts.thresholds import AlertThreshold
from genesis.settings.trading_rules import TradingRules


class Inputs(NamedTuple):
    """The configuration that alerts are made from."""

    settings: AlertSettings
    limits: TradingRules


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert by its name; `settings.alerts` has a field for it, and `cases/` has its tests."""

    name: str
    message: Message
    runbook: Runbook
    groups: tuple[str, ...] = ()
    """The groups of the exporter that its figures come from: without them it ends, and that end is told to nobody."""
    records: Callable[[AlertSettings], Iterable[Record]] = lambda _: ()
    """What its rules look at, worked out before."""
    figures: Callable[[AlertSettings], tuple[Figure, ...]] = lambda _: ()
    """The figures of each strategy that it compares with thresholds: they make rules, thresholds and tests."""
    rules: Callable[[RuleMaker, TradingRules], Iterable[Rule]] = lambda _, __: ()
    """The rules that compare otherwise."""
    thresholds: Callable[[Inputs], Iterable[AlertThreshold]] | None = None
    """The thresholds that these have, where they are not `warning`, `critical` and their like of its settings."""

    def all_rules(self, inputs: Inputs) -> list[Rule]:
        """All its rules, without what they look at."""
        maker = RuleMaker(self.name, self.message, inputs.settings)
        compared = (rule for figure in self.figures(inputs.settings) for rule in maker.compare(figure))
        return [*compared, *self.rules(maker, inputs.limits)]

    def board(self, inputs: Inputs) -> str:
        """The address of the board to look at; `STRATEGY` stands for the strategy of an alert that has one."""
        of_strategy = any("var-strategy=" in rule.annotations["dashboard_url"] for rule in self.all_rules(inputs))
        return board(inputs.settings.links, self.message.board, "STRATEGY" if of_strategy else None)

    def all_thresholds(self, inputs: Inputs) -> list[AlertThreshold]:
        """All its thresholds, for a board to draw."""
        if self.thresholds is not None:
            return list(self.thresholds(inputs))
        if figures := self.figures(inputs.settings):
            return [line for figure in figures for line in figure.thresholds(self.name)]
        config = inputs.settings.alerts.of(self.name)
        return list(levels(self.name, config)) if isinstance(config, LeveledAlert) else []
