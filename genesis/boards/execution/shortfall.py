"""Implementation shortfall by part: the cost against a paper portfolio that fills each signal in full at its price."""

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

_SHORTFALL: Final = queries.series(catalog.STRATEGY_SHORTFALL, queries.PICKED)
_UNKNOWN: Final = (
    "No fill could be measured (that needs decision price, arrival price and arrival spread), or the monitor was not scraped."
)
_PARTS: Final = ("delay", "spread", "impact", "fees", "opportunity")


def stats(settings: BoardSettings) -> list[stat.Panel]:
    """The shortfall since start and in the last minutes, and the share of the fills in it."""
    unit = style.money(settings.currency)
    whole = Caption(
        "Shortfall",
        "Implementation shortfall of the selected strategies since start: delay, spread, impact, fees and opportunity. Above "
        "0 it cost money.",
        "None yet, or no scrape.",
    )
    recent = Caption(
        "5 minutes",
        "By how much the shortfall of the selected strategies changed in the last five minutes; above 0 it cost money.",
        "Too early, or no scrape.",
    )
    measured = Caption(
        "Measured",
        "Share of the fills since start that are in the shortfall: those with decision price, arrival price and arrival "
        "spread. The other fills are in none of its parts.",
        "No fills or scrape.",
    )
    change = f"sum({_SHORTFALL} - {_SHORTFALL} offset 5m)"
    return [
        big_number(whole, now(f"sum({_SHORTFALL})", "Shortfall"), unit, 2).thresholds(_cost()),
        big_number(recent, now(change, "Shortfall"), unit, 2).thresholds(_cost()),
        big_number(measured, now(_measured_share(), "Measured"), style.RATIO, 0),
    ]


def over_time(settings: BoardSettings) -> timeseries.Panel:
    """The parts, stacked, and their sum."""
    caption = Caption(
        "Shortfall by part",
        "Implementation shortfall of the selected strategies since start, stacked by part. Above 0 a part cost money, below 0 "
        "it saved money. Total: their sum. Impact includes, below 0, what makers earn from the spread. Opportunity: what "
        "signals missed that were not filled in full.",
        _UNKNOWN,
    )
    panel = legend_below(stacked(chart(caption, style.money(settings.currency), 2)))
    panel.with_target(lines(f"sum by (part) ({_SHORTFALL})", "{{part}}"))
    panel.with_target(lines(f"sum({_SHORTFALL})", "Total", "B"))
    style.own_colours(panel, _PARTS)
    total = [
        style.fixed("text"),
        model.DynamicConfigValue("custom.lineWidth", 2),
        model.DynamicConfigValue("custom.fillOpacity", 0),
        model.DynamicConfigValue("custom.stacking", {"mode": "none", "group": "A"}),
    ]
    return panel.override_by_name("Total", total)


def by_strategy() -> table.Panel:
    """One row for each strategy, one column for each part; the parts add up to the total."""
    caption = Caption(
        "Shortfall by strategy",
        "Implementation shortfall since start, in the account's currency; above 0 it cost money. The parts add up to the "
        "total. Measured: share of the fills that are in it. A dash: the part has no measured fill, or opportunity has no "
        "signal.",
        _UNKNOWN,
    )
    cost = [style.coloured_text(), *style.coloured_steps(style.COSTS)]
    columns = [
        Column("Total", f"sum by (strategy) ({_SHORTFALL})", style.COUNT, 2, properties=cost),
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
