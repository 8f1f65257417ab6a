"""PromQL of the cost of fills: signed slippage in basis points, and delays.

The monitor exports slippage as two histograms of absolute values, by direction. These queries join them into one histogram
with negative values: adverse fills are above zero, favourable ones below. So one heatmap and one quantile show the whole
distribution.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from genesis.boards.queries import PICKED, at_end, each, series
from genesis.core.duration import duration_text
from genesis.metrics import catalog
from genesis.metrics.catalog import SLIPPAGE_BOUNDS
from genesis.metrics.metric import Metric

PER_COLUMN: Final = "$__rate_interval:2s"
"""The window of a heatmap's column, sampled every 2 s: every scrape would be several times the work for the same picture."""
COLUMNS: Final = 45
"""Points of a chart of fills: more would show nothing new, and each is expensive on a histogram of many strategies."""

_SLIPPAGE: Final = catalog.STRATEGY_SLIPPAGE_RATIO
_DELAY: Final = catalog.STRATEGY_FILL_DELAY_SECONDS
_IN_BASIS_POINTS: Final = 1e4


def sampled(window: timedelta) -> str:
    """The window of a chart, sampled twenty times: every scrape would be many times the work for the same picture."""
    return f"{duration_text(window)}:{duration_text(window / 20)}"


def counted(metric: Metric, *matchers: str, part: str = "", window: str = "", at: str = "") -> str:
    """The increase of the selected strategies' counters over the window; without one, their values since start."""
    selected = series(metric, *matchers, PICKED, part=part)
    return f"increase({selected}[{window}]{at})" if window else f"{selected}{at}"


def mean_slippage(by: str = "", window: str = "", at: str = "") -> str:
    """Mean slippage per fill in basis points, all fills weighted equally; above 0 it cost money. No value without a fill."""
    adverse, favourable = (
        _sum(by, counted(_SLIPPAGE, f'direction="{direction}"', part="_sum", window=window, at=at))
        for direction in ("adverse", "favourable")
    )
    fills = _sum(by, counted(_SLIPPAGE, part="_count", window=window, at=at))
    return f"1e4 * ({adverse} - {favourable}) / ({fills} > 0)"


def favourable_share(by: str = "") -> str:
    """Share of the fills since start at the signal's price or better."""
    good = _sum(by, counted(_SLIPPAGE, 'direction="favourable"', part="_count"))
    return f"{good} / ({_sum(by, counted(_SLIPPAGE, part='_count'))} > 0)"


def expected_slippage(window: str) -> str:
    """Expected slippage of strategies.yaml in basis points: mean of the strategies, weighted by fills in the window."""
    fills = _sum("strategy", counted(_SLIPPAGE, part="_count", window=window))
    expected = f"max by (strategy) ({series(catalog.STRATEGY_EXPECTED_SLIPPAGE_RATIO, PICKED)})"
    return f"1e4 * sum({fills} * {expected}) / (sum({fills} and {expected}) > 0)"


def over_expected(window: str, at: str = "") -> str:
    """Each picked strategy's mean slippage, divided by the expected slippage of strategies.yaml; 1 is as expected."""

    def expecting(at: str = "") -> str:
        return each(catalog.STRATEGY_EXPECTED_SLIPPAGE_RATIO, at=at)

    expected = at_end(expecting) if at else expecting()
    return f"{mean_slippage('strategy', window, at)} / (1e4 * {expected} > 0)"


def slippage_buckets(by: str = "", window: str = "") -> str:
    """The histogram of signed slippage, cumulative; `le` is a ratio."""
    adverse = _buckets(by, 'direction="adverse"', window)
    mirrored = _buckets(by, 'direction="favourable",le!="+Inf"', window)
    favourable = _sum(by, counted(_SLIPPAGE, 'direction="favourable"', part="_count", window=window))
    below_zero = f"{favourable} - on ({by}) group_right () {mirrored}"
    return (
        f"({adverse} + on ({by}) group_left () {favourable} or "
        f'label_replace({below_zero}, "le", "-$1", "le", "(.+)") or '
        f'label_replace({favourable}, "le", "0", "", ""))'
    )


def slippage_quantile(quantile: float, by: str = "", window: str = "") -> str:
    """A quantile of the signed slippage in basis points. No value without a fill."""
    fills = _sum(by, counted(_SLIPPAGE, part="_count", window=window))
    return f"1e4 * histogram_quantile({quantile:g}, {slippage_buckets(by, window)}) and {fills} > 0"


def in_basis_points(buckets: str) -> str:
    """The buckets with their bounds in basis points, because Grafana has no unit that scales them."""
    for bound in SLIPPAGE_BOUNDS:
        shown = f"{bound * _IN_BASIS_POINTS:g}"
        buckets = f'label_replace({buckets}, "le", "${{1}}{shown}", "le", "(-?){bound!r}")'
    return buckets


def delay_quantile(quantile: float, by: str = "", window: str = "", at: str = "") -> str:
    """A quantile of the seconds from a signal to its fill. No value without a fill."""
    labels = f"le, {by}" if by else "le"
    buckets = _sum(labels, counted(_DELAY, part="_bucket", window=window, at=at))
    fills = _sum(by, counted(_DELAY, part="_count", window=window, at=at))
    return f"histogram_quantile({quantile:g}, {buckets}) and {fills} > 0"


def delay_buckets(window: str) -> str:
    """The histogram of delays, cumulative."""
    return _sum("le", counted(_DELAY, part="_bucket", window=window))


def most(expr: str, measure: str) -> str:
    """`expr` of the `$lines` strategies with the largest `measure`, at the end of the time range; a missing one counts as 0."""
    return f"{expr} and on (strategy) topk($lines, {measure} or 0 * {at_end(_known)})"


def _known(at: str) -> str:
    return each(catalog.STRATEGY_CAPITAL, at=at)


def _buckets(by: str, matchers: str, window: str) -> str:
    labels = f"le, {by}" if by else "le"
    return _sum(labels, counted(_SLIPPAGE, matchers, part="_bucket", window=window))


def _sum(by: str, selected: str) -> str:
    return f"sum by ({by}) ({selected})" if by else f"sum({selected})"
