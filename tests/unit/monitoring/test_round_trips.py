"""Round trips of a strategy over windows of event time, as the monitor tells them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from genesis.core.models import Side, Void
from genesis.ledger import trips
from genesis.ledger.journal import Journal
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.monitor import MonitorSettings
from genesis.snapshot import TripFigures
from tests.unit.monitoring.account import at, capital, fill, monitor, rules, strategy

HOUR = 3600.0


async def round_trip(made: StrategyPerformanceMonitor, name: str, seconds: float, held: float, gain: int) -> None:
    """Bought at 100 and sold so many seconds later."""
    await made.handle(fill(Side.BUY, "1", "100", seconds=seconds, event_id=f"{name} in"))
    await made.handle(fill(Side.SELL, "1", str(100 + gain), seconds=seconds + held, event_id=f"{name} out"))


def window(made: StrategyPerformanceMonitor, name: str) -> TripFigures:
    found = strategy(made).trades.windows[name]
    assert found is not None
    return found


async def test_each_window_has_the_trips_that_closed_in_it() -> None:
    async with monitor() as m:
        await round_trip(m, "old", 0, 60, 12)
        await round_trip(m, "won", 2 * HOUR, 30, 6)
        await round_trip(m, "lost", 2 * HOUR + 100, 10, -4)
        hour, whole = window(m, "1h"), window(m, "all")
        assert (hour.wins, hour.losses, hour.win_rate, hour.profit_factor, hour.expectancy) == (1, 1, 0.5, 1.5, 1)
        assert (hour.average_win, hour.average_loss) == (6, 4)
        assert (hour.holding_seconds, hour.winner_holding_seconds, hour.loser_holding_seconds) == (20, 30, 10)
        assert window(m, "1d") == whole
        assert (whole.wins, whole.average_win, whole.holding_seconds) == (2, 9, pytest.approx(100 / 3))
        await m.handle(capital("1", seconds=4 * HOUR))
        assert (window(m, "1h").win_rate, window(m, "1h").wins) == (None, 0)


async def test_a_figure_that_one_window_lacks_has_its_reason_under_that_window() -> None:
    async with monitor() as m:
        await round_trip(m, "old", 0, 60, -12)
        await round_trip(m, "won", 2 * HOUR, 30, 6)
        undefined = strategy(m).undefined
        assert (undefined["profit_factor_1h"], undefined["average_loss_1h"]) == ("no_losses", "no_losses")
        assert undefined["loser_holding_seconds_1h"] == "no_losses"
        assert not {"profit_factor", "profit_factor_1d", "win_rate_1h", "average_win"} & undefined.keys()
        await m.handle(capital("1", seconds=4 * HOUR))
        assert strategy(m).undefined["holding_seconds_1h"] == "no_round_trips"


async def test_every_figure_of_a_window_that_is_unknown_has_a_reason() -> None:
    """Nothing yet, only a win, only a loss, only a trip that broke even."""
    for gains in ((), (6,), (-4,), (0,)):
        async with monitor() as m:
            await m.handle(capital("100"))
            for gain in gains:
                await round_trip(m, "one", 10, 60, gain)
            figures = dataclasses.asdict(window(m, "all"))
            missing = {name for name, figure in figures.items() if figure is None}
            assert missing == {name for name in figures if name in strategy(m).undefined}, gains


async def test_a_void_takes_its_trips_out_of_windows_and_streaks() -> None:
    async with monitor() as m:
        await round_trip(m, "first", 0, 60, 12)
        await round_trip(m, "second", 100, 60, 6)
        assert strategy(m).trades.streaks.longest_wins == 2
        await m.handle(Void(time=at(200), event_id="v", strategy="alpha", voids="second out"))
        assert (window(m, "1h").wins, window(m, "all").wins) == (1, 1)
        assert strategy(m).trades.streaks.longest_wins == 1
        assert strategy(m).trades.counted.wins == 2


async def test_too_many_trips_leave_a_window_out_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trips, "MOST_TRIPS", 2)
    async with monitor() as m:
        for number in range(4):
            await round_trip(m, str(number), 100 * number, 60, 1)
        assert strategy(m).trades.windows["1h"] is strategy(m).trades.windows["1d"] is None
        assert window(m, "all").wins == strategy(m).trades.streaks.wins == 4
        assert strategy(m).undefined["win_rate_1h"] == strategy(m).undefined["holding_seconds_1d"] == "too_many_trips"


async def test_windows_and_streaks_are_known_after_a_restart_and_after_a_replay(tmp_path: Path) -> None:
    for saved in (True, False):
        path = tmp_path / f"{saved}.db"
        async with monitor(path) as before:
            await round_trip(before, "old", 0, 60, 12)
            await round_trip(before, "won", 2 * HOUR, 30, 6)
            expected = strategy(before).trades
            if saved:
                await before.save_snapshot()
        async with Journal(path) as journal:
            after = StrategyPerformanceMonitor(MonitorSettings(), rules(), journal)
            await after.restore()
            assert strategy(after).trades == expected
