"""Each strategy under rotation: state, weight, score, and the reasons for its last change."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import statetimeline, table, timeseries

from genesis.boards import queries, style
from genesis.boards.frame import BoardSettings
from genesis.boards.panels import Caption, chart, signed, stacked, threshold_line, timeline
from genesis.boards.queries import PICKED, STATE_CODES, each, series
from genesis.boards.rotation.controller import ABSENT, not_scraped
from genesis.boards.tables import Column, grid, per_strategy, reshaped, sorted_by, strategy_column, strategy_link
from genesis.boards.targets import lines, rows
from genesis.metrics import catalog

ROWS: Final = 10
"""Rows of a timeline on one page: as many as are legible."""
POINTS: Final = 300
"""Points of a chart of figures that change at most once per decision: each point is expensive with many strategies."""


def _difference(at: str = "") -> str:
    """The engine's weight minus the target."""
    engine, target = (
        each(metric, at=at) for metric in (catalog.ROTATION_ENGINE_WEIGHT_RATIO, catalog.ROTATION_TARGET_WEIGHT_RATIO)
    )
    return f"{engine} - {target}"


_DIFFERENCE: Final = _difference()
_STATES: Final = f"{queries.states(PICKED)} or {not_scraped(0, 'strategy')}"
_STATE_WORDS: Final = (
    (0.0, "unknown", style.QUIET),
    *((float(STATE_CODES[state]), state.value, colour) for state, colour in style.STATE_COLOURS.items()),
)
_STEPS: Final = f"max by (strategy, action, reason) ({series(catalog.ROTATION_STEP_TIMESTAMP_SECONDS, PICKED)})"


def states_over_time() -> statetimeline.Panel:
    """The state of each strategy as a band."""
    caption = Caption(
        "States",
        "What rotation lets each selected strategy do: active, reduced (a smaller bound on its weight), paused (it only "
        "closes positions), stopped (no orders at all). Ten strategies on each page.",
        ABSENT,
    )
    panel = timeline(caption, _STATE_WORDS).per_page(ROWS).max_data_points(POINTS)
    return panel.with_target(lines(_STATES, "{{strategy}}"))


def weights_over_time(settings: BoardSettings) -> timeseries.Panel:
    """Each strategy's share of the capital."""
    caption = Caption(
        "Target weights",
        "Target share of the capital of each selected strategy, stacked; the rest to 100 % is unallocated. If there are more "
        "strategies than lines on the board, those with the largest weights, and the others together. Dashed: the sum of the "
        "weights that the engine reports.",
        ABSENT,
    )
    largest = queries.furthest(catalog.ROTATION_TARGET_WEIGHT_RATIO)
    rest = f"sum({each(catalog.ROTATION_TARGET_WEIGHT_RATIO)}) - sum({largest}) > 0.00005"
    panel = stacked(chart(caption, style.RATIO, 1)).min(0).max(1).max_data_points(POINTS)
    panel.with_target(lines(largest, "{{strategy}}")).with_target(lines(rest, "others", "B"))
    style.own_colours(panel, settings.strategies).override_by_name("others", [style.fixed(style.QUIET)])
    engine = f"sum({each(catalog.ROTATION_ENGINE_WEIGHT_RATIO)})"
    return threshold_line(panel, "Z", engine, "engine, sum", "text")


def scores_over_time(settings: BoardSettings) -> timeseries.Panel:
    """The scores, from which the targets are computed."""
    caption = Caption(
        "Scores",
        "Each strategy's score from its figures, 0 to 1; higher is better, and targets are in proportion to it. If there are "
        "more strategies than lines on the board, the lowest scores. A strategy with a missing figure has no score.",
        "No strategy has all the figures of its score, or no rotation controller is scraped.",
    )
    worst = f"bottomk($lines, {queries.at_end(lambda at: each(catalog.ROTATION_SCORE, at=at))})"
    shown = f"{each(catalog.ROTATION_SCORE)} and on (strategy) {worst}"
    panel = chart(caption, style.COUNT, 3).with_target(lines(shown, "{{strategy}}"))
    return style.own_colours(panel, settings.strategies)


def difference_over_time(settings: BoardSettings) -> timeseries.Panel:
    """Whether the engine applies the decisions."""
    caption = Caption(
        "Engine's weights less targets",
        "Share of the capital that the engine reports for each strategy, minus its target; above 0 it has too much. If there "
        "are more strategies than lines on the board, those with the largest difference. Dashed: where RotationDisagrees "
        "fires, on both sides.",
        "The engine reports no weights, or no rotation controller is scraped.",
    )
    shown = f"{_DIFFERENCE} and on (strategy) topk($lines, abs({queries.at_end(_difference)}))"
    panel = signed(chart(caption, style.RATIO, 2)).max_data_points(POINTS).with_target(lines(shown, "{{strategy}}"))
    style.own_colours(panel, settings.strategies)
    limit = queries.where_known(queries.account_threshold("RotationDisagrees", "critical"), _DIFFERENCE)
    threshold_line(panel, "Y", limit, "too much", style.CRITICAL)
    return threshold_line(panel, "Z", f"-1 * ({limit})", "too little", style.CRITICAL)


def strategies() -> table.Panel:
    """One row for each strategy."""
    caption = Caption(
        "Strategies",
        "One row for each strategy that rotation knows; the name links to its board. Weights are shares of the capital. "
        "Engine: the weight that the engine reports. Off: that minus the target. Rules: how many hard rules hold now; the "
        "table Rules that hold names them. Ago, How and Why: rotation's last change. A dash: unknown, or nothing has changed "
        "yet.",
        ABSENT,
    )
    last = f"topk by (strategy) (1, {_STEPS})"
    words = {f"{code:g}": (word, colour) for code, word, colour in _STATE_WORDS}
    pins = {"0": ("no", "text"), "1": ("pinned", style.WARNING)}
    holding = [style.coloured_text(), *style.coloured_steps({None: "text", 1: style.WARNING})]
    columns = [
        Column("State", _STATES, style.COUNT, properties=style.worded(words)),
        Column("Target", each(catalog.ROTATION_TARGET_WEIGHT_RATIO), style.RATIO, 2, properties=[style.width(88)]),
        Column("Engine", each(catalog.ROTATION_ENGINE_WEIGHT_RATIO), style.RATIO, 2),
        Column("Off", _DIFFERENCE, style.RATIO, 2),
        Column("Score", each(catalog.ROTATION_SCORE), style.COUNT, 3),
        Column("Pinned", each(catalog.ROTATION_PINNED), style.COUNT, properties=style.worded(pins)),
        Column("Rules", queries.total(catalog.ROTATION_RULE_HOLDS), style.COUNT, 0, properties=holding),
        Column("Ago", f"time() - {last}", style.CLOCK, labels={"action": "How", "reason": "Why"}),
    ]
    panel = per_strategy(caption, columns)
    panel.override_by_name("Why", [style.width(100)])
    return sorted_by(panel, "Target", descending=True)


def rules() -> table.Panel:
    """Which hard rules hold for which strategy."""
    caption = Caption(
        "Rules that hold",
        "Hard rules of rotation.yaml that hold for a selected strategy now, and pause or reduce it.",
        "No hard rule holds for a selected strategy, or no rotation controller is scraped.",
    )
    panel = grid(caption).with_target(rows(f"{each(catalog.ROTATION_RULE_HOLDS, by='rule')} == 1"))
    panel.override_by_name("Strategy", [strategy_link()])
    panel.override_by_name("Rule", [style.width(92)])
    return sorted_by(reshaped(panel, {"strategy": "Strategy", "rule": "Rule"}, hidden=["Value"]), "Strategy")


def last_changes() -> table.Panel:
    """The last change of each kind, the newest first."""
    caption = Caption(
        "Last changes",
        "The last change of each selected strategy for each action and reason, the newest first. `genesis rotate audit` lists "
        "every decision with its inputs.",
        "Rotation has changed nothing since its start, or no controller is scraped.",
    )
    panel = grid(caption).with_target(rows(f"time() - {_STEPS}"))
    panel.override_by_name("Ago", [*style.unit(style.CLOCK), style.width(100)])
    panel.override_by_name("Strategy", strategy_column())
    names = {"Value": "Ago", "strategy": "Strategy", "action": "Change", "reason": "Why"}
    return sorted_by(reshaped(panel, names), "Ago")
