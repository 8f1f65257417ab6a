"""How the account and its strategies move with the benchmark."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import table, timeseries
from grafana_foundation_sdk.models import dashboard as model

from genesis.boards import queries, style
from genesis.boards.frame import BoardSettings
from genesis.boards.panels import Caption, chart, legend_below, threshold_line
from genesis.boards.tables import Column, per_strategy, sorted_by
from genesis.boards.targets import lines
from genesis.metrics import catalog

_ALERT: Final = "BetaOutOfBand"
_BAND: Final = {"0": ("inside", style.GAIN), "1": ("outside", style.WARNING)}
_NONE: Final = "No benchmark is configured, there are too few returns, or the monitor was not scraped."


def account_beta() -> timeseries.Panel:
    """The account's, and how sure it is."""
    caption = Caption(
        "Beta of the account",
        "Beta to the benchmark in the risk window, and two standard errors to both sides: where 0 lies between, there is no "
        "beta to speak of.",
        _NONE,
    )
    beta = queries.account(catalog.PORTFOLIO_BETA)
    error = queries.account(catalog.PORTFOLIO_BETA_STANDARD_ERROR)
    thin = [style.fixed(style.QUIET), model.DynamicConfigValue("custom.lineWidth", 1)]
    band = [model.DynamicConfigValue("custom.fillBelowTo", "low"), model.DynamicConfigValue("custom.fillOpacity", 20)]
    return (
        legend_below(chart(caption, style.COUNT, 3))
        .with_target(lines(beta, "beta"))
        .with_target(lines(f"{beta} + 2 * {error}", "high", "B"))
        .with_target(lines(f"{beta} - 2 * {error}", "low", "C"))
        .override_by_name("beta", [style.fixed(style.GAIN)])
        .override_by_name("high", [*thin, *band])
        .override_by_name("low", thin)
    )


def betas(settings: BoardSettings) -> timeseries.Panel:
    """Each strategy's, within the band of its alert."""
    caption = Caption(
        "Beta by strategy",
        "Beta of each picked strategy to its benchmark in the risk window; of more strategies than the board's number of "
        "lines, those furthest from 0. Dashed: the band of BetaOutOfBand, which wants a beta that is surely outside.",
        _NONE,
    )
    panel = chart(caption, style.COUNT, 3).with_target(lines(queries.furthest(catalog.STRATEGY_BETA), "{{strategy}}"))
    for ref, part in zip("BC", ("low", "high"), strict=True):
        line = queries.account_threshold(_ALERT, "warning", f'part="{part}"')
        threshold_line(panel, ref, queries.beside(line, queries.each(catalog.STRATEGY_BETA)), part, style.WARNING)
    return style.own_colours(panel, settings.strategies)


def by_strategy() -> table.Panel:
    """One row a strategy."""
    caption = Caption(
        "Beta and alpha by strategy",
        "Beta to the benchmark in the risk window with two standard errors to both sides, alpha compounded over a year, and "
        "the returns behind them. Band: outside where BetaOutOfBand fires, as the whole of low to high is beyond its "
        "thresholds. A dash is a figure that cannot be computed: alpha wants a day of returns.",
        _NONE,
    )
    beta, error = queries.each(catalog.STRATEGY_BETA), queries.each(catalog.STRATEGY_BETA_STANDARD_ERROR)
    low, high = f"({beta} - 2 * {error})", f"({beta} + 2 * {error})"
    least, most = (queries.limit(_ALERT, "warning", beta, f'part="{part}"') for part in ("low", "high"))
    outside = f"({low} > bool {most}) + ({high} < bool {least})"
    columns = [
        Column("Beta", beta, style.COUNT, 3),
        Column("Low", low, style.COUNT, 3),
        Column("High", high, style.COUNT, 3),
        Column("Band", outside, style.COUNT, properties=[style.words(_BAND), style.coloured_text()]),
        Column("Alpha", queries.each(catalog.STRATEGY_ALPHA_RATIO), style.RATIO, 1),
        Column("Returns", queries.each(catalog.STRATEGY_OBSERVATIONS), style.COUNT, 0),
    ]
    panel = per_strategy(caption, columns)
    return sorted_by(panel, "Beta", descending=True)
