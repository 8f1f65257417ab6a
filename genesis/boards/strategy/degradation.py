"""Whether the strategy is still as good as its baseline."""

from __future__ import annotations

from typing import Any, Final

from grafana_foundation_sdk.builders import timeseries

from genesis.boards import queries, style
from genesis.boards.panels import Caption, chart, legend_below, threshold_line
from genesis.boards.targets import lines
from genesis.metrics import catalog

_ALERT: Final = "SharpeDegraded"
_NO_BASELINE: Final = "The strategy has no baseline in strategies.yaml, too few returns, or the monitor was not scraped."


def panels() -> list[Any]:
    """The panels of the section."""
    return [
        _cusum().height(7).span(8),
        _probability().height(7).span(8),
        _record().height(7).span(8),
    ]


def _cusum() -> timeseries.Panel:
    caption = Caption(
        "CUSUM against its limit",
        "How far the returns fall short of the baseline, summed in standard deviations of one step, less an allowance for "
        "chance. A strategy as good as its baseline stays near 0. Dashed: where SharpeDegraded becomes critical.",
        _NO_BASELINE,
    )
    limit = f"{queries.own(catalog.STRATEGY_DEGRADATION_CUSUM_LIMIT)} * ({queries.own_threshold(_ALERT, 'critical')})"
    panel = legend_below(chart(caption, style.COUNT, 1)).min(0).fill_opacity(15)
    panel.with_target(lines(queries.own(catalog.STRATEGY_DEGRADATION_CUSUM), "CUSUM"))
    panel.override_by_name("CUSUM", [style.fixed(style.LINES[0])])
    return threshold_line(panel, "B", limit, "limit", style.CRITICAL)


def _probability() -> timeseries.Panel:
    caption = Caption(
        "Probabilistic Sharpe ratio",
        "Probability that the true Sharpe ratio is above the baseline's; a strategy as good as its baseline is at 50 %. "
        "Dashed: where SharpeDegraded warns, once the track record has its minimum length.",
        _NO_BASELINE,
    )
    panel = legend_below(chart(caption, style.RATIO, 2)).min(0).max(1)
    probability = queries.own(catalog.STRATEGY_PROBABILISTIC_SHARPE_RATIO)
    panel.with_target(lines(probability, "probability"))
    panel.override_by_name("probability", [style.fixed(style.LINES[0])])
    return threshold_line(
        panel, "B", queries.where_known(queries.own_threshold(_ALERT, "warning"), probability), "warning", style.WARNING
    )


def _record() -> timeseries.Panel:
    caption = Caption(
        "Track record against its minimum",
        "Event time that the returns cover, and the minimum that is needed to distinguish their Sharpe ratio from the "
        "baseline's. While the record is below the minimum, the difference may be chance.",
        _NO_BASELINE,
    )
    panel = legend_below(chart(caption, style.SECONDS, 0)).min(0)
    panel.with_target(lines(queries.own(catalog.STRATEGY_TRACK_RECORD_SECONDS), "record"))
    panel.override_by_name("record", [style.fixed(style.LINES[0])])
    return threshold_line(panel, "B", queries.own(catalog.STRATEGY_MIN_TRACK_RECORD_SECONDS), "minimum", style.QUIET)
