"""The controller: whether it decides and may act, what blocks it, and the results of its deliveries."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import stat, statetimeline, table, timeseries
from grafana_foundation_sdk.models import common as common_model

from genesis.boards import queries, style, thresholds
from genesis.boards.panels import Caption, big_number, chart, legend_below, names, stacked, timeline, words
from genesis.boards.queries import account, series
from genesis.boards.tables import grid, reshaped
from genesis.boards.targets import lines, now, rows
from genesis.core.allocation import Action
from genesis.metrics import catalog

ABSENT: Final = "Prometheus scrapes no rotation controller."
_NONE: Final = "No controller."
_MODES: Final = (
    (0.0, "no leader", style.CRITICAL),
    (1.0, "advising", style.GAIN),
    (2.0, "enforcing", style.GAIN),
    (3.0, "halted", style.WARNING),
)
_AGE: Final = f"time() - {account(catalog.ROTATION_LAST_DECISION_TIMESTAMP_SECONDS)}"


def tiles() -> list[stat.Panel]:
    """The row of numbers at the top of the board."""
    return [_mode(), _age(), _blocked(), _turnover(), _failed(), _firing()]


def blocked_over_time() -> statetimeline.Panel:
    """What blocked the controller, and when."""
    caption = Caption(
        "Blocked over time",
        "What blocked every step that adds risk, and when; docs/rotation.md explains the reasons. Hard rules still reduce and "
        "pause strategies.",
        ABSENT,
    )
    states = [(-1.0, "unknown", style.QUIET), (0.0, "free", style.GAIN), (1.0, "blocked", style.WARNING)]
    return timeline(caption, states).with_target(lines(blocked(), "{{reason}}"))


def blocked() -> str:
    """1 for each reason that blocks; 0 with the reason `nothing` while none does; -1 while no controller is scraped."""
    reasons = account(catalog.ROTATION_BLOCKED_INFO, by="reason")
    free = f'label_replace(0 * {account(catalog.ROTATION_LEADING)}, "reason", "nothing", "", "")'
    return f"{reasons} or ({free} unless on () {account(catalog.ROTATION_BLOCKED_INFO)}) or {not_scraped(-1, 'reason')}"


def not_scraped(value: int, label: str) -> str:
    """`value`, with `no controller` in the label, while no controller is scraped.

    Timelines and joined tables have no other way to say why they are empty.
    """
    absent = f"vector({value}) unless on () {account(catalog.ROTATION_LEADING)}"
    return f'label_replace({absent}, "{label}", "no controller", "", "")'


def age_over_time() -> timeseries.Panel:
    """Whether the controller decides in time."""
    caption = Caption(
        "Age in intervals",
        "Time since the last decision, divided by the configured interval; normally at most about 1. Dashed: where "
        "RotationStuck of that severity starts.",
        ABSENT,
    )
    expr = f"({_AGE}) / ({account(catalog.ROTATION_INTERVAL_SECONDS)} > 0)"
    panel = legend_below(chart(caption, style.COUNT, 1)).min(0).with_target(lines(expr, "age"))
    return thresholds.of_account(panel, "RotationStuck", "YZ", where_known=_AGE).override_by_name(
        "age", [style.fixed(style.GAIN)]
    )


def deliveries() -> table.Panel:
    """The results of the deliveries."""
    caption = Caption(
        "Deliveries",
        "Attempts to send decisions to the engine, since the controller's start: confirmed (the engine applies it), "
        "unconfirmed (it reports other shares), refused, and failed.",
        "Nothing has been delivered yet, the controller only advises, or it is not scraped.",
    )
    expr = f"sum by (outcome) ({series(catalog.ROTATION_DELIVERIES)})"
    panel = grid(caption).with_target(rows(expr)).override_by_name("Count", style.unit(style.COUNT, 0))
    return reshaped(panel, {"outcome": "Outcome", "Value": "Count"})


def changes() -> timeseries.Panel:
    """How many changes there were, and why."""
    caption = Caption(
        "Changes by action and reason",
        "Changes of strategies' weights and states in the last minute, stacked by action and reason. Decisions that change "
        "nothing are left out.",
        "No decision changed anything in this time, or no controller is scraped.",
    )
    panel = stacked(chart(caption, style.COUNT, 0)).draw_style(common_model.GraphDrawStyle.BARS).min(0)
    for action, colour in zip(_ACTIONS, style.LINES, strict=True):
        panel.override_by_regexp(f"/^{action.value}:/", [style.fixed(colour)])
    return panel.with_target(lines(changes_of_last_minute(), "{{action}}: {{reason}}"))


def changes_of_last_minute() -> str:
    """Changes by action and reason. A new series counts from 0; `increase` would miss its first change."""
    expr = f"sum by (action, reason) ({series(catalog.ROTATION_DECISIONS, _CHANGES)})"
    before = f"sum by (action, reason) ({series(catalog.ROTATION_DECISIONS, _CHANGES, at=' offset 1m')})"
    read_before = account(catalog.ROTATION_LAST_DECISION_TIMESTAMP_SECONDS, at=" offset 1m")
    return f"{expr} - ({before} or 0 * {expr}) > 0 and on () {read_before}"


_CHANGES: Final = f'action!="{Action.HOLD.value}"'
_ACTIONS: Final = tuple(action for action in Action if action is not Action.HOLD)


def _mode() -> stat.Panel:
    caption = Caption(
        "Mode",
        "Enforcing: decisions are sent to the engine. Advising: they are only reported. Halted: the kill switch is on and "
        "nothing is changed. No leader: no scraped controller decides.",
        _NONE,
    )
    leading, enforcing, halted = (
        account(metric) for metric in (catalog.ROTATION_LEADING, catalog.ROTATION_ENFORCING, catalog.ROTATION_HALTED)
    )
    return words(caption, {"Mode": f"{leading} * (1 + {enforcing}) * (1 - {halted}) + 3 * {halted}"}, _MODES)


def _age() -> stat.Panel:
    caption = Caption(
        "Decided",
        "Time since the last decision, including decisions that change nothing. The chart of the age below compares it with "
        "the interval.",
        _NONE,
    )
    return big_number(caption, now(_AGE, "Decided"), "suffix: s ago", 0)


def _blocked() -> stat.Panel:
    caption = Caption(
        "Blocked by",
        "What blocks every step that adds risk, if anything does; docs/rotation.md explains the reasons.",
        _NONE,
    )
    return names(caption, blocked(), "reason")


def _turnover() -> stat.Panel:
    caption = Caption(
        "Turnover",
        "Weight moved in the last 24 hours as a share of the limit; at 100 % scores move nothing more, but hard rules still "
        "do.",
        _NONE,
    )
    used = now(account(catalog.ROTATION_TURNOVER_USED_RATIO), "Turnover")
    return big_number(caption, used, style.RATIO, 0).thresholds(style.steps({None: style.GAIN, 1.0: style.WARNING}))


def _failed() -> stat.Panel:
    caption = Caption(
        "Failed",
        "Deliveries in the last hour that the engine did not confirm: it refused them, reported other shares, or did not "
        "answer.",
        _NONE,
    )
    failed = series(catalog.ROTATION_DELIVERIES, 'outcome!="confirmed"')
    expr = f"sum(increase({failed}[1h])) or 0 * {account(catalog.ROTATION_LEADING)}"
    return big_number(caption, now(expr, "Failed"), style.COUNT, 0).thresholds(style.above(0.5))


def _firing() -> stat.Panel:
    caption = Caption(
        "Firing",
        "Alerts that fire now: those of the account, of Genesis itself and of the selected strategies.",
        "Not evaluated.",
    )
    expr = now(queries.firing_alerts(queries.PICKED_OR_NONE), "Firing")
    return big_number(caption, expr, style.COUNT, 0).thresholds(style.above(1))
