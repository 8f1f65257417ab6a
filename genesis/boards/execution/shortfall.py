"""Implementation shortfall: what trading cost against a portfolio that trades each signal in full at its price, by part."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import dashboard, stat, table, timeseries
from grafana_foundation_sdk.models import dashboard as model

from genesis.boards import queries, style
from genesis.boards.frame import BoardSettings
from genesis.boards.panels import Caption, big_number, chart, legend_below, stacked
from genesis.boards.tables import Column, per_strategy, sorted_by
from genesis.boards.targets import lines, now
from genesis.metrics import catalog

_TOLD: Final = queries.series(catalog.STRATEGY_SHORTFALL, queries.PICKED)
_UNKNOWN: Final = (
    "No fill was measured: that takes decision price, arrival price and arrival spread. Or the monitor was not scraped."
)
_PARTS: Final = ("delay", "spread", "impact", "fees", "opportunity")


def stats(settings: BoardSettings) -> list[stat.Panel]:
    """Since start, lately, and how much of the trading is in it."""
    unit = style.money(settings.currency)
    whole = Caption(
        "Shortfall",
        "Implementation shortfall of the picked strategies since start: delay, spread, impact, fees and opportunity; above 0 "
        "it cost money.",
        "None, or no scrape.",
    )
    recent = Caption(
        "5 minutes",
        "By how much the shortfall of the picked strategies has changed in the last five minutes; above 0 it cost money.",
        "Not yet, or no scrape.",
    )
    measured = Caption(
        "Measured",
        "Share of the fills since start that are in the shortfall: those with decision price, arrival price and arrival "
        "spread. The rest is in none of its parts.",
        "No fills or scrape.",
    )
    change = f"sum({_TOLD} - {_TOLD} offset 5m)"
    return [
        big_number(whole, now(f"sum({_TOLD})", "Shortfall"), unit, 2).thresholds(_cost()),
        big_number(recent, now(change, "Shortfall"), unit, 2).thresholds(_cost()),
        big_number(measured, now(_measured_share(), "Measured"), style.RATIO, 0),
    ]


def over_time(settings: BoardSettings) -> timeseries.Panel:
    """The parts, on top of each other, and their sum."""
    caption = Caption(
        "Shortfall by part",
        "Implementation shortfall of the picked strategies since start, by part, on top of each other; above 0 a part cost "
        "money, below 0 it saved some. Total: their sum. Impact holds what makers earn of the spread, below 0. Opportunity: "
        "what was missed by signals that were not filled in full.",
        _UNKNOWN,
    )
    panel = legend_below(stacked(chart(caption, style.money(settings.currency), 2)))
    panel.with_target(lines(f"sum by (part) ({_TOLD})", "{{part}}"))
    panel.with_target(lines(f"sum({_TOLD})", "Total", "B"))
    style.own_colours(panel, _PARTS)
    total = [
        style.fixed("text"),
        model.DynamicConfigValue("custom.lineWidth", 2),
        model.DynamicConfigValue("custom.fillOpacity", 0),
        model.DynamicConfigValue("custom.stacking", {"mode": "none", "group": "A"}),
    ]
    return panel.override_by_name("Total", total)


def by_strategy() -> table.Panel:
    """One row a strategy, one column a part; they add up to the total."""
    caption = Caption(
        "Shortfall by strategy",
        "Implementation shortfall since start, in the account's currency; above 0 it cost money. The parts add up to the "
        "total. Measured: share of the fills that are in it. A dash is a part without a measured fill, or, of opportunity, "
        "without a signal.",
        _UNKNOWN,
    )
    cost = [style.coloured_text(), *style.coloured_steps(style.COSTS)]
    columns = [
        Column("Total", f"sum by (strategy) ({_TOLD})", style.COUNT, 2, properties=cost),
        *(
            Column(part.capitalize(), queries.each(catalog.STRATEGY_SHORTFALL, f'part="{part}"'), style.COUNT, 2)
            for part in _PARTS
        ),
        Column("Measured", _measured_share("strategy"), style.RATIO, 0),
    ]
    panel = per_strategy(caption, columns)
    panel.override_by_name("Opportunity", [style.width(105)])
    return sorted_by(panel, "Total", descending=True)


def _measured_share(by: str = "") -> str:
    grouped = f"sum by ({by})" if by else "sum"
    measured, fills = (
        f"{grouped} ({queries.series(catalog.STRATEGY_SHORTFALL_FILLS, *chosen, queries.PICKED)})"
        for chosen in (('measured="yes"',), ())
    )
    return f"{measured} / ({fills} > 0)"


def _cost() -> dashboard.ThresholdsConfig:
    return style.steps(style.COSTS)
