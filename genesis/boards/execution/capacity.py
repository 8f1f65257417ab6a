"""How much capital each strategy can use, what limits it, and why a capacity is unknown."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import stat, table, timeseries

from genesis.boards import queries, style, thresholds
from genesis.boards.frame import BoardSettings
from genesis.boards.panels import Caption, big_number, chart, log_scale
from genesis.boards.tables import Column, grid, per_strategy, reshaped, sorted_by, strategy_column
from genesis.boards.targets import lines, now, rows
from genesis.metrics import catalog

_UNKNOWN: Final = "No capacity is known: the table of unknown capacities says why, or the monitor was not scraped."
_LIMITS: Final = ("edge", "participation", "depth")
_USED: Final = queries.each(catalog.STRATEGY_CAPACITY_USED_RATIO)
_REASONS: Final = {
    "no_edge": "it earns nothing",
    "warming_up": "too few orders so far",
    "zero_variance": "no volatility",
    "no_capital": "no capital",
    "no_mark": "a position has no mark",
    "no_conversion": "a currency has no rate",
    "no_volume": "no market trades seen",
    "no_depth": "no book, or a stale one",
    "no_capacity": "the capacity is 0",
    "error": "an error: see the log",
}
_FIGURES: Final = {
    "capacity_used_ratio": "used",
    "capacity_edge": "edge",
    "capacity_participation": "participation",
    "capacity_depth": "depth",
}


def over() -> stat.Panel:
    """How many strategies have more capital than they can use."""
    caption = Caption(
        "Capacity",
        "How many selected strategies have more capital than they can use, among those with a known capacity.",
        "No capacity is known.",
    )
    expr = f"count({_USED} > 1) or 0 * count({_USED})"
    return big_number(caption, now(expr, "Capacity"), "suffix: over", 0).thresholds(style.above(1))


def by_strategy() -> table.Panel:
    """One row for each strategy, with the binding limit."""
    caption = Caption(
        "Capacity by strategy",
        "Money in the account's currency. Used: capital as a share of capacity; above 100 % the strategy has more than it can "
        "use. Capacity: the smallest of the known limits; Set by and In name that limit and its symbol. Edge: the capital "
        "from which more capital earns less, because of its impact. Level: which threshold of CapacityNearlyUsed is reached; "
        "the alert also waits for enough trades. A dash: unknown; the table Unknown capacities says why.",
        "No strategy is known: none has an event yet, or the monitor was not scraped.",
    )
    binding = f"max by (strategy, limit, symbol) ({queries.series(catalog.STRATEGY_CAPACITY_BINDING_INFO, queries.PICKED)})"
    columns = [
        Column("Capital", queries.each(catalog.STRATEGY_CAPITAL), style.COUNT, 0),
        Column(
            "Capacity",
            f"{binding} * on (strategy) group_left () {queries.each(catalog.STRATEGY_CAPACITY)}",
            style.COUNT,
            0,
            labels={"limit": "Set by", "symbol": "In"},
        ),
        Column("Used", _USED, style.RATIO, 0),
        Column(
            "Level",
            queries.level(_USED, "CapacityNearlyUsed"),
            style.COUNT,
            0,
            properties=style.levels(),
        ),
        *(
            Column(limit.capitalize(), queries.each(catalog.STRATEGY_CAPACITY_LIMIT, f'limit="{limit}"'), style.COUNT, 0)
            for limit in _LIMITS
        ),
    ]
    panel = per_strategy(caption, columns)
    for title, pixels in {"Capacity": 92, "Set by": 108, "In": 88, "Used": 80, "Level": 72, "Participation": 108}.items():
        panel.override_by_name(title, [style.width(pixels)])
    return sorted_by(panel, "Used", descending=True)


def used_over_time(settings: BoardSettings) -> timeseries.Panel:
    """Each strategy against the thresholds of CapacityNearlyUsed."""
    caption = Caption(
        "Capacity used",
        "Capital as a share of what the strategy can use, on a logarithmic scale; above 100 % it has more than it can use. If "
        "there are more strategies than lines on the board, those with the largest share. Dashed: where CapacityNearlyUsed of "
        "that severity starts; a line with a strategy's name replaces the default for that strategy.",
        _UNKNOWN,
    )
    panel = log_scale(chart(caption, style.RATIO, 0)).with_target(
        lines(queries.furthest(catalog.STRATEGY_CAPACITY_USED_RATIO), "{{strategy}}")
    )
    style.own_colours(panel, settings.strategies)
    return thresholds.of_strategies(panel, "CapacityNearlyUsed", "YZ")


def unknown() -> table.Panel:
    """Which limits and capacities are unknown, and why."""
    caption = Caption(
        "Unknown capacities",
        "Limits and capacities that are unknown, and why. A capacity is computed once its edge is known, from the limits that "
        "are known; see docs/numbers.md.",
        "Every capacity is known, or no strategy is known.",
    )
    chosen = queries.series(catalog.STRATEGY_UNDEFINED_INFO, 'figure=~"capacity.*"', queries.PICKED)
    panel = grid(caption).with_target(rows(f"max by (strategy, figure, reason) ({chosen})"))
    panel.override_by_name("Strategy", strategy_column())
    panel.override_by_name("Figure", [style.plain_words(_FIGURES), style.width(105)])
    panel.override_by_name("Reason", [style.plain_words(_REASONS)])
    names = {"strategy": "Strategy", "figure": "Figure", "reason": "Reason"}
    return sorted_by(reshaped(panel, names, hidden=["Value"]), "Strategy")
