"""What is said of the figures of an alert, from answers that a Prometheus might give."""

from __future__ import annotations

from collections.abc import Mapping

from genesis.alerts.live.figures import Figures
from genesis.clients.prometheus import Prometheus, Sample
from genesis.metrics import catalog
from tests.unit.alerts.live.definitions import BOOK

DRAWDOWN = catalog.STRATEGY_DRAWDOWN_RATIO.name
UNDEFINED = catalog.STRATEGY_UNDEFINED_INFO.name


class Scripted(Prometheus):
    """Knows these figures, and nothing of others."""

    def __init__(self, figures: Mapping[str, list[Sample]]) -> None:
        super().__init__()
        self._figures = figures

    async def query(self, promql: str, *, at: float | None = None) -> list[Sample]:
        return self._figures.get(promql, [])


def of(value: float, **labels: str) -> Sample:
    return Sample({"instance": "i", **labels}, value, 0.0)


async def said(name: str, severity: str, figures: Mapping[str, list[Sample]], strategy: str | None = None) -> list[str]:
    found = Figures(Scripted(figures), BOOK.find(name), strategy)
    return [line async for line in found.lines(severity)]


async def test_each_strategy_is_held_against_its_own_threshold() -> None:
    found = [of(0.04, strategy="multi_pair"), of(0.04, strategy="spread_capture")]
    firing = BOOK.find("StrategyDrawdown").rules["warning"].expr
    assert await said("StrategyDrawdown", "warning", {DRAWDOWN: found, firing: found[1:]}) == [
        "strategy=spread_capture: now 4%; fires at >= 3%, which is REACHED",
        "strategy=multi_pair: now 4%; fires at >= 5%, which is 1% away",
    ]


async def test_a_threshold_that_is_reached_fires_only_where_the_whole_rule_holds() -> None:
    figure = BOOK.find("MarketDataStale").rules["warning"].figure
    assert await said("MarketDataStale", "warning", {figure: [of(45, symbol="BTC")]}) == [
        "symbol=BTC: now 45s; fires at >= 30s, which is reached, but the rest of the rule is not true"
    ]


async def test_each_period_is_held_against_its_own_threshold() -> None:
    figure = BOOK.find("PeriodLoss").rules["critical"].figure
    found = [
        of(0.02, strategy="a", period="week"),
        of(0.19, strategy="a", period="month"),
        of(0.5, strategy="b", period="week"),
    ]
    assert await said("PeriodLoss", "critical", {figure: found}, "a") == [
        "strategy=a, period=month: now 19%; fires at >= 20%, which is 1% away",
        "strategy=a, period=week: now 2%; fires at >= 12%, which is 10% away",
    ]


async def test_below_a_lower_bound_is_reached() -> None:
    rule = BOOK.find("WinRateLow").rules["critical"]
    found = [of(0.2, strategy="a"), of(0.5, strategy="b")]
    assert await said("WinRateLow", "critical", {rule.figure: found, rule.expr: found[:1]}) == [
        "strategy=a: now 20%; fires at <= 30%, which is REACHED",
        "strategy=b: now 50%; fires at <= 30%, which is 20% away",
    ]


async def test_what_is_not_a_number_fires_nothing_and_is_the_last() -> None:
    told = await said("StrategyDrawdown", "critical", {DRAWDOWN: [of(float("nan"), strategy="a"), of(0.0, strategy="b")]})
    assert told[1] == "strategy=a: now nan, which never fires"


async def test_of_many_series_the_nearest_are_told() -> None:
    found = [of(place / 1000, strategy=f"s{place}") for place in range(30)]
    told = await said("StrategyDrawdown", "critical", {DRAWDOWN: found})
    assert len(told) == 11
    assert told[0].startswith("strategy=s29: ")
    assert told[-1] == "... and 20 more, further away"


async def test_a_figure_that_is_absent_is_told_with_its_reason() -> None:
    undefined = [
        of(1, strategy="a", figure="drawdown_ratio", reason="no_mark"),
        of(1, strategy="b", figure="all", reason="error"),
        of(1, strategy="a", figure="beta", reason="too_short"),
    ]
    assert await said("StrategyDrawdown", "critical", {UNDEFINED: undefined}) == [
        "strategy=a: drawdown_ratio is undefined: no_mark",
        "strategy=b: all is undefined: error",
    ]
    assert await said("StrategyDrawdown", "critical", {}) == ["no figure: no series has it now, so nothing fires"]


async def test_a_sample_that_is_too_small_is_told() -> None:
    figure = BOOK.find("WinRateLow").figure("critical")
    assert figure is not None
    assert figure.sample is not None
    size, least = figure.sample
    told = await said("WinRateLow", "critical", {size: [of(least - 1, strategy="a"), of(least, strategy="b")]})
    assert told == [f"too few: strategy=a: {size} is {least - 1}, and must be >= {least}"]


async def test_a_rule_without_thresholds_holds_or_not() -> None:
    rule = BOOK.find("CollectorFailing").rules["critical"]
    assert await said("CollectorFailing", "critical", {}) == ["not true now"]
    found = [of(0, group=f"g{place}") for place in range(12)]
    (told,) = await said("CollectorFailing", "critical", {rule.expr: found})
    assert told.startswith("true now for group=g0; group=g1; ")
    assert told.endswith("; and 2 more")
