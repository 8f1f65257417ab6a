"""The board "Risk": how much can be lost, whether past estimates were right, and which strategies are the same bet."""

from __future__ import annotations

from typing import Any

from genesis.boards import event_annotations, frame, links, queries, variables
from genesis.boards.frame import BoardSettings, Section
from genesis.boards.risk import backtest, benchmark, glance, pairs, tails
from genesis.metrics import catalog

__all__ = ["risk_board"]


def risk_board(settings: BoardSettings) -> dict[str, Any]:
    """The board in Grafana's JSON model."""
    sections = [
        Section(None, [panel.height(3).span(4) for panel in glance.tiles(settings.currency)]),
        Section(
            None,
            [
                tails.value_at_risk(settings.currency).height(7).span(12),
                tails.expected_shortfall().height(7).span(12),
                tails.by_strategy().height(8).span(24),
            ],
        ),
        Section(
            "Value at risk of the account, by method and strategy",
            [
                tails.by_method().height(8).span(14),
                tails.components().height(8).span(10),
                tails.components_over_time(settings).height(8).span(24),
            ],
        ),
        Section(
            "Back-test of the value at risk",
            [
                backtest.of_the_account().height(5).span(24),
                backtest.over_time().height(7).span(24),
                backtest.by_strategy().height(8).span(24),
            ],
        ),
        Section(
            "Correlation: which strategies are the same bet",
            [
                *[panel.height(3).span(6) for panel in pairs.counts()],
                pairs.matrix().height(10).span(24),
                pairs.strongest().height(8).span(14),
                pairs.mean_over_time().height(8).span(10),
                pairs.over_time().height(8).span(14),
                pairs.diversification_over_time().height(8).span(10),
            ],
        ),
        Section(
            "Against the benchmark",
            [
                benchmark.account_beta().height(8).span(12),
                benchmark.betas(settings).height(8).span(12),
                benchmark.by_strategy().height(8).span(24),
            ],
        ),
    ]
    return frame.board(
        links.RISK,
        settings,
        sections,
        choices=[
            variables.strategies(),
            variables.of_label("confidence", "Confidence", catalog.PORTFOLIO_VALUE_AT_RISK, first="0.95"),
            variables.of_label("method", "Method", catalog.PORTFOLIO_COMPONENT_VALUE_AT_RISK, first="historical"),
            variables.of_label("estimator", "Estimator", catalog.STRATEGY_CORRELATION, first="pearson"),
            variables.most_lines(),
        ],
        annotations=[event_annotations.alerts(queries.PICKED_OR_NONE), *event_annotations.rotations(queries.PICKED)],
    )
