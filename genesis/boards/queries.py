"""The boards' PromQL. Metric names come from the catalogue alone.

Each query is aggregated by the labels that it shows, so that the target's own labels (`job`, `instance`) never split a line,
and a table's columns join on the same key. `max` picks the one series there is; `sum` is for what adds up.

Boards of many strategies have a variable with any number of names, which Grafana writes as a regular expression: `PICKED`. The
board of one strategy has a single name: `THIS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from genesis.core.allocation import Action
from genesis.core.models import StrategyState
from genesis.metrics import catalog
from genesis.metrics.metric import Metric

# A name is any text. In backquotes PromQL takes everything as it stands, and with a format of ours Grafana escapes for the
# regular expression alone: left to itself it lets quotes through into PromQL's, and makes an apostrophe another name. Only a
# backquote in a name cannot be written so.
PICKED: Final = "strategy=~`${strategy:regex}`"
THIS: Final = "strategy=`${strategy:raw}`"
# Before the first event there is none to choose, and nothing is what alerts of the account have for a strategy.
THIS_NAMED: Final = f'{THIS},strategy!=""'
# Alerts of the account have no strategy: they are shown whatever is picked.
PICKED_OR_NONE: Final = "strategy=~`${strategy:regex}|`"
AT_END: Final = " @ end()"
BEFORE_END: Final = "[1h:30s] @ end()"
STATE_CODES: Final[Mapping[StrategyState, int]] = {state: code for code, state in enumerate(StrategyState, start=1)}
"""What stands for a state in a query's values."""


def series(metric: Metric, *matchers: str, part: str = "", at: str = "") -> str:
    """The metric's series that fulfil the matchers; `part` is a histogram's `_sum`, `_count` or `_bucket`."""
    chosen = f"{{{','.join(matchers)}}}" if matchers else ""
    return f"{metric.name}{part}{chosen}{at}"


def account(metric: Metric, *matchers: str, by: str = "", at: str = "") -> str:
    """A figure of the account, by the labels in `by`."""
    return _largest(by, series(metric, *matchers, at=at))


def each(metric: Metric, *matchers: str, by: str = "", at: str = "") -> str:
    """A figure of each picked strategy, by the labels in `by` too."""
    return _largest(_and_by("strategy", by), series(metric, *matchers, PICKED, at=at))


def own(metric: Metric, *matchers: str, by: str = "") -> str:
    """A figure of the one strategy that the board shows, by the labels in `by`."""
    return _largest(by, series(metric, *matchers, THIS))


def total(metric: Metric, *matchers: str) -> str:
    """A count of each picked strategy, over all its other labels."""
    return f"sum by (strategy) ({series(metric, *matchers, PICKED)})"


def furthest(metric: Metric, *matchers: str) -> str:
    """A figure of the `$lines` picked strategies in which it is furthest from zero at the end of the board's time range.

    The choice is made once, not at each step: a line that comes and goes is not a line.
    """
    chosen = f"topk($lines, abs({at_end(lambda at: each(metric, *matchers, at=at))}))"
    return f"{each(metric, *matchers)} and on (strategy) {chosen}"


def at_end(figure: Callable[[str], str]) -> str:
    """What lines are chosen by: `figure(at)` at the end of the board's time range, or what it last was, where it is gone.

    Of the end alone, a chart would lose its past when the monitor is down. Half a minute is no matter to a choice.
    """
    return f"({figure(AT_END)} or last_over_time(({figure('')}){BEFORE_END}))"


def account_change(metric: Metric, window: str) -> str:
    """By how much a figure of the account has changed over the last `window`; nothing until it was there that long."""
    return f"{account(metric)} - {account(metric, at=f' offset {window}')}"


def threshold(alert: str, severity: str, *matchers: str) -> str:
    """Where the alert of this severity starts: the default, and those of picked strategies that differ."""
    chosen = (f'alert="{alert}"', f'severity="{severity}"', *matchers, PICKED_OR_NONE)
    return f"max by (strategy) ({series(catalog.ALERT_THRESHOLD, *chosen)})"


def own_threshold(alert: str, severity: str, *matchers: str) -> str:
    """Where the alert of this severity starts for the board's strategy: its own threshold, else the default."""
    chosen = (f'alert="{alert}"', f'severity="{severity}"', *matchers)
    of_its_own = _largest("", series(catalog.ALERT_THRESHOLD, *chosen, THIS))
    return f"{of_its_own} or {account_threshold(alert, severity, *matchers)}"


def account_threshold(alert: str, severity: str, *matchers: str) -> str:
    """Where the alert of this severity starts by default, or for the account."""
    chosen = (f'alert="{alert}"', f'severity="{severity}"', *matchers, 'strategy=""')
    return _largest("", series(catalog.ALERT_THRESHOLD, *chosen))


def limit(alert: str, severity: str, like: str, *matchers: str) -> str:
    """Where the alert starts for each strategy that `like` has: its own threshold, else the default."""
    chosen = (f'alert="{alert}"', f'severity="{severity}"', *matchers, 'strategy!=""', PICKED)
    own = f"max by (strategy) ({series(catalog.ALERT_THRESHOLD, *chosen)})"
    return f"({own} or 0 * ({like}) + on () group_left () {account_threshold(alert, severity, *matchers)})"


def level(expr: str, alert: str, like: str = "") -> str:
    """0 where a strategy is below the alert's thresholds, 1 from warning, 2 from critical on."""
    reached = [f"(({expr}) >= bool {limit(alert, severity, like or expr)})" for severity in ("warning", "critical")]
    return " + ".join(reached)


def beside(line: str, figure: str) -> str:
    """The line where there is the figure that it is drawn beside: a chart of a threshold alone does not say why it is."""
    return f"({line}) and on () ({figure})"


def states(strategy: str) -> str:
    """The state of each strategy that fulfils the matcher, as one of `STATE_CODES`."""
    told = {code: series(catalog.ROTATION_STATE, f'state="{state.value}"', strategy) for state, code in STATE_CODES.items()}
    coded = [f"{code} * {name}" for code, name in told.items()]
    return f"sum by (strategy) ({' or '.join(coded)})"


def silence() -> str:
    """Seconds since each picked strategy's last event."""
    return f"time() - {each(catalog.STRATEGY_LAST_EVENT_TIMESTAMP_SECONDS)}"


def firing_alerts(*matchers: str) -> str:
    """How many alerts that fulfil the matchers fire. Nothing, not 0, while the Watchdog does not: rules are not evaluated."""
    chosen = ",".join(('alertstate="firing"', _NOT_WATCHDOG, *matchers))
    return f'count(ALERTS{{{chosen}}}) or 0 * count(ALERTS{{alertstate="firing",{_WATCHDOG}}})'


def watchdog() -> str:
    """1 while the Watchdog fires, 0 while it does not: then Prometheus evaluates no alert rules."""
    return f'count(ALERTS{{alertstate="firing",{_WATCHDOG}}}) > bool 0 or vector(0)'


def firing_alerts_of_each() -> str:
    """How many alerts fire on each picked strategy; 0 while the rules are evaluated and none does."""
    known = f"max by (strategy) ({series(catalog.STRATEGY_CAPITAL, PICKED)})"
    none = f'0 * {known} and on () ALERTS{{alertstate="firing",{_WATCHDOG}}}'
    return f'count by (strategy) (ALERTS{{alertstate="firing",{_NOT_WATCHDOG},{PICKED},{_NAMED}}}) or {none}'


def raised_alerts(strategy: str) -> str:
    """Alerts that are pending or firing, with the seconds since their condition came true; what each is `about` is a label.

    A name, a severity and a strategy may be several alerts at once: a loss of the week and of the month, a pair with each of
    the others. Each has its row, so that there are as many as the boards count.
    """
    age = f"(time() - ALERTS_FOR_STATE{{{_NOT_WATCHDOG},{strategy}}})"
    found = f"ALERTS{{{_NOT_WATCHDOG},{strategy}}} * ignoring (alertstate) group_left () {age}"
    told = ", ".join(f'"{label}"' for label in _ABOUT)
    about = f'label_replace(label_join({found}, "about", " ", {told}), "about", "$1", "about", " *(.*?) *")'
    return f"max by (alertname, alertstate, severity, strategy, about) ({about})"


def alert_starts(strategy: str) -> str:
    """The moment, in milliseconds, at which the condition of each firing alert came true: the marks on the charts."""
    firing = f'ALERTS{{alertstate="firing",{_NOT_WATCHDOG},{strategy}}}'
    begun = f"ALERTS_FOR_STATE{{{_NOT_WATCHDOG},{strategy}}} and ignoring (alertstate) {firing}"
    return f"1e3 * max by (alertname, severity, strategy) ({begun})"


def rotation_steps(strategy: str, actions: Iterable[Action]) -> str:
    """The moment, in milliseconds, at which rotation last changed each strategy in each of these ways, for each reason."""
    chosen = f'action=~"{"|".join(action.value for action in actions)}"'
    return f"1e3 * max by (strategy, action, reason) ({series(catalog.ROTATION_STEP_TIMESTAMP_SECONDS, chosen, strategy)})"


def undefined_figures(strategy: str) -> str:
    """1 for each figure of the strategies that is left out, with the reason as a label."""
    return f"max by (strategy, figure, reason) ({series(catalog.STRATEGY_UNDEFINED_INFO, strategy)})"


def undefined_figures_counted() -> str:
    """Of how many picked strategies each figure is left out, by reason; and 1 for each that the account has not."""
    of_strategies = f"count by (figure, reason) ({undefined_figures(PICKED)})"
    of_account = account(catalog.PORTFOLIO_UNDEFINED_INFO, by="figure, reason")
    told = {"strategies": of_strategies, "account": of_account}
    return " or ".join(f'label_replace({expr}, "of", "{whose}", "", "")' for whose, expr in told.items())


def known(metric: Metric, label: str) -> str:
    """The values of a variable: those that a label of the metric has."""
    return f"label_values({metric.name}, {label})"


# What tells alerts of one name apart. An alert has one or two of them.
_ABOUT: Final = (
    *("symbol", "other", "period", "figure", "reason", "scope", "source", "kind", "code", "group", "label"),
    *("integration", "rule_group", "alertmanager"),
)
_NAMED: Final = 'strategy!=""'
_WATCHDOG: Final = 'alertname="Watchdog"'
_NOT_WATCHDOG: Final = 'alertname!="Watchdog"'


def _largest(by: str, selected: str) -> str:
    return f"max by ({by}) ({selected})" if by else f"max({selected})"


def _and_by(first: str, more: str) -> str:
    return f"{first}, {more}" if more else first
