"""The boards' PromQL. Metric names come only from the catalogue.

Each query is aggregated by the labels that it shows, so that the labels of the scrape target (`job`, `instance`) never split a
line, and the columns of a table join on the same key. `max` picks the only series; `sum` is for figures that add up.

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

# A name is any text. PromQL takes text in backquotes literally, and with an explicit format Grafana escapes only for a regular
# expression. With Grafana's default format, a quote in a name would end the PromQL string, and an apostrophe would change the
# name. Only a name with a backquote cannot be written like this.
PICKED: Final = "strategy=~`${strategy:regex}`"
THIS: Final = "strategy=`${strategy:raw}`"
# Before the first event no strategy can be chosen, and an empty name would match the alerts of the account.
THIS_NAMED: Final = f'{THIS},strategy!=""'
# Alerts of the account have no strategy: they are shown for every choice.
PICKED_OR_NONE: Final = "strategy=~`${strategy:regex}|`"
AT_END: Final = " @ end()"
BEFORE_END: Final = "[1h:30s] @ end()"
STATE_CODES: Final[Mapping[StrategyState, int]] = {state: code for code, state in enumerate(StrategyState, start=1)}
"""The value that stands for a state in a query."""
CHOSEN_WINDOW: Final = 'window="$window"'


def series(metric: Metric, *matchers: str, part: str = "", at: str = "") -> str:
    """Select the metric's series that fulfil the matchers; `part` is `_sum`, `_count` or `_bucket` of a histogram."""
    chosen = f"{{{','.join(matchers)}}}" if matchers else ""
    return f"{metric.name}{part}{chosen}{at}"


def account(metric: Metric, *matchers: str, by: str = "", at: str = "") -> str:
    """A figure of the account, by the labels in `by`."""
    return _largest(by, series(metric, *matchers, at=at))


def each(metric: Metric, *matchers: str, by: str = "", at: str = "") -> str:
    """A figure of each selected strategy, also by the labels in `by`."""
    return _largest(_and_by("strategy", by), series(metric, *matchers, PICKED, at=at))


def own(metric: Metric, *matchers: str, by: str = "") -> str:
    """A figure of the one strategy that the board shows, by the labels in `by`."""
    return _largest(by, series(metric, *matchers, THIS))


def total(metric: Metric, *matchers: str) -> str:
    """A count of each selected strategy, summed over all other labels."""
    return f"sum by (strategy) ({series(metric, *matchers, PICKED)})"


def furthest(metric: Metric, *matchers: str) -> str:
    """A figure of the `$lines` picked strategies in which it is furthest from zero at the end of the board's time range.

    The strategies are chosen once, not at each step, so that no line appears and disappears.
    """
    chosen = f"topk($lines, abs({at_end(lambda at: each(metric, *matchers, at=at))}))"
    return f"{each(metric, *matchers)} and on (strategy) {chosen}"


def at_end(figure: Callable[[str], str]) -> str:
    """The figure by which lines are chosen: `figure(at)` at the end of the board's time range, or else its last value.

    Without the last value, a chart would lose its history while the monitor is down. 30 s resolution is enough for a choice.
    """
    return f"({figure(AT_END)} or last_over_time(({figure('')}){BEFORE_END}))"


def account_change(metric: Metric, window: str) -> str:
    """By how much a figure of the account changed over the last `window`; no value until the figure has existed that long."""
    return f"{account(metric)} - {account(metric, at=f' offset {window}')}"


def threshold(alert: str, severity: str, *matchers: str) -> str:
    """Thresholds of the alert of this severity: the default, and those of picked strategies that differ."""
    chosen = (f'alert="{alert}"', f'severity="{severity}"', *matchers, PICKED_OR_NONE)
    return f"max by (strategy) ({series(catalog.ALERT_THRESHOLD, *chosen)})"


def own_threshold(alert: str, severity: str, *matchers: str) -> str:
    """Threshold of the alert of this severity for the board's strategy: its own, else the default."""
    chosen = (f'alert="{alert}"', f'severity="{severity}"', *matchers)
    override = _largest("", series(catalog.ALERT_THRESHOLD, *chosen, THIS))
    return f"{override} or {account_threshold(alert, severity, *matchers)}"


def account_threshold(alert: str, severity: str, *matchers: str) -> str:
    """Threshold of the alert of this severity: the default, or that of the account."""
    chosen = (f'alert="{alert}"', f'severity="{severity}"', *matchers, 'strategy=""')
    return _largest("", series(catalog.ALERT_THRESHOLD, *chosen))


def limit(alert: str, severity: str, like: str, *matchers: str) -> str:
    """Threshold of the alert for each strategy in the result of `like`: its own, else the default."""
    chosen = (f'alert="{alert}"', f'severity="{severity}"', *matchers, 'strategy!=""', PICKED)
    own = f"max by (strategy) ({series(catalog.ALERT_THRESHOLD, *chosen)})"
    return f"({own} or 0 * ({like}) + on () group_left () {account_threshold(alert, severity, *matchers)})"


def level(expr: str, alert: str, like: str = "") -> str:
    """0 where a strategy is below the alert's thresholds, 1 from the warning threshold on, 2 from the critical one on."""
    reached = [f"(({expr}) >= bool {limit(alert, severity, like or expr)})" for severity in ("warning", "critical")]
    return " + ".join(reached)


def where_known(line: str, figure: str) -> str:
    """The line only where the figure has a value: an otherwise empty chart must show the reason, not a threshold."""
    return f"({line}) and on () ({figure})"


def states(strategy: str) -> str:
    """The state of each strategy that fulfils the matcher, as one of `STATE_CODES`."""
    selected = {code: series(catalog.ROTATION_STATE, f'state="{state.value}"', strategy) for state, code in STATE_CODES.items()}
    coded = [f"{code} * {name}" for code, name in selected.items()]
    return f"sum by (strategy) ({' or '.join(coded)})"


def silence() -> str:
    """Seconds since each selected strategy's last event."""
    return f"time() - {each(catalog.STRATEGY_LAST_EVENT_TIMESTAMP_SECONDS)}"


def firing_alerts(*matchers: str) -> str:
    """How many alerts that fulfil the matchers fire. No value, not 0, while the Watchdog does not fire: Prometheus does not
    evaluate the rules then.
    """
    chosen = ",".join(('alertstate="firing"', _NOT_WATCHDOG, *matchers))
    return f'count(ALERTS{{{chosen}}}) or 0 * count(ALERTS{{alertstate="firing",{_WATCHDOG}}})'


def watchdog() -> str:
    """1 while the Watchdog fires; 0 while it does not, which means that Prometheus does not evaluate the alert rules."""
    return f'count(ALERTS{{alertstate="firing",{_WATCHDOG}}}) > bool 0 or vector(0)'


def firing_alerts_of_each() -> str:
    """How many alerts fire for each selected strategy; 0 if none fires; no value while the rules are not evaluated."""
    known = f"max by (strategy) ({series(catalog.STRATEGY_CAPITAL, PICKED)})"
    none = f'0 * {known} and on () ALERTS{{alertstate="firing",{_WATCHDOG}}}'
    return f'count by (strategy) (ALERTS{{alertstate="firing",{_NOT_WATCHDOG},{PICKED},{_NAMED}}}) or {none}'


def raised_alerts(strategy: str) -> str:
    """Pending and firing alerts, with the seconds since their condition came true. The label `about` says what each is about.

    Several alerts may have the same name, severity and strategy: the loss of the week and of the month, or the pairs with
    several other strategies. Each has its own row, so that the rows agree with the boards' counts.
    """
    age = f"(time() - ALERTS_FOR_STATE{{{_NOT_WATCHDOG},{strategy}}})"
    found = f"ALERTS{{{_NOT_WATCHDOG},{strategy}}} * ignoring (alertstate) group_left () {age}"
    labels = ", ".join(f'"{label}"' for label in _ABOUT)
    about = f'label_replace(label_join({found}, "about", " ", {labels}), "about", "$1", "about", " *(.*?) *")'
    return f"max by (alertname, alertstate, severity, strategy, about) ({about})"


def alert_starts(strategy: str) -> str:
    """Unix time in milliseconds at which the condition of each firing alert came true, for annotations."""
    firing = f'ALERTS{{alertstate="firing",{_NOT_WATCHDOG},{strategy}}}'
    begun = f"ALERTS_FOR_STATE{{{_NOT_WATCHDOG},{strategy}}} and ignoring (alertstate) {firing}"
    return f"1e3 * max by (alertname, severity, strategy) ({begun})"


def rotation_steps(strategy: str, actions: Iterable[Action]) -> str:
    """Unix time in milliseconds of the last rotation step of each strategy, by action (of `actions`) and reason."""
    chosen = f'action=~"{"|".join(action.value for action in actions)}"'
    return f"1e3 * max by (strategy, action, reason) ({series(catalog.ROTATION_STEP_TIMESTAMP_SECONDS, chosen, strategy)})"


def undefined_figures(strategy: str) -> str:
    """1 for each undefined figure of the strategies, with the reason as a label."""
    return f"max by (strategy, figure, reason) ({series(catalog.STRATEGY_UNDEFINED_INFO, strategy)})"


def undefined_figures_counted() -> str:
    """For how many picked strategies each figure is undefined, by reason; and 1 for each undefined figure of the account."""
    of_strategies = f"count by (figure, reason) ({undefined_figures(PICKED)})"
    of_account = account(catalog.PORTFOLIO_UNDEFINED_INFO, by="figure, reason")
    counts = {"strategies": of_strategies, "account": of_account}
    return " or ".join(f'label_replace({expr}, "of", "{whose}", "", "")' for whose, expr in counts.items())


def known(metric: Metric, label: str) -> str:
    """The values of a label of the metric, as the query of a variable."""
    return f"label_values({metric.name}, {label})"


# Labels that distinguish alerts of one name. An alert has one or two of them.
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
