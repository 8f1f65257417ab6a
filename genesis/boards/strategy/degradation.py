"""Whether the strategy is still what its baseline said."""

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
    """The section."""
    return [
        _cusum().height(7).span(8),
        _probability().height(7).span(8),
        _record().height(7).span(8),
    ]


def _cusum() -> timeseries.Panel:
    caption = Caption(
        "CUSUM against its limit",
        "What the returns fell short of the baseline, added up in its standard deviations of a step, less an allowance for "
        "chance; a strategy as good as its baseline stays near 0. Dashed: the limit, at which SharpeDegraded is critical.",
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
        "Probability that the true Sharpe ratio is above the baseline's, from 0 to 100 %; a strategy as good as its baseline "
        "is at 50 %. Dashed: where SharpeDegraded warns, once the record has its minimum length.",
        _NO_BASELINE,
    )
    panel = legend_below(chart(caption, style.RATIO, 2)).min(0).max(1)
    probability = queries.own(catalog.STRATEGY_PROBABILISTIC_SHARPE_RATIO)
    panel.with_target(lines(probability, "probability"))
    panel.override_by_name("probability", [style.fixed(style.LINES[0])])
    return threshold_line(
        panel, "B", queries.beside(queries.own_threshold(_ALERT, "warning"), probability), "warning", style.WARNING
    )


def _record() -> timeseries.Panel:
    caption = Caption(
        "Track record against its minimum",
        "Event time of the returns seen, and the time that it takes to tell their Sharpe ratio from the baseline's. While the "
        "record is below the minimum, the difference may be chance.",
        _NO_BASELINE,
    )
    panel = legend_below(chart(caption, style.SECONDS, 0)).min(0)
    panel.with_target(lines(queries.own(catalog.STRATEGY_TRACK_RECORD_SECONDS), "record"))
    panel.override_by_name("record", [style.fixed(style.LINES[0])])
    return threshold_line(panel, "B", queries.own(catalog.STRATEGY_MIN_TRACK_RECORD_SECONDS), "minimum", style.QUIET)
