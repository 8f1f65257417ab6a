"""Rotation simulated on a real Prometheus: on samples made for it, on a journal of the paper engine, on seeds of the market."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from math import inf, nan
from pathlib import Path

import pytest

from genesis.clients.prometheus import Prometheus
from genesis.configuration import Settings, load_settings
from genesis.core.clock import SystemClock
from genesis.core.errors import GenesisError, ServerError
from genesis.database.address import address
from genesis.engine.engine import TradingEngine
from genesis.engine.market import SimulatedMarket
from genesis.engine.paper import strategies_for
from genesis.ledger.journal import Journal
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.rotation import RotationSettings
from genesis.simulate import simulate
from genesis.simulate.backfill import prometheus_on
from genesis.simulate.market import BEGIN, plan
from genesis.simulate.past import Period, moments
from genesis.simulate.recorder import EventClock

CONFIG = Path(__file__).parents[2] / "config"
START = 1_735_689_600.0
STEP = 30
STRANGE = 'a "b"\\c\n{d}, é=~"x"'


Rows = list[tuple[float, float | None, float]]


def settings(**rotation: object) -> Settings:
    """The configuration, with signals that are written by hand here."""
    loaded = load_settings(CONFIG)
    document = loaded.rotation.model_dump() | {
        "signals": {"quality": "quality", "drawdown": "drawdown"},
        "correlation": None,
        "score": [{"signal": "quality", "weight": 1}],
        "rules": {"drawdown": {"signal": "drawdown", "action": "pause", "at_least": 0.1, "until": 0.05}},
    }
    return loaded._replace(rotation=RotationSettings.model_validate(document | rotation))


def quoted(name: str) -> str:
    return name.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def written(file: Path, steps: int, strategies: dict[str, Rows]) -> None:
    """Samples of `steps` steps: strategy → (net P&L, quality, drawdown) a step; a shorter list begins later."""
    lines = []
    for number in range(steps):
        at = f"{START + number * STEP:.3f}"
        lines.append(f"genesis_portfolio_equity 60000 {at}")
        lines.append(f"genesis_portfolio_daily_loss_used_ratio 0 {at}")
        for name, rows in strategies.items():
            index = number - (steps - len(rows))
            if index < 0:
                continue
            pnl, quality, drawdown = rows[index]
            labels = f'{{strategy="{quoted(name)}"}}'
            lines.append(f"genesis_strategy_configured{labels} 1 {at}")
            lines.append(f"genesis_strategy_capital{labels} 5000 {at}")
            lines.append(f"genesis_strategy_net_pnl{labels} {pnl} {at}")
            lines.append(f"drawdown{labels} {drawdown} {at}")
            if quality is not None:
                lines.append(f"quality{labels} {quality} {at}")
    file.write_text("\n".join([*lines, "# EOF", ""]))


async def simulated(tmp_path: Path, chosen: Settings, steps: int) -> str:
    async with prometheus_on(tmp_path / "samples.om", tmp_path / "prometheus", os.environ) as url:
        period = Period(START, STEP, steps)
        return "\n".join(await simulate.from_prometheus(url, chosen, period, changes=1000))


async def test_the_past_of_a_prometheus_is_put_through_the_policy(tmp_path: Path) -> None:
    steps, falls = 60, 20
    bad: Rows = [(0.0, 1.0, 0.0)] * falls
    bad += [(-100.0 * (n + 1), 1.0, 0.12) for n in range(steps - falls)]
    steady: Rows = [(10.0 * n, 1.0, 0.0) for n in range(steps)]
    written(tmp_path / "samples.om", steps, {"bad": bad, STRANGE: steady, "late": steady[:30]})
    told = await simulated(tmp_path, settings(), steps)
    assert "60 decisions, one each 30s" in told
    (pause,) = (line for line in told.splitlines() if " pause " in line)
    assert "00:10:00" in pause
    assert "bad" in pause
    assert "drawdown" in pause
    shown = STRANGE.replace("\n", "\\n")
    assert any(line.startswith(f"  {shown[:29]}") or shown in line for line in told.splitlines())
    (plain,) = (line for line in told.splitlines() if line.startswith("  no rotation "))
    assert "-3,120.00" in plain  # −4,000 of bad; 590 of the steady one, 290 of the late one
    assert "rotation against no rotation: +" in told


async def test_a_gap_and_what_is_not_a_number_block_and_are_counted(tmp_path: Path) -> None:
    rows: Rows = [(float(n), 1.0 + n, 0.0) for n in range(40)]
    holed: Rows = [(pnl, None if 10 <= n < 30 else quality, x) for n, (pnl, quality, x) in enumerate(rows)]
    holed[35] = (35.0, nan, 0.0)
    written(tmp_path / "samples.om", 40, {"a": rows, "b": holed})
    told = await simulated(tmp_path, settings(), 40)
    # Ten minutes, over the first five of which Prometheus looks back; and one step that is not a number.
    assert re.search(r"Blocked: 1[12] of 40 steps", told)
    assert re.search(r"partial +1[12] ", told)


async def test_a_time_of_which_nothing_is_known_is_said_to_be_so(tmp_path: Path) -> None:
    written(tmp_path / "samples.om", 3, {"a": [(0.0, 1.0, 0.0)] * 3})
    async with prometheus_on(tmp_path / "samples.om", tmp_path / "prometheus", os.environ) as url:
        with pytest.raises(GenesisError, match="has no strategy at any of the 11 steps"):
            await simulate.from_prometheus(url, settings(), Period(START - 10_000, STEP, 11), changes=0)
        wrong = settings(signals={"quality": "quality +", "drawdown": "drawdown"})
        with pytest.raises(ServerError, match=r"signals\.quality: quality \+: .*parse error"):
            await simulate.from_prometheus(url, wrong, Period(START, STEP, 3), changes=0)


async def test_a_range_that_prometheus_would_refuse_is_asked_for_in_parts(tmp_path: Path) -> None:
    written(tmp_path / "samples.om", 3, {"a": [(0.0, 1.0, 0.0)] * 3})
    period = Period(START, 0.005, 12_001)
    async with (
        prometheus_on(tmp_path / "samples.om", tmp_path / "prometheus", os.environ) as url,
        Prometheus(url, timeout=60) as prometheus,
    ):
        with pytest.raises(ServerError, match="exceeded maximum resolution"):
            await prometheus.query_range("quality", period.start, period.end, period.step)
        loaded = settings()
        found = [moment async for moment in moments(prometheus, loaded.rotation, loaded.rules, period)]
    assert len(found) == period.steps
    assert all(moment.observation.strategies["a"].signals for moment in found)


async def test_a_journal_of_the_paper_engine_has_the_strategies_own_p_and_l(tmp_path: Path) -> None:
    loaded = load_settings(CONFIG)
    market = SimulatedMarket(BEGIN, 1, seconds=240.5)
    accounts = strategies_for(loaded.strategies, market.instruments, 60.0)
    engine = TradingEngine(market, accounts, clock=SystemClock(), run_id="run", seed=1, speed=inf)
    async with Journal(tmp_path / "journal.db") as journal:
        clock = EventClock(BEGIN.timestamp())
        monitor = StrategyPerformanceMonitor(
            _of_any_time(loaded).monitor, loaded.rules, journal, clock, configured=loaded.strategies.strategies
        )
        await monitor.restore()
        engine.subscribe(monitor.handle)
        await engine.run()
        expected = {strategy.name: strategy.account for strategy in monitor.snapshot().strategies}
    told = await simulate.from_journal(
        address(tmp_path / "journal.db"), loaded, timedelta(seconds=10), changes=10, clock=SystemClock(), scratch=tmp_path
    )
    assert "the journal stores no quotes" in " ".join(" ".join(told).split())
    for name, account in expected.items():
        (row,) = (line for line in told if line.startswith(f"  {name} ") and "%" not in line and ":" not in line)
        open_ones = 10.0  # are marked at the last price that was noted
        assert float(row.split()[-1].replace(",", "")) == pytest.approx(float(account.net_pnl or 0), abs=open_ones)
    assert (expected["statistical_arb"].net_pnl or 0) < -100


def test_seeds_come_to_the_same_where_the_market_is_run_again_and_where_it_was_kept(tmp_path: Path) -> None:
    plans, kept = [plan(seed, 1) for seed in (1, 2)], tmp_path / "kept"
    loaded = load_settings(CONFIG)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    told = [
        list(simulate.on_seeds(plans, loaded, pace=12, command="x", scratch=scratch, kept=place))
        for place in (kept, kept, None)
    ]
    assert told[0] == told[1] == told[2]
    assert len(list(kept.iterdir())) == 1
    assert list(scratch.iterdir()) == []
    text = "\n".join(told[0])
    assert "2 runs (seeds 1 to 2) of 1 minutes, a decision each 5 s" in text
    for part in ("no rotation, fully invested", "equal weight ", "Strategies while they worked", "had half of its weight"):
        assert part in text


def _of_any_time(loaded: Settings) -> Settings:
    events = loaded.monitor.events.model_copy(update={"max_future_seconds": None})
    return loaded._replace(monitor=loaded.monitor.model_copy(update={"events": events}))
