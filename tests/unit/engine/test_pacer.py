from __future__ import annotations

import asyncio
import math

import pytest

from genesis.engine.pacer import Pacer
from tests.unit.engine.market_data import HandClock, at


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> HandClock:
    clock = HandClock()
    monkeypatch.setattr(asyncio, "sleep", clock.sleep)
    return clock


async def test_an_event_waits_for_its_distance_from_the_first_divided_by_the_speed(clock: HandClock) -> None:
    pacer = Pacer(clock, speed=4, duration=None)
    pacer.start(at(0))
    assert await pacer.reach(at(10))
    assert clock.seconds == 2.5


async def test_work_between_events_does_not_add_up_to_a_drift(clock: HandClock) -> None:
    pacer = Pacer(clock, speed=1, duration=None)
    pacer.start(at(0))
    for second in range(1, 11):
        clock.seconds += 0.3
        assert await pacer.reach(at(second))
    assert clock.seconds == pytest.approx(10)


async def test_an_engine_that_is_behind_does_not_wait_and_lets_others_run(
    clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    pacer = Pacer(clock, speed=math.inf, duration=None)
    pacer.start(at(0))
    for second in range(100):
        clock.seconds += 0.001
        assert await pacer.reach(at(second))
    assert 5 <= len(slept) <= 20
    assert set(slept) == {0}


async def test_a_duration_ends_when_it_is_over_not_at_the_next_event(clock: HandClock) -> None:
    pacer = Pacer(clock, speed=1, duration=5)
    pacer.start(at(0))
    assert await pacer.reach(at(4))
    assert not await pacer.reach(at(3600))
    assert clock.seconds == 5


async def test_a_duration_also_ends_an_engine_that_is_behind(clock: HandClock) -> None:
    pacer = Pacer(clock, speed=1, duration=5)
    pacer.start(at(0))
    clock.seconds = 5.5
    assert not await pacer.reach(at(1))


@pytest.mark.parametrize(("speed", "duration"), [(0, None), (-1, None), (math.nan, None), (1, 0), (1, -2), (1, math.nan)])
def test_a_speed_or_duration_that_is_not_above_zero_is_refused(speed: float, duration: float | None) -> None:
    with pytest.raises(ValueError, match="is not above 0"):
        Pacer(HandClock(), speed, duration)
