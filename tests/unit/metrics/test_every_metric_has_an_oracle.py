"""Every metric of the catalogue against what it should be, in two scenarios; a metric that nothing is expected of fails.

What the books make of events is worked out from the history by tests/oracle. Figures of returns, capacity, correlation,
degradation, and what the service counts have a worked example each: numbers written here are put into the snapshot, and the
samples that they make are written next to them. How these figures are computed is checked against other implementations in
tests/unit/analytics and tests/unit/monitoring (test_risk_metrics.py, test_analysis.py, test_capacities.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest

from genesis import __version__
from genesis.analytics.capacity import CapacityFigures, Limit
from genesis.analytics.correlation import CorrelationFigures, CorrelationPair
from genesis.analytics.degradation import DegradationFigures
from genesis.analytics.risk import Tail
from genesis.core.models import AnyEvent, Funding, Side, SignalEnd, StrategyState, Tier, Void
from genesis.core.receipt import Outcome
from genesis.ledger.journal import Journal
from genesis.ledger.reconciliation import Break, Reconciliation
from genesis.ledger.source_gaps import NumberOrder
from genesis.metrics.catalog import CATALOG
from genesis.metrics.families.execution import SLIPPAGE_BOUNDS
from genesis.metrics.families.folded import FoldedSnapshot
from genesis.metrics.families.rotation import Decided, DecidedStrategy, Lead, RotationSnapshot
from genesis.metrics.families.service import GroupRun, Service
from genesis.metrics.groups import COLLECTOR, GROUPS, ROTATION, SERVICE
from genesis.metrics.metric import Kind
from genesis.metrics.table import Table
from genesis.metrics.telemetry import Telemetry
from genesis.monitoring.alert_manager import AlertThreshold
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.monitor import MonitorSettings
from genesis.settings.strategies import StrategySettings
from genesis.snapshot import (
    BacktestFigures,
    ComponentFigures,
    MonitorSnapshot,
    Performance,
    ReturnFigures,
    SourceSnapshot,
)
from tests.oracle import attribution, execution, trips
from tests.oracle.books import Oracle
from tests.oracle.curve import Drawdown, Money, Point, drawdown
from tests.unit.monitoring.account import START, at, capital, fill, quote, rules, signal

Labels = tuple[str, ...]
Samples = dict[Labels, Any]
"""Label values → a number, or of a histogram (counts by bound, sum)."""

NAMES = ("one", "two")
SYMBOLS = ("BTCUSDT", "ETHUSDT")
WINDOWS = ("1h", "1d", "all")
PERIODS = ("day", "week", "month")
ACCOUNT: Labels = ()
NOON = START.timestamp()


@dataclass
class Scenario:
    """`k` is 1 or 2: every number that is put in differs between the two."""

    k: int
    oracle: Oracle
    snapshot: MonitorSnapshot
    exposed: Mapping[str, Samples]

    def curve(self, name: str) -> list[Point]:
        return self.oracle.curves[name] if name else self.oracle.total

    def money(self, name: str) -> Money:
        return self.curve(name)[-1].money

    def decline(self, name: str) -> tuple[Drawdown, Fraction]:
        found, equity = drawdown(self.curve(name)), self.money(name).equity
        assert found is not None
        assert equity is not None
        return found, equity


def events(k: int) -> list[AnyEvent]:
    """Gains, losses and a flat round trip, long and short, with fees, funding, a component, a void, signals and their ends."""
    hedge = msgspec.structs.replace(
        fill(Side.BUY, "2", "51", strategy="two", symbol="ETHUSDT", fee="0.3", seconds=90_100), component="hedge"
    )
    opened = fill(Side.BUY, str(2 * k), f"{100 + k}", fee="0.2", strategy="one", signal_id="s1", seconds=5)
    voided = [fill(Side.BUY, str(k), "104", strategy="one", seconds=130 + n, event_id=f"wrong{n}") for n in range(k)]
    made: list[AnyEvent] = [
        capital(f"{6000 * k}", "one"),
        capital("5000", "two"),
        quote("99", "101"),
        quote("50", "52", "ETHUSDT"),
        msgspec.structs.replace(signal("s1", Side.BUY, "100", "one", 1), quantity=Decimal(5 * k)),
        opened,
        quote(f"{110 + k}", f"{112 + k}", seconds=60),
        quote("101", "103", seconds=70),
        quote("120", "122", seconds=3_000 + 30 * k),
        SignalEnd(time=at(3_100), event_id="e1", strategy="one", signal_id="s1"),
        fill(Side.SELL, str(2 * k), "119.5", fee="0.1", strategy="one", seconds=3_200),
        *voided,
        fill(Side.SELL, str(k), "105", strategy="two", seconds=3_300, event_id="t1"),
        fill(Side.BUY, str(k), "118", strategy="two", fee="0.4", seconds=3_400),
    ]
    made += [fill(side, "1", "60", strategy="two", symbol="ETHUSDT", seconds=3_500 + n) for n, side in enumerate(Side)]
    for n in range(k + 1):  # gains in a row, then losses in a row
        made += [
            fill(Side.BUY, "1", "100", strategy="one", symbol="ETHUSDT", seconds=80_000 + 20 * n),
            fill(Side.SELL, "1", f"{103 + n}", strategy="one", symbol="ETHUSDT", fee="0.05", seconds=80_010 + 20 * n),
        ]
    for n in range(k + 2):
        made += [
            fill(Side.BUY, "1", "100", strategy="two", symbol="ETHUSDT", seconds=88_000 + 50 * n),
            fill(Side.SELL, "1", f"{99 - n}", strategy="two", symbol="ETHUSDT", seconds=88_020 + 50 * n),
        ]
    for n in range(k):
        made += [
            fill(Side.BUY, "1", "50", strategy="two", symbol="ETHUSDT", seconds=87_000 + 50 * n),
            fill(Side.SELL, "1", f"{53 + n}", strategy="two", symbol="ETHUSDT", seconds=87_010 + 55 * n),
            fill(Side.BUY, "1", "100", strategy="one", symbol="ETHUSDT", seconds=80_500 + 50 * n),
            fill(Side.SELL, "1", f"{98 - n}", strategy="one", symbol="ETHUSDT", seconds=80_530 + 50 * n),
            signal(f"x{n}", Side.BUY, "115", "two", 3_600),
            SignalEnd(time=at(3_700), event_id=f"y{n}", strategy="two", signal_id=f"x{n}"),
            fill(Side.BUY, "1", "52", strategy="one", symbol=SYMBOLS[1 - n], seconds=90_050),
            Void(time=at(89_000), event_id=f"v{n}", strategy="one", voids=f"wrong{n}"),
        ]
    made += [
        quote("49", "55", "ETHUSDT", seconds=90_000),
        hedge,
        fill(Side.SELL, str(3 - k), "121.5", strategy="one", fee="0.25", seconds=90_200),
        msgspec.structs.replace(signal("s2", Side.SELL, f"{121 + k}", "two", 90_210), quantity=Decimal(3)),
        fill(Side.SELL, "1", f"{120 + k}", strategy="two", signal_id="s2", seconds=90_215 + k),
        Funding(time=at(90_300), event_id="p", strategy="one", symbol="BTCUSDT", amount=Decimal(f"-0.7{k}")),
        Funding(time=at(90_300), event_id="q", strategy="two", symbol="BTCUSDT", amount=Decimal("0.4")),
        quote("118", "120", seconds=90_400),
        quote(f"{125 + k}", f"{127 + k}", seconds=90_500),
        quote(f"{121 + k}", f"{123 + k}", seconds=90_600 + k),
    ]
    return sorted(made, key=lambda event: event.time)


# Numbers that are put into the snapshot, each once, so that a swap of two shows.


def returns(k: int, shift: float) -> ReturnFigures:
    return ReturnFigures(
        observations=60 * k + int(shift),
        total=90 * k,
        benchmark=f"B{k}",
        performance={"1h": Performance(k + shift, 2 * k + shift, 3 * k + shift, 4 * k + shift)},
        tails={("historical", "0.95"): Tail(0.01 * k + shift / 1000, 0.02 * k + shift / 1000)},
        horizon="1d",
        beta=0.5 * k + shift,
        beta_standard_error=0.25 * k + shift,
        alpha=0.125 * k + shift,
        backtests={("parametric", "0.99"): BacktestFigures(70 * k, 5 * k, 0.3 / k, 0.4 / k)},
        undefined={},
    )


def filled(taken: MonitorSnapshot, k: int) -> MonitorSnapshot:
    capacities = CapacityFigures(
        capital=1.0,
        capacity=9000.0 * k,
        used_ratio=0.3 * k,
        limits={Limit.EDGE: 12_000.0 * k, Limit.DEPTH: 9000.0 * k},
        binding_limit=Limit.DEPTH,
        binding_symbol="BTCUSDT",
        edge=None,
        days=1.0,
        impact_coefficient=1.0,
        calibrated_on=0,
        symbols=(),
        undefined={},
    )
    baseline = DegradationFigures(1.5 * k, 20.0 * k, 0.4 / k, 60.0 * k, 3600.0 * k)
    tier = Tier(
        name=f"TIER{k}",
        min_capital=Decimal(1),
        max_capital=None,
        max_daily_loss=Decimal(500 * k),
        max_positions=5 * k,
        position_risk_ratio=Decimal("0.01") * k,
        stop_loss_ratio=Decimal("0.03") * k,
        strategies=None,
        storage=("sqlite", "postgresql")[k - 1],
    )
    first, second = taken.strategies
    return replace(
        taken,
        strategies=(
            replace(
                first,
                statistics=returns(k, 1.0),
                capacity=capacities,
                degradation=baseline,
                configured=k == 1,
                tier_allowed=k == 2,
                last_event_timestamp=1000.0 * k,
                undefined={f"figure{k}": "why"},
                attribution=replace(first.attribution, folded_components=7 * k),
                execution=replace(first.execution, expected_slippage_ratio=Decimal("0.0004") * k),
            ),
            replace(
                second,
                statistics=None,
                capacity=None,
                degradation=None,
                tier_allowed=None,
                last_event_timestamp=None,
                undefined={},
            ),
        ),
        portfolio=replace(
            taken.portfolio,
            currency=f"CUR{k}",
            statistics=returns(k, 3.0),
            component_risk=ComponentFigures({("historical", "0.95"): {"one": 0.004 * k, "two": 0.006 * k}}, "1d", {}),
            tier=tier,
            daily_loss_used_ratio=0.12 * k,
            positions_used_ratio=0.2 * k,
            undefined={f"account{k}": "because"},
        ),
        correlation=CorrelationFigures(
            pairs=(CorrelationPair("one", "two", "pearson", 0.5 / k),),
            omitted_pairs=7 * k,
            undefined_pairs={"zero_variance": 3 * k},
            mean_correlation=-0.1 * k,
            diversification_ratio=1.5 * k,
            shrinkage=0.15 * k,
        ),
        mark_timestamps={"BTCUSDT": 500.0 * k},
        sources={"engine": SourceSnapshot(2 * k, {NumberOrder.NEXT: 11 * k, NumberOrder.AHEAD: 4 * k})},
        forgotten_sources=6 * k,
        reconciliations=(
            Reconciliation(
                scope="all",
                positions=1,
                cash=1,
                total_breaks=8 * k,
                breaks=(
                    difference(strategy="one", symbol="BTCUSDT", by=f"0.5{k}"),
                    difference(strategy="two", currency="USDT", by=f"20.1{k}"),
                ),
                timestamp=700.0 * k,
            ),
        ),
    )


def difference(*, strategy: str, by: str, symbol: str = "", currency: str = "") -> Break:
    zero = Decimal(0)
    return Break(strategy=strategy, symbol=symbol, currency=currency, books=zero, statement=Decimal(by), difference=Decimal(by))


def service(k: int, journal: Journal) -> Service:
    telemetry = Telemetry()
    kinds = {kind.kind: kind for kind in telemetry.kinds.values()}
    for _ in range(k):
        kinds["fill"].record(Outcome.ACCEPTED, 0.004 * k, 2.0 * k)
    kinds["fill"].late = 3 * k
    telemetry.unreadable = 5 * k
    telemetry.offsets.record("engine", 1.5 * k, 10.0)
    telemetry.requests["/api/v1/events", 200] = 9 * k
    telemetry.pending_events = 13 * k
    telemetry.journal_append.observe(0.02 * k)
    telemetry.journal_commit.observe(30 * k)
    telemetry.journal_errors = 17 * k
    return Service(telemetry, journal, [AlertThreshold("Loss", "warning", "one", 0.05 * k, "low")], 10.0)


def rotation(k: int) -> RotationSnapshot:
    weight = Decimal("0.2") * k
    decided = Decided(
        time=at(k),
        strategies={"one": DecidedStrategy(weight, 0.6 * k, (StrategyState.ACTIVE, StrategyState.PAUSED)[k - 1], k == 2)},
        rules={"one": {"drawdown": k == 1}},
        turnover_used_ratio=0.3 * k,
    )
    return RotationSnapshot(
        leading=k == 1,
        interval_seconds=10.0 * k,
        blocked=[f"reason{k}"],
        decisions={("lower", "drawdown"): 2 * k},
        deliveries={"confirmed": 4 * k},
        changed={("one", "lower", "drawdown"): at(20 * k)},
        lead=Lead(enforcing=k == 1, halted=k == 2, engine_weights={"one": weight / 2}, decided=decided),
    )


class JournalOf:
    """What is read of a journal."""

    def __init__(self, k: int) -> None:
        self.count, self.pending = 40 * k, 3 * k
        self.address = type("Address", (), {"backend": ("sqlite", "postgresql")[k - 1]})


async def scenario(k: int) -> Scenario:
    oracle = Oracle()
    configured = {"one": StrategySettings(capital=Decimal(6000))}
    async with Journal(":memory:") as journal:
        monitor = StrategyPerformanceMonitor(MonitorSettings(), rules(), journal, configured=configured)
        for event in events(k):
            assert (await monitor.handle(event)).outcome.value == oracle.handle(event) == "accepted", event
        snapshot = filled(monitor.snapshot(), k)
    folded = FoldedSnapshot(snapshot, 10, 10)
    folded.counts = {"strategy": k, "symbol": 2 * k}
    own: Any = JournalOf(k)
    tables = [table for group in GROUPS.values() for table in group.tables(folded)]
    tables += SERVICE.tables(service(k, own))
    tables += COLLECTOR.tables([GroupRun("trades", 0.25 * k, k == 1)])
    tables += ROTATION.tables(rotation(k))
    return Scenario(k, oracle, snapshot, {table.metric.name: samples(table) for table in tables})


def samples(table: Table) -> Samples:
    if table.metric.kind is Kind.HISTOGRAM:
        return {labels: (counts.counts, counts.sum) for labels, counts in table.histograms.items()}
    return {labels: float(value) for labels, value in table.samples.items()}


# What is expected: from the oracle's history ...

Expected = Callable[[Scenario], Mapping[Labels, Any]]


def kinds(money: Money) -> dict[str, Fraction | None]:
    fees = None if money.fees is None else -money.fees
    return {"realized": money.realized, "unrealized": money.unrealized, "fees": fees, "funding": money.funding}


def period_pnl(s: Scenario, name: str) -> dict[str, Fraction | None]:
    return {period: s.oracle.period_pnl(s.curve(name), period) for period in PERIODS}


Reading = Callable[[Scenario, str], Any]


def twins(name: str, read: Reading) -> dict[str, Expected]:
    """`read`: (scenario, strategy; empty for the account) → a number, or numbers by one more label."""

    def spread(labels: Labels, found: Any) -> dict[Labels, Any]:
        if isinstance(found, dict):
            return {(*labels, *((key,) if isinstance(key, str) else key)): value for key, value in found.items()}
        return {labels: found} if found is not None else {}

    return {
        f"genesis_strategy_{name}": lambda s: {k: v for one in NAMES for k, v in spread((one,), read(s, one)).items()},
        f"genesis_portfolio_{name}": lambda s: spread(ACCOUNT, read(s, "")),
    }


def ranks(read: Callable[[Any], Any]) -> Reading:
    def found(s: Scenario, name: str) -> dict[str, Any]:
        decline, _ = s.decline(name)
        episodes = {str(rank): episode for rank, episode in enumerate(decline.worst(5), start=1)}
        episodes |= dict(zip(["open"], decline.open_episode(), strict=False))  # there is none at the peak
        values = {rank: read(episode) for rank, episode in episodes.items()}
        return {rank: value for rank, value in values.items() if value is not None}

    return found


def recovery(episode: Any) -> float | None:
    return None if episode.recovered is None else (episode.recovered - episode.trough_time).total_seconds()


def held(s: Scenario) -> Iterable[tuple[Labels, Any, Fraction]]:
    for name in NAMES:
        for symbol in s.oracle.symbols(name):
            mark = s.oracle.mark(symbol)
            assert mark is not None
            yield (name, symbol), s.oracle.holding(name, symbol), mark


def exposure(s: Scenario) -> Mapping[Labels, Any]:
    found: dict[Labels, Any] = {(name, side): Fraction(0) for name in NAMES for side in ("long", "short")}
    for (name, _), holding, mark in held(s):
        found[name, "long" if holding.quantity > 0 else "short"] += abs(holding.quantity * mark)
    return found


def turnover(size: Callable[[Any], Fraction]) -> Expected:
    def found(s: Scenario) -> Mapping[Labels, Any]:
        added: dict[Labels, Any] = {}
        for name in NAMES:
            for one in s.oracle.all_fills(name):
                key = (name, one.symbol, one.side.value, one.liquidity.value)
                added[key] = added.get(key, 0) + size(one)
        return added

    return found


def trip_figure(figure: str) -> Expected:
    def found(s: Scenario) -> Mapping[Labels, Any]:
        values = {(name, window): trips.figures(s.oracle, name, window)[figure] for name in NAMES for window in WINDOWS}
        return {labels: value for labels, value in values.items() if value is not None}

    return found


def window_trades(s: Scenario) -> Mapping[Labels, Any]:
    spans = {"1h": timedelta(hours=1), "1d": timedelta(days=1), "all": timedelta.max}
    now = s.oracle.now
    assert now is not None
    return {
        (name, window): sum(now - trip.closed < span for trip in trips.trips(s.oracle, name))
        for name in NAMES
        for window, span in spans.items()
    }


def streaks(first: int) -> Expected:
    def found(s: Scenario) -> Mapping[Labels, Any]:
        runs = {name: trips.streaks(s.oracle, name) for name in NAMES}
        return {(name, result): runs[name][first + n] for name in NAMES for n, result in enumerate(("win", "loss"))}

    return found


def counted(bounds: Iterable[float], values: list[float]) -> tuple[tuple[int, ...], float]:
    return tuple(sum(value <= bound for value in values) for bound in (*bounds, float("inf"))), sum(values)


def slippage_sizes(s: Scenario) -> Mapping[Labels, Any]:
    found: Samples = {}
    for name in NAMES:
        sizes = s.oracle.slippages(name)
        found[name, "adverse"] = counted(SLIPPAGE_BOUNDS, [float(size) for size in sizes if size > 0])
        found[name, "favourable"] = counted(SLIPPAGE_BOUNDS, [float(-size) for size in sizes if size <= 0])
    return found


def delays(s: Scenario) -> Mapping[Labels, Any]:
    bounds = s.snapshot.strategies[0].fill_delay.bounds[:-1]
    return {(name,): counted(bounds, s.oracle.delays(name)) for name in NAMES}


def slippage(s: Scenario, symbols: Iterable[str] = ("",)) -> Mapping[Labels, Any]:
    """`symbols`: empty for all together."""
    found: Samples = {}
    for name in NAMES:
        for symbol in symbols:
            money, value = execution.slippage(s.oracle, name, symbol or None) or (None, None)
            if money is not None and value:
                found[(name, symbol) if symbol else (name,)] = money / value
    return found


def measured_fills(s: Scenario) -> Mapping[Labels, Any]:
    flags = {name: [execution.is_measured(one) for one in s.oracle.all_fills(name)] for name in NAMES}
    return {(name, told): flags[name].count(told == "yes") for name in NAMES for told in ("yes", "no")}


def measured_signals(s: Scenario) -> Mapping[Labels, Any]:
    ended = {name: [m.priced for m in execution.missed(s.oracle, name) if m.unfilled_at_end] for name in NAMES}
    return {(name, told): ended[name].count(told == "yes") for name in NAMES for told in ("yes", "no")}


def parts(s: Scenario) -> Mapping[Labels, Any]:
    return {(name, *part): value for name in NAMES for part, value in attribution.values(s.oracle, name).items()}


def period_parts(s: Scenario) -> Mapping[Labels, Any]:
    return {
        (name, *part, period): value
        for name in NAMES
        for period in PERIODS
        for part, value in attribution.period_values(s.oracle, name, period, s.oracle.zone).items()
    }


def causes(s: Scenario, name: str) -> dict[str, Fraction]:
    """Without a benchmark nothing is the market's; the five add up to the net."""
    if not name:
        each = [causes(s, one) for one in NAMES]
        return {cause: sum((one[cause] for one in each), Fraction(0)) for cause in each[0]}
    money, cost = s.money(name), attribution.slippage(s.oracle, name)
    assert money.net is not None
    assert money.fees is not None
    assert money.funding is not None
    assert cost is not None
    known = {"market": Fraction(0), "slippage": -cost, "fees": -money.fees, "funding": money.funding}
    return known | {"selection": money.net - sum(known.values())}


def recoveries(s: Scenario, name: str) -> list[float]:
    return s.decline(name)[0].recoveries


def events_by_outcome(s: Scenario) -> Mapping[Labels, Any]:
    found: Samples = {(kind, outcome): 0 for kind in KINDS for outcome in OUTCOMES}
    return found | {("fill", "accepted"): s.k, ("unknown", "rejected"): 5 * s.k}


# ... or worked out by hand: (with k = 1, with k = 2).


def hand(rows: Mapping[Labels, tuple[float, float]]) -> Expected:
    return lambda s: {labels: values[s.k - 1] for labels, values in rows.items()}


def info(first: Labels, second: Labels) -> Expected:
    return lambda s: {(first, second)[s.k - 1]: 1}


def hand_twins(name: str, more: Labels, strategy: tuple[float, float], account: tuple[float, float]) -> dict[str, Expected]:
    return {
        f"genesis_strategy_{name}": hand({("one", *more): strategy}),
        f"genesis_portfolio_{name}": hand({more: account}),
    }


def at_equity(name: str, strategy: tuple[float, float], account: tuple[float, float]) -> dict[str, Expected]:
    """Ratios in money."""

    def found(of: str, labels: Labels, ratios: tuple[float, float]) -> Expected:
        return lambda s: {(*labels, *TAIL): ratios[s.k - 1] * float(s.money(of).equity or 0)}

    return {
        f"genesis_strategy_{name}": found("one", ("one",), strategy),
        f"genesis_portfolio_{name}": found("", ACCOUNT, account),
    }


def per_kind(of_fill: Callable[[int], tuple[Any, Any]], kinds: Iterable[str]) -> Expected:
    """(what is expected of fills, of the other kinds)."""
    return lambda s: {(kind,): of_fill(s.k)[kind != "fill"] for kind in kinds}


TAIL, TEST = ("historical", "0.95", "1d"), ("parametric", "0.99")
BOOKED = ("signal", "signal_end", "fill", "funding", "capital_flow", "void")
KINDS = ("quote", "depth", "market_trade", *BOOKED)
OUTCOMES = ("accepted", "duplicate", "conflict", "rejected", "late")
PROCESSING = (5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 0.1, 1.0)
LAG = (1e-3, 5e-3, 1e-2, 5e-2, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0)
COMMIT = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500)
APPEND = (1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.5, 1.0)

ORACLES: dict[str, Expected] = {
    **twins("capital", lambda s, name: s.money(name).capital),
    **twins("equity", lambda s, name: s.money(name).equity),
    **twins("net_pnl", lambda s, name: s.money(name).net),
    **twins("pnl", lambda s, name: kinds(s.money(name))),
    **twins("period_pnl", period_pnl),
    **twins("cause_pnl", causes),
    **twins("drawdown_ratio", lambda s, name: s.decline(name)[0].ratio(s.decline(name)[1])),
    **twins("max_drawdown_ratio", lambda s, name: s.decline(name)[0].deepest),
    **twins("drawdown", lambda s, name: s.decline(name)[0].money(s.decline(name)[1])),
    **twins("under_water_seconds", lambda s, name: s.decline(name)[0].under_water(s.decline(name)[1], s.oracle.now or at(0))),
    **twins("last_recovery_seconds", lambda s, name: recoveries(s, name)[-1] if recoveries(s, name) else None),
    **twins("longest_recovery_seconds", lambda s, name: max(recoveries(s, name), default=None)),
    **twins("drawdown_episode_ratio", ranks(lambda episode: episode.ratio)),
    **twins("drawdown_episode_recovery_seconds", ranks(recovery)),
    **twins("drawdown_episode_start_timestamp_seconds", ranks(lambda episode: episode.peak_time.timestamp())),
    "genesis_strategy_attribution": parts,
    "genesis_strategy_period_attribution": period_parts,
    "genesis_strategy_attribution_residual": hand({("one",): (0, 0), ("two",): (0, 0)}),
    "genesis_strategy_components_folded_total": hand({("one",): (7, 14), ("two",): (0, 0)}),
    "genesis_strategy_position_quantity": lambda s: {key: holding.quantity for key, holding, _ in held(s)},
    "genesis_strategy_position_value": lambda s: {key: holding.quantity * mark for key, holding, mark in held(s)},
    "genesis_strategy_exposure": exposure,
    "genesis_strategy_fills_total": turnover(lambda _: Fraction(1)),
    "genesis_strategy_volume_total": turnover(lambda one: Fraction(one.quantity) * Fraction(one.price)),
    "genesis_strategy_voided_fills_total": lambda s: {(name,): s.oracle.voided_fills(name) for name in NAMES},
    "genesis_strategy_trades_total": lambda s: {
        (name, result): count for name in NAMES for result, count in s.oracle.trades_counted(name).items()
    },
    "genesis_strategy_window_trades": window_trades,
    "genesis_strategy_win_rate_ratio": trip_figure("win_rate"),
    "genesis_strategy_profit_factor_ratio": trip_figure("profit_factor"),
    "genesis_strategy_expectancy": trip_figure("expectancy"),
    "genesis_strategy_average_win": trip_figure("average_win"),
    "genesis_strategy_average_loss": trip_figure("average_loss"),
    "genesis_strategy_holding_seconds": trip_figure("holding_seconds"),
    "genesis_strategy_winner_holding_seconds": trip_figure("winner_holding_seconds"),
    "genesis_strategy_loser_holding_seconds": trip_figure("loser_holding_seconds"),
    "genesis_strategy_streak": streaks(0),
    "genesis_strategy_longest_streak": streaks(2),
    "genesis_strategy_slippage_ratio": slippage_sizes,
    "genesis_strategy_mean_slippage_ratio": slippage,
    "genesis_strategy_symbol_slippage_ratio": lambda s: slippage(s, SYMBOLS),
    "genesis_strategy_expected_slippage_ratio": hand({("one",): (0.0004, 0.0008)}),
    "genesis_strategy_fill_delay_seconds": delays,
    "genesis_strategy_shortfall": lambda s: {
        (name, part): money for name in NAMES for part, money in execution.shortfall(s.oracle, name).items()
    },
    "genesis_strategy_shortfall_fills_total": measured_fills,
    "genesis_strategy_shortfall_signals_total": measured_signals,
    "genesis_strategy_undefined_info": info(("one", "figure1", "why"), ("one", "figure2", "why")),
    "genesis_strategy_configured": hand({("one",): (1, 0), ("two",): (0, 0)}),
    "genesis_strategy_last_event_timestamp_seconds": hand({("one",): (1000, 2000)}),
    "genesis_portfolio_info": info(("CUR1",), ("CUR2",)),
    "genesis_portfolio_undefined_info": info(("account1", "because"), ("account2", "because")),
    "genesis_portfolio_daily_loss_used_ratio": hand({ACCOUNT: (0.12, 0.24)}),
    "genesis_portfolio_open_positions": lambda s: {ACCOUNT: sum(bool(holding.quantity) for _, holding, _ in held(s))},
    "genesis_tier_used_ratio": hand({("max_daily_loss",): (0.12, 0.24), ("max_positions",): (0.2, 0.4)}),
    "genesis_tier_info": info(("TIER1",), ("TIER2",)),
    "genesis_tier_storage_info": info(("sqlite",), ("postgresql",)),
    "genesis_tier_limit": hand(
        {
            ("max_daily_loss",): (500, 1000),
            ("max_positions",): (5, 10),
            ("stop_loss_ratio",): (0.03, 0.06),
            ("position_risk_ratio",): (0.01, 0.02),
        }
    ),
    "genesis_strategy_tier_allowed": hand({("one",): (0, 1)}),
    "genesis_series_folded": hand({("strategy",): (1, 2), ("symbol",): (2, 4)}),
    "genesis_strategy_info": info(("one", "B1"), ("one", "B2")),
    **hand_twins("observations", (), (61, 121), (63, 123)),
    **hand_twins("sharpe_ratio", ("1h",), (2, 3), (4, 5)),
    **hand_twins("sortino_ratio", ("1h",), (3, 5), (5, 7)),
    **hand_twins("calmar_ratio", ("1h",), (4, 7), (6, 9)),
    **hand_twins("volatility_ratio", ("1h",), (5, 9), (7, 11)),
    **hand_twins("value_at_risk_ratio", TAIL, (0.011, 0.021), (0.013, 0.023)),
    **hand_twins("expected_shortfall_ratio", TAIL, (0.021, 0.041), (0.023, 0.043)),
    **at_equity("value_at_risk", (0.011, 0.021), (0.013, 0.023)),
    **at_equity("expected_shortfall", (0.021, 0.041), (0.023, 0.043)),
    **hand_twins("var_forecasts_total", TEST, (70, 140), (70, 140)),
    **hand_twins("var_exceedances_total", TEST, (5, 10), (5, 10)),
    **hand_twins("var_kupiec_pvalue", TEST, (0.3, 0.15), (0.3, 0.15)),
    **hand_twins("var_independence_pvalue", TEST, (0.4, 0.2), (0.4, 0.2)),
    "genesis_portfolio_component_value_at_risk": lambda s: {
        ("one", *TAIL): 0.004 * s.k * float(s.money("").equity or 0),
        ("two", *TAIL): 0.006 * s.k * float(s.money("").equity or 0),
    },
    **hand_twins("beta", (), (1.5, 2), (3.5, 4)),
    **hand_twins("beta_standard_error", (), (1.25, 1.5), (3.25, 3.5)),
    **hand_twins("alpha_ratio", (), (1.125, 1.25), (3.125, 3.25)),
    "genesis_strategy_capacity": hand({("one",): (9000, 18_000)}),
    "genesis_strategy_capacity_used_ratio": hand({("one",): (0.3, 0.6)}),
    "genesis_strategy_capacity_limit": hand({("one", "edge"): (12_000, 24_000), ("one", "depth"): (9000, 18_000)}),
    "genesis_strategy_capacity_binding_info": info(("one", "BTCUSDT", "depth"), ("one", "BTCUSDT", "depth")),
    "genesis_strategy_correlation": hand({("one", "two", "pearson"): (0.5, 0.25)}),
    "genesis_portfolio_mean_correlation": hand({ACCOUNT: (-0.1, -0.2)}),
    "genesis_portfolio_diversification_ratio": hand({ACCOUNT: (1.5, 3)}),
    "genesis_portfolio_correlation_shrinkage_ratio": hand({ACCOUNT: (0.15, 0.3)}),
    "genesis_portfolio_correlation_pairs_omitted": hand({ACCOUNT: (7, 14)}),
    "genesis_portfolio_correlation_pairs_undefined": hand({("zero_variance",): (3, 6)}),
    "genesis_strategy_degradation_cusum": hand({("one",): (1.5, 3)}),
    "genesis_strategy_degradation_cusum_limit": hand({("one",): (20, 40)}),
    "genesis_strategy_probabilistic_sharpe_ratio": hand({("one",): (0.4, 0.2)}),
    "genesis_strategy_track_record_seconds": hand({("one",): (60, 120)}),
    "genesis_strategy_min_track_record_seconds": hand({("one",): (3600, 7200)}),
    "genesis_mark_timestamp_seconds": hand({("BTCUSDT",): (500, 1000)}),
    "genesis_source_missing_events": hand({("engine",): (2, 4)}),
    "genesis_source_numbered_events_total": hand({("engine", "next"): (11, 22), ("engine", "ahead"): (4, 8)}),
    "genesis_sources_forgotten_total": hand({ACCOUNT: (6, 12)}),
    "genesis_reconciliation_break": hand({("all", "one", "BTCUSDT"): (0.51, 0.52)}),
    "genesis_reconciliation_cash_break": hand({("all", "two", "USDT"): (20.11, 20.12)}),
    "genesis_reconciliation_open_breaks": hand({("all",): (8, 16)}),
    "genesis_reconciliation_timestamp_seconds": hand({("all",): (700, 1400)}),
    "genesis_events_total": events_by_outcome,
    "genesis_events_late_total": per_kind(lambda k: (3 * k, 0), BOOKED),
    "genesis_event_processing_seconds": per_kind(
        lambda k: (counted(PROCESSING, [0.004 * k] * k), counted(PROCESSING, [])), KINDS
    ),
    "genesis_event_lag_seconds": per_kind(lambda k: (counted(LAG, [2.0 * k] * k), counted(LAG, [])), KINDS),
    "genesis_source_clock_offset_seconds": hand({("engine",): (1.5, 3)}),
    "genesis_api_requests_total": hand({("/api/v1/events", "200"): (9, 18)}),
    "genesis_ingest_pending_events": hand({ACCOUNT: (13, 26)}),
    "genesis_journal_info": info(("sqlite",), ("postgresql",)),
    "genesis_journal_events": hand({ACCOUNT: (40, 80)}),
    "genesis_journal_pending_events": hand({ACCOUNT: (3, 6)}),
    "genesis_journal_append_seconds": lambda s: {ACCOUNT: counted(APPEND, [0.02 * s.k])},
    "genesis_journal_commit_events": lambda s: {ACCOUNT: counted(COMMIT, [30 * s.k])},
    "genesis_journal_commit_errors_total": hand({ACCOUNT: (17, 34)}),
    "genesis_alert_threshold": hand({("Loss", "warning", "one", "low"): (0.05, 0.1)}),
    "genesis_build_info": info((__version__,), (__version__,)),
    "genesis_collector_duration_seconds": hand({("trades",): (0.25, 0.5)}),
    "genesis_collector_success": hand({("trades",): (1, 0)}),
    "genesis_rotation_leading": hand({ACCOUNT: (1, 0)}),
    "genesis_rotation_interval_seconds": hand({ACCOUNT: (10, 20)}),
    "genesis_rotation_blocked_info": info(("reason1",), ("reason2",)),
    "genesis_rotation_decisions_total": hand({("lower", "drawdown"): (2, 4)}),
    "genesis_rotation_deliveries_total": hand({("confirmed",): (4, 8)}),
    "genesis_rotation_step_timestamp_seconds": hand({("one", "lower", "drawdown"): (NOON + 20, NOON + 40)}),
    "genesis_rotation_enforcing": hand({ACCOUNT: (1, 0)}),
    "genesis_rotation_halted": hand({ACCOUNT: (0, 1)}),
    "genesis_rotation_engine_weight_ratio": hand({("one",): (0.1, 0.2)}),
    "genesis_rotation_last_decision_timestamp_seconds": hand({ACCOUNT: (NOON + 1, NOON + 2)}),
    "genesis_rotation_target_weight_ratio": hand({("one",): (0.2, 0.4)}),
    "genesis_rotation_score": hand({("one",): (0.6, 1.2)}),
    "genesis_rotation_state": hand(
        {("one", "active"): (1, 0), ("one", "paused"): (0, 1), ("one", "reduced"): (0, 0), ("one", "stopped"): (0, 0)}
    ),
    "genesis_rotation_pinned": hand({("one",): (0, 1)}),
    "genesis_rotation_rule_holds": hand({("one", "drawdown"): (1, 0)}),
    "genesis_rotation_turnover_used_ratio": hand({ACCOUNT: (0.3, 0.6)}),
}

CONSTANT = {
    "genesis_strategy_attribution_residual": "0 by definition: the parts add up to the net",
    "genesis_strategy_capacity_binding_info": "1 by definition, and both scenarios are bound by the same limit",
    "genesis_build_info": "1 by definition, of one version",
}
MAY_LEAVE_OUT_NOTHING = {"genesis_strategy_attribution", "genesis_strategy_period_attribution"}
"""A part that came to 0 may be exposed or not."""


@pytest.fixture(scope="module")
def scenarios() -> tuple[Scenario, Scenario]:
    return asyncio.run(scenario(1)), asyncio.run(scenario(2))


def agrees(got: Any, expected: Any) -> bool:
    if isinstance(expected, tuple):
        return bool(got[0] == expected[0] and got[1] == pytest.approx(expected[1]))
    return bool(got == pytest.approx(float(expected), rel=1e-12, abs=1e-12))


def test_every_metric_of_the_catalogue_has_an_entry_and_no_other() -> None:
    assert {metric.name for metric in CATALOG} == ORACLES.keys()


def test_every_metric_is_what_its_oracle_says(scenarios: tuple[Scenario, Scenario]) -> None:
    wrong = []
    for one in scenarios:
        for name, oracle in ORACLES.items():
            got, expected = one.exposed[name], oracle(one)
            if name in MAY_LEAVE_OUT_NOTHING:
                got = {labels: value for labels, value in got.items() if value}
                expected = {labels: value for labels, value in expected.items() if value}
            assert expected, f"{name}: nothing is expected of it"
            if got.keys() != expected.keys() or not all(agrees(got[labels], expected[labels]) for labels in got):
                wrong.append(f"{name}, k={one.k}: {got} instead of {expected}")
    assert not wrong, "\n".join(wrong)


def test_no_metric_is_the_same_in_both_scenarios(scenarios: tuple[Scenario, Scenario]) -> None:
    first, second = (one.exposed for one in scenarios)
    same = {name for name in ORACLES if first[name] == second[name]}
    assert same == CONSTANT.keys()
