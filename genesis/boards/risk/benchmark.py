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
    """The account's beta and its uncertainty."""
    caption = Caption(
        "Beta of the account",
        "Beta to the benchmark in the risk window, with two standard errors on both sides. If 0 lies between low and high, "
        "the beta does not differ significantly from 0.",
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
    """Each strategy's beta against the band of BetaOutOfBand."""
    caption = Caption(
        "Beta by strategy",
        "Beta of each selected strategy to its benchmark in the risk window. If there are more strategies than lines on the "
        "board, those furthest from 0. Dashed: the band of BetaOutOfBand, which fires only if two standard errors on both "
        "sides are outside.",
        _NONE,
    )
    panel = chart(caption, style.COUNT, 3).with_target(lines(queries.furthest(catalog.STRATEGY_BETA), "{{strategy}}"))
    for ref, part in zip("BC", ("low", "high"), strict=True):
        line = queries.account_threshold(_ALERT, "warning", f'part="{part}"')
        threshold_line(panel, ref, queries.where_known(line, queries.each(catalog.STRATEGY_BETA)), part, style.WARNING)
    return style.own_colours(panel, settings.strategies)


def by_strategy() -> table.Panel:
    """One row for each strategy."""
    caption = Caption(
        "Beta and alpha by strategy",
        "Beta to the benchmark in the risk window, with two standard errors on both sides (low, high); annual compounded "
        "alpha; and the number of returns that they are computed from. Band: outside if the whole range from low to high is "
        "beyond the thresholds of BetaOutOfBand. A dash: the figure cannot be computed; alpha needs a day of returns.",
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
