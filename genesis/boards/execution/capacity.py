"""How much capital each strategy can use, what limits it, and why that is not known."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import stat, table, timeseries

from genesis.boards import queries, style, thresholds
from genesis.boards.frame import BoardSettings
from genesis.boards.panels import Caption, big_number, chart, powers
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
    "no_volume": "no market trade was seen",
    "no_depth": "no book, or an old one",
    "no_capacity": "the capacity is 0",
    "error": "a fault: see the log",
}
_FIGURES: Final = {
    "capacity_used_ratio": "used",
    "capacity_edge": "edge",
    "capacity_participation": "participation",
    "capacity_depth": "depth",
}


def over() -> stat.Panel:
    """How many strategies have more than they can use."""
    caption = Caption(
        "Capacity",
        "Picked strategies with more capital than they can use, of those whose capacity is known.",
        "No capacity is known.",
    )
    told = f"count({_USED} > 1) or 0 * count({_USED})"
    return big_number(caption, now(told, "Capacity"), "suffix: over", 0).thresholds(style.above(1))


def by_strategy() -> table.Panel:
    """One row a strategy, with what binds."""
    caption = Caption(
        "Capacity by strategy",
        "Money in the account's currency. Used: capital over capacity; above 100 % the strategy has more than it can use. "
        "Capacity is the least of the limits that are known; it is set by the limit and symbol beside it. Edge: from there on "
        "more capital earns less, for its impact. Level: which threshold of CapacityNearlyUsed is reached; the alert also "
        "waits for trades enough. A dash is not known: the table below says why.",
        "No strategy is known: no event of one was booked yet, or the monitor was not scraped.",
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
    """Each strategy against the thresholds of the alert on it."""
    caption = Caption(
        "Capacity used",
        "Capital over what the strategy can use, on a scale of powers of ten; above 100 % it has more than that. Of more "
        "strategies than the board's number of lines, those that use most. Dashed: where CapacityNearlyUsed of that severity "
        "starts; a line with a strategy's name holds for that strategy instead of the default.",
        _UNKNOWN,
    )
    panel = powers(chart(caption, style.RATIO, 0)).with_target(
        lines(queries.furthest(catalog.STRATEGY_CAPACITY_USED_RATIO), "{{strategy}}")
    )
    style.own_colours(panel, settings.strategies)
    return thresholds.of_strategies(panel, "CapacityNearlyUsed", "YZ")


def unknown() -> table.Panel:
    """Which parts of the capacity are left out, and why."""
    caption = Caption(
        "Unknown capacities",
        "Limits and capacities that are left out, and why. A capacity is told once its edge is known, from the limits that "
        "are; docs/numbers.md has the rest.",
        "Every capacity is known, or no strategy is.",
    )
    chosen = queries.series(catalog.STRATEGY_UNDEFINED_INFO, 'figure=~"capacity.*"', queries.PICKED)
    panel = grid(caption).with_target(rows(f"max by (strategy, figure, reason) ({chosen})"))
    panel.override_by_name("Strategy", strategy_column())
    panel.override_by_name("Figure", [style.plain_words(_FIGURES), style.width(105)])
    panel.override_by_name("Reason", [style.plain_words(_REASONS)])
    names = {"strategy": "Strategy", "figure": "Figure", "reason": "Reason"}
    return sorted_by(reshaped(panel, names, hidden=["Value"]), "Strategy")
