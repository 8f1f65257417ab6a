"""Correlations and degradation in the catalogue's names."""

from __future__ import annotations

from dataclasses import replace

from genesis.analytics.correlation import CorrelationFigures, CorrelationPair
from genesis.analytics.degradation import DegradationFigures
from genesis.metrics.families.folded import FoldedSnapshot
from genesis.metrics.groups import GROUPS
from genesis.snapshot import MonitorSnapshot
from tests.unit.monitoring.account import capital, monitor

FIGURES = CorrelationFigures(
    pairs=(
        CorrelationPair("a", "b", "pearson", 0.5),
        CorrelationPair("a", "b", "ledoit_wolf", 0.25),
        CorrelationPair("a", "c", "pearson", -0.75),
        CorrelationPair("a", "c", "ledoit_wolf", -0.5),
    ),
    omitted_pairs=7,
    undefined_pairs={"zero_variance": 3},
    mean_correlation=-0.125,
    diversification_ratio=1.5,
    shrinkage=0.1,
)


async def picture(correlation: CorrelationFigures | None = None) -> MonitorSnapshot:
    async with monitor() as made:
        await made.handle_batch([capital("100", name) for name in "abc"])
        return replace(made.snapshot(), correlation=correlation)


def told(group: str, snapshot: MonitorSnapshot, max_strategies: int = 10) -> dict[str, float]:
    tables = GROUPS[group].tables(FoldedSnapshot(snapshot, max_strategies, 10))
    return {
        ",".join([sample.name.removeprefix("genesis_"), *sample.labels.values()]): sample.value
        for table in tables
        for sample in table.family().samples
    }


async def test_each_pair_is_told_once_by_each_estimator() -> None:
    assert told("correlation", await picture(FIGURES)) == {
        "strategy_correlation,a,b,pearson": 0.5,
        "strategy_correlation,a,b,ledoit_wolf": 0.25,
        "strategy_correlation,a,c,pearson": -0.75,
        "strategy_correlation,a,c,ledoit_wolf": -0.5,
        "portfolio_mean_correlation": -0.125,
        "portfolio_diversification_ratio": 1.5,
        "portfolio_correlation_shrinkage_ratio": 0.1,
        "portfolio_correlation_pairs_omitted": 7,
        "portfolio_correlation_pairs_undefined,zero_variance": 3,
    }


async def test_a_pair_with_a_strategy_that_has_no_series_of_its_own_is_omitted() -> None:
    found = told("correlation", await picture(FIGURES), max_strategies=2)
    assert [name for name in found if name.startswith("strategy_correlation")] == [
        "strategy_correlation,a,b,pearson",
        "strategy_correlation,a,b,ledoit_wolf",
    ]
    assert found["portfolio_correlation_pairs_omitted"] == 8


async def test_what_is_undefined_is_left_out() -> None:
    nothing = CorrelationFigures(undefined={"mean_correlation": "warming_up"})
    assert told("correlation", await picture(nothing)) == {"portfolio_correlation_pairs_omitted": 0}
    assert told("correlation", await picture(None)) == {}


async def test_each_strategy_is_told_against_its_baseline() -> None:
    snapshot = await picture()
    figures = [
        DegradationFigures(
            cusum=1.5,
            cusum_limit=20.0,
            probabilistic_sharpe=0.4,
            track_record_seconds=60.0,
            min_track_record_seconds=3600.0,
        ),
        DegradationFigures(probabilistic_sharpe=0.9, undefined={"degradation_cusum": "no_edge"}),
        None,
    ]
    strategies = tuple(replace(s, degradation=f) for s, f in zip(snapshot.strategies, figures, strict=True))
    expected = {
        "strategy_degradation_cusum,a": 1.5,
        "strategy_degradation_cusum_limit,a": 20.0,
        "strategy_probabilistic_sharpe_ratio,a": 0.4,
        "strategy_track_record_seconds,a": 60.0,
        "strategy_min_track_record_seconds,a": 3600.0,
        "strategy_probabilistic_sharpe_ratio,b": 0.9,
        "strategy_track_record_seconds,b": 0.0,
    }
    assert told("degradation", replace(snapshot, strategies=strategies)) == expected
    del expected["strategy_probabilistic_sharpe_ratio,b"], expected["strategy_track_record_seconds,b"]
    assert told("degradation", replace(snapshot, strategies=strategies), max_strategies=1) == expected
