"""The board "Execution": what trading costs, how long it takes, and how much more capital a strategy can use."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import stat

from genesis.alerts.catalog.execution import SLIPPAGE_HIGH
from genesis.boards import event_annotations, frame, links, queries, style, variables
from genesis.boards.execution import capacity, delay, fills, liquidity, shortfall, slippage
from genesis.boards.frame import BoardSettings, Section
from genesis.boards.panels import Caption, big_number
from genesis.boards.targets import now
from genesis.core.duration import duration_text

__all__ = ["execution_board"]


def execution_board(settings: BoardSettings) -> dict[str, Any]:
    """The board in Grafana's JSON model."""
    tiles = [_slippage(settings), *shortfall.stats(settings), liquidity.rate(), capacity.over()]
    sections = [
        Section(None, [panel.height(3).span(4) for panel in tiles]),
        Section(
            None,
            [
                slippage.distribution().height(8).span(12),
                slippage.quantiles(settings).height(8).span(12),
                slippage.by_strategy(settings).height(8).span(24),
            ],
        ),
        Section(
            "Slippage over time and by symbol",
            [
                slippage.mean_over_time(settings).height(8).span(12),
                slippage.expected_over_time(settings).height(8).span(12),
                slippage.by_symbol().height(7).span(24),
            ],
        ),
        Section(
            "Implementation shortfall and liquidity",
            [
                shortfall.over_time(settings).height(8).span(12),
                liquidity.by_liquidity().height(8).span(12),
                shortfall.by_strategy().height(7).span(24),
            ],
        ),
        Section(
            "Capacity of the strategies",
            [
                capacity.by_strategy().height(7).span(24),
                capacity.used_over_time(settings).height(8).span(12),
                capacity.unknown().height(8).span(12),
            ],
        ),
        Section(
            "Fill delay and number of fills",
            [
                delay.over_time(settings).height(8).span(12),
                delay.distribution().height(8).span(12),
                delay.by_strategy(settings).height(8).span(14),
                liquidity.by_strategy(settings).height(8).span(10),
            ],
        ),
    ]
    return frame.board(
        links.EXECUTION,
        settings,
        sections,
        choices=[variables.strategies(), variables.most_lines()],
        annotations=[event_annotations.alerts(queries.PICKED), *event_annotations.rotations(queries.PICKED)],
    )


def _slippage(settings: BoardSettings) -> stat.Panel:
    """Mean slippage of the recent fills of all picked strategies."""
    window = settings.alerts.of(SLIPPAGE_HIGH).window
    caption = Caption(
        "Slippage",
        f"Mean slippage of the selected strategies' fills in the last {duration_text(window)}, in basis points; every fill "
        "has the same weight. Above 0 it cost money.",
        "No fills or scrape.",
    )
    expr = fills.mean_slippage(window=fills.sampled(window))
    return big_number(caption, now(expr, "Slippage"), style.BASIS_POINTS, 2).thresholds(style.steps(style.COSTS))
