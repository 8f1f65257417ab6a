"""Rules of Prometheus. A rule fires when its threshold is reached; it does not fire while its figure is absent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from textwrap import indent
from typing import NamedTuple, Protocol

from genesis.alerts.figure import COUNT, SEVERITIES, Figure, Timed, compared, threshold_text
from genesis.alerts.kinds import Severity, StateAlert
from genesis.alerts.messages import Links
from genesis.core.duration import duration_text
from genesis.settings.trading_rules import TradingRules

JOB = "genesis"
"""The scrape job of the monitor."""

ROTATION_JOB = "rotation"
"""The scrape job of the rotation controller."""

OTHERS_INTERVAL = timedelta(seconds=5)
"""How often Prometheus reads itself and Alertmanager."""

WINDOW = "[$window]"
"""Stands for the range in an expression on a window."""

_SCOPE = "{{ if $labels.scope }}{{ $labels.scope }}{{ else }}the account{{ end }}"
_NAMED = ("instance", "job", "group", "integration", "source", "kind", "code", "label", "reason", "rule_group")
_LABELS = {
    **{label: f"{{{{ $labels.{label} }}}}" for label in _NAMED},
    "scope": _SCOPE,
    "alertmanager": "{{ if $labels.alertmanager }}{{ $labels.alertmanager }}{{ else }}any Alertmanager{{ end }}",
}
"""Placeholders of messages that are labels of the alert."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One alert rule of Prometheus."""

    alert: str
    severity: str
    expr: str
    annotations: Mapping[str, str]
    hold: timedelta = timedelta()
    keep_firing_for: timedelta = timedelta()
    words: Mapping[str, str] = field(default_factory=dict)
    """Placeholder of its message → its text as a Go template."""
    figure: str = ""
    """What it compares with its thresholds, in PromQL; empty for one that has none."""

    def tree(self) -> dict[str, object]:
        """The rule as it stands in a rule file."""
        tree: dict[str, object] = {"alert": self.alert, "expr": self.expr}
        if self.hold:
            tree["for"] = duration_text(self.hold)
        if self.keep_firing_for:
            tree["keep_firing_for"] = duration_text(self.keep_firing_for)
        return tree | {"labels": {"severity": self.severity}, "annotations": dict(self.annotations)}


@dataclass(frozen=True, slots=True)
class Record:
    """One recording rule: a figure that Prometheus computes from others, at every evaluation."""

    name: str
    expr: str

    def tree(self) -> dict[str, object]:
        """The rule as it stands in a rule file."""
        return {"record": self.name, "expr": self.expr}


class Window(Timed, Protocol):
    """An alert on something that happened within a window."""

    @property
    def severity(self) -> Severity: ...

    @property
    def window(self) -> timedelta: ...


class Context(NamedTuple):
    """What rules are made from, next to the settings of their alert."""

    links: Links
    scrape_interval: timedelta
    limits: TradingRules


Annotate = Callable[[Mapping[str, str], str | None], Mapping[str, str]]
"""Words of a message, and the strategy as encoded for an address → the annotations."""


class RuleMaker:
    """Makes the rules of one alert."""

    def __init__(self, alert: str, annotate: Annotate, context: Context) -> None:
        self._alert = alert
        self._annotate = annotate
        self.context = context

    def compare(self, figure: Figure) -> Iterator[Rule]:
        """One rule a severity, which compares every strategy, or the account, with its threshold."""
        for severity in figure.severities:
            expr = compared(figure.metric, figure.config, severity, sign=figure.sign)
            if figure.guard:
                expr = f"(\n{indent(expr, '  ')}\n)\nand\n{figure.guard}"
            threshold = threshold_text(figure.config, severity, figure.show.threshold)
            words = {**figure.words, "value": figure.show.value, "threshold": threshold}
            yield self.rule(severity, figure.config, expr, words, figure.metric, of_strategy=figure.of_strategy)

    def each_severity(
        self,
        config: Timed,
        expr: Callable[[Severity], str],
        words: Mapping[str, str],
        threshold: Callable[[Severity], str],
        *,
        figure: str,
        severities: tuple[Severity, ...] = SEVERITIES,
    ) -> Iterator[Rule]:
        """One rule a severity, of an alert on the account or the service; `threshold` is its text in the message."""
        for severity in severities:
            yield self.rule(severity, config, expr(severity), {**words, "threshold": threshold(severity)}, figure)

    def window(self, config: Window, expr: str) -> Rule:
        """The rule of something that happened within `config.window`, which replaces `WINDOW` in `expr`."""
        window = duration_text(config.window)
        return self.rule(config.severity, config, expr.replace(WINDOW, f"[{window}]"), {"value": COUNT, "window": window})

    def state(self, config: StateAlert, expr: str, *, of_strategy: bool = False) -> Rule:
        """The rule of something that is either wrong or not."""
        words = {"value": COUNT, "hold": duration_text(config.hold)}
        return self.rule(config.severity, config, expr, words, of_strategy=of_strategy)

    def always(self) -> Rule:
        """The rule of an alert that always fires."""
        return Rule(self._alert, "none", "vector(1)", self._annotate({}, None))

    def rule(
        self,
        severity: str,
        timing: Timed,
        expr: str,
        words: Mapping[str, str],
        figure: str = "",
        *,
        of_strategy: bool = False,
    ) -> Rule:
        """The rule with its annotations.

        Args:
            severity: how urgent it is.
            timing: for how long its condition must hold, and how long the alert outlives it.
            expr: its condition.
            words: placeholder of the message → its text.
            figure: what `expr` compares with thresholds.
            of_strategy: whether it fires for one strategy at a time.
        """
        words = {"severity": severity, "strategy": "{{ $labels.strategy }}", **_LABELS, **words}
        address = "{{ $labels.strategy | urlquery }}" if of_strategy else None
        annotations = self._annotate(words, address)
        return Rule(self._alert, severity, expr, annotations, timing.hold, timing.keep_firing_for, words, figure)


def state_rules(expr: str, *, of_strategy: bool = False) -> Callable[[RuleMaker, StateAlert], Iterator[Rule]]:
    """The rules of an alert on something that is either wrong or not; `expr` is its condition."""

    def rules(maker: RuleMaker, config: StateAlert) -> Iterator[Rule]:
        yield maker.state(config, expr, of_strategy=of_strategy)

    return rules


def window_rules(expr: str) -> Callable[[RuleMaker, Window], Iterator[Rule]]:
    """The rules of an alert on something that happened within a window, which replaces `WINDOW` in `expr`."""

    def rules(maker: RuleMaker, config: Window) -> Iterator[Rule]:
        yield maker.window(config, expr)

    return rules
