"""The boards' PromQL. Metric names come from the catalogue alone.

Each query is aggregated by the labels that it shows, so that the target's own labels (`job`, `instance`) never split a line,
and a table's columns join on the same key. `max` picks the one series there is; `sum` is for what adds up.
"""

from __future__ import annotations

from typing import Final

from genesis.monitoring import catalog
from genesis.monitoring.catalog import Metric

PICKED: Final = 'strategy=~"$strategy"'
# Alerts of the account have no strategy: they are shown whatever is picked.
PICKED_OR_NONE: Final = 'strategy=~"$strategy|"'
DRAWDOWN_ALERT: Final = "StrategyDrawdown"
_RAISED: Final = f'alertname!="Watchdog",{PICKED_OR_NONE}'


def account(metric: Metric, selector: str = "") -> str:
    """A figure of the account."""
    return f"max({metric.name}{{{selector}}})" if selector else f"max({metric.name})"


def each(metric: Metric, selector: str = "") -> str:
    """A figure of each picked strategy."""
    return f"max by (strategy) ({metric.name}{{{_with(selector)}}})"


def total(metric: Metric) -> str:
    """A count of each picked strategy, over all its other labels."""
    return f"sum by (strategy) ({metric.name}{{{PICKED}}})"


def below_peak() -> str:
    """The drawdown of each picked strategy as a negative ratio, so that it hangs from zero."""
    return f"-{each(catalog.STRATEGY_DRAWDOWN_RATIO)}"


def drawdown_threshold(severity: str) -> str:
    """The line at which the drawdown alert of this severity starts, negative; the default's, and those of picked strategies."""
    selector = f'alert="{DRAWDOWN_ALERT}",severity="{severity}",{PICKED_OR_NONE}'
    return f"-max by (strategy) ({catalog.ALERT_THRESHOLD.name}{{{selector}}})"


def mean_slippage() -> str:
    """Mean slippage of each picked strategy's fills in basis points, positive when it cost money.

    The histogram holds sizes by direction: adverse ones count up, favourable ones down. `or` keeps a strategy that has only
    one of them, where a subtraction would drop it.
    """
    name = catalog.STRATEGY_SLIPPAGE_RATIO.name
    adverse = f'{name}_sum{{direction="adverse",{PICKED}}}'
    favourable = f'{name}_sum{{direction="favourable",{PICKED}}}'
    signed = f"sum by (strategy) ({adverse} or -{favourable})"
    return f"1e4 * {signed} / (sum by (strategy) ({name}_count{{{PICKED}}}) > 0)"


def silence() -> str:
    """Seconds since each picked strategy's last event."""
    return f"time() - {each(catalog.STRATEGY_LAST_EVENT_TIMESTAMP_SECONDS)}"


def raised_alerts() -> str:
    """Alerts that are pending or firing, with the seconds since their condition came true."""
    age = f"(time() - ALERTS_FOR_STATE{{{_RAISED}}})"
    found = f"ALERTS{{{_RAISED}}} * ignoring (alertstate) group_left () {age}"
    return f"max by (alertname, alertstate, severity, strategy, symbol) ({found})"


def alert_starts() -> str:
    """The moment, in milliseconds, at which the condition of each firing alert came true: the marks on the charts."""
    firing = f'ALERTS{{alertstate="firing",{_RAISED}}}'
    return f"1e3 * max by (alertname, severity, strategy) (ALERTS_FOR_STATE{{{_RAISED}}} and ignoring (alertstate) {firing})"


def rotation_steps() -> str:
    """The moment, in milliseconds, at which rotation last changed each picked strategy in each way, for each reason."""
    step = catalog.ROTATION_STEP_TIMESTAMP_SECONDS.name
    return f"1e3 * max by (strategy, action, reason) ({step}{{{PICKED}}})"


def undefined_figures() -> str:
    """1 for each figure that is left out, of a strategy or of the account, with the reason as a label."""
    strategies = f"max by (strategy, figure, reason) ({catalog.STRATEGY_UNDEFINED_INFO.name}{{{PICKED}}})"
    portfolio = f"max by (figure, reason) ({catalog.PORTFOLIO_UNDEFINED_INFO.name})"
    return f'{strategies} or label_replace({portfolio}, "strategy", "(account)", "", "")'


def known_strategies() -> str:
    """The values of the board's strategy variable."""
    return f"label_values({catalog.STRATEGY_CAPITAL.name}, strategy)"


def _with(selector: str) -> str:
    return f"{selector},{PICKED}" if selector else PICKED
