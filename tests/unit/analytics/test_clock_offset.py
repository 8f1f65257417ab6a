"""How far a source's clock seems to be from ours."""

from __future__ import annotations

from genesis.analytics.clock_offset import MAX_SOURCES, WINDOW_SECONDS, ClockOffsets


def offsets(*events: tuple[float, float]) -> ClockOffsets:
    """One source's events: (offset, monotonic time)."""
    made = ClockOffsets()
    for offset, now in events:
        made.record("feed", offset, now)
    return made


def test_the_event_that_came_soonest_tells_the_offset() -> None:
    assert offsets((1.1, 0), (1.26, 5), (0.4, 9)).values(10) == {"feed": 1.26}
    assert offsets((-0.5, 0), (-0.02, 5), (-3, 9)).values(10) == {"feed": -0.02}


def test_an_old_offset_is_forgotten_after_two_windows_at_most() -> None:
    made = offsets((5, 0), (1, WINDOW_SECONDS + 1))
    assert made.values(WINDOW_SECONDS + 2) == {"feed": 5}
    assert made.values(2 * WINDOW_SECONDS + 2) == {"feed": 1}
    made.record("feed", 0.5, 2 * WINDOW_SECONDS + 3)
    assert made.values(2 * WINDOW_SECONDS + 4) == {"feed": 1}


def test_a_source_that_fell_silent_is_left_out_and_begins_anew() -> None:
    made = offsets((5, 0))
    assert made.values(2 * WINDOW_SECONDS) == {}
    made.record("feed", 1, 3 * WINDOW_SECONDS)
    assert made.values(3 * WINDOW_SECONDS) == {"feed": 1}


def test_only_as_many_sources_as_fit_and_a_silent_one_makes_room() -> None:
    made = ClockOffsets()
    for number in range(MAX_SOURCES + 5):
        made.record(f"s{number}", 1, 0)
    assert len(made.values(1)) == MAX_SOURCES
    made.record("new", 2, 3 * WINDOW_SECONDS)
    assert made.values(3 * WINDOW_SECONDS) == {"new": 2}
