"""Round trips over windows of event time, streaks, and what is forgotten; against a plain count at each step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.core.money import exact_arithmetic
from genesis.ledger import trips
from genesis.ledger.trips import RoundTrip, Streaks, TripLog, TripLogState, TripTally
from tests.search import examples

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WINDOWS = {"1h": HOUR, "1d": DAY}


@pytest.fixture(autouse=True)
def _exact() -> Iterator[None]:
    with exact_arithmetic():
        yield


def trip(closed: float, pnl: str | None, symbol: str = "BTC", held: float = 60) -> RoundTrip:
    """One that closed so many seconds after the start."""
    end = START + timedelta(seconds=closed)
    return RoundTrip(symbol, end - timedelta(seconds=held), end, None if pnl is None else Decimal(pnl))


def logged(*found: RoundTrip) -> TripLog:
    log = TripLog(WINDOWS)
    for one in found:
        log.add(one, one.closed)
    return log


def tallied(found: Sequence[RoundTrip]) -> dict[str, TripTally]:
    tallies: dict[str, TripTally] = {}
    for one in found:
        tallies.setdefault(one.symbol, TripTally()).add(one)
    return tallies


def told(log: TripLog, window: str, now: datetime) -> dict[str, TripTally] | None:
    """Without the symbols that have nothing in the window any more."""
    tallies = log.tallies(window, now)
    return None if tallies is None else {symbol: one for symbol, one in tallies.items() if any(one.counts)}


def streaks(found: Sequence[RoundTrip]) -> Streaks:
    """Read off the signs, written side by side."""
    signs = "".join("e" if not one.pnl else "w" if one.pnl > 0 else "l" for one in found)

    def pure(letter: str) -> list[str]:
        return "".join(sign if sign == letter else " " for sign in signs).split(" ")

    return Streaks(
        wins=len(pure("w")[-1]),
        losses=len(pure("l")[-1]),
        longest_wins=max(map(len, pure("w"))),
        longest_losses=max(map(len, pure("l"))),
    )


def test_a_tally_has_counts_sums_and_holding_times_by_result() -> None:
    tally = TripTally()
    for one in (trip(100, "5", held=10), trip(200, "-3", held=20), trip(300, "0", held=40), trip(400, None, held=80)):
        tally.add(one)
    assert tally.counts == (1, 1, 1, 1)
    assert (tally.gross_profit, tally.gross_loss) == (5, 3)
    assert (tally.held, tally.held_wins, tally.held_losses) == (150_000_000, 10_000_000, 20_000_000)


def test_a_trip_that_a_late_fill_closed_before_it_opened_was_not_held() -> None:
    assert trip(100, "1", held=-5).held == 0


def test_a_window_is_half_open_a_trip_of_exactly_its_length_ago_is_out() -> None:
    log = logged(trip(0, "1"), trip(1, "2"))
    assert told(log, "1h", START + HOUR) == tallied([trip(1, "2")])
    assert told(log, "1d", START + HOUR) == tallied([trip(0, "1"), trip(1, "2")])
    assert told(log, "1h", START + timedelta(seconds=3601)) == {}


def test_streaks_end_with_any_other_result() -> None:
    results = ["1", "1", "-1", "-1", "-1", "1", "0", "1", "1", None, "1"]
    log = logged(*(trip(number, pnl) for number, pnl in enumerate(results)))
    assert log.streaks == Streaks(wins=1, losses=0, longest_wins=2, longest_losses=3)
    log.add(trip(20, "-2"), START)
    assert (log.streaks.wins, log.streaks.losses) == (0, 1)


def test_a_trip_that_closed_before_one_that_is_known_takes_its_place_in_the_row() -> None:
    log = logged(trip(1, "1"), trip(3, "1"))
    log.add(trip(2, "-1"), START + timedelta(seconds=3))
    assert log.streaks == Streaks(wins=1, losses=0, longest_wins=1, longest_losses=1)
    assert [one.closed.second for one in log.state().trips] == [1, 2, 3]


def test_the_trips_of_a_symbol_are_replaced_and_everything_follows() -> None:
    log = logged(trip(1, "1"), trip(2, "5", "ETH"), trip(3, "1"), trip(4, "-7"))
    log.replace("BTC", [trip(1, "-2"), trip(3, "4")])
    assert told(log, "1h", START + HOUR / 2) == tallied([trip(1, "-2"), trip(2, "5", "ETH"), trip(3, "4")])
    assert log.streaks == Streaks(wins=2, losses=0, longest_wins=2, longest_losses=1)


def test_with_too_many_trips_a_window_that_misses_some_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trips, "MOST_TRIPS", 3)
    log = logged(*(trip(600 * number, "1") for number in range(5)))
    now = START + timedelta(seconds=2400)
    assert log.tallies("1d", now) is None
    assert log.tallies("1h", now) is None
    assert log.streaks.wins == log.streaks.longest_wins == 5
    later = START + timedelta(seconds=600) + HOUR  # the last of the forgotten ones is out of the window now
    assert told(log, "1h", later) == tallied([trip(1200, "1"), trip(1800, "1"), trip(2400, "1")])


def test_a_longer_window_than_before_a_restart_is_not_told_until_it_is_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trips, "_FORGET_AT_ONCE", 1)
    short = TripLog({"1h": HOUR})
    for one in (trip(0, "1"), trip(10, "1"), trip(5000, "1")):
        short.add(one, one.closed)
    log = TripLog(WINDOWS)
    log.restore(short.state())
    assert log.tallies("1d", START + timedelta(seconds=5000)) is None
    assert told(log, "1h", START + timedelta(seconds=5000)) == tallied([trip(5000, "1")])
    assert told(log, "1d", START + DAY + timedelta(seconds=10)) == tallied([trip(5000, "1")])


TRIPS = st.builds(
    trip,
    st.integers(0, 200_000),
    st.sampled_from(["1", "-1", "0", None, "2.5", "-0.000000000000000001"]),
    st.sampled_from(["BTC", "ETH"]),
    st.integers(-10, 5000),
)


@settings(max_examples=examples(150))
@given(st.lists(TRIPS, max_size=30), st.booleans(), st.data())
def test_at_any_step_windows_and_streaks_are_those_of_a_plain_count(
    found: list[RoundTrip], late: bool, data: st.DataObject
) -> None:
    log, seen, now = TripLog(WINDOWS), list[RoundTrip](), START
    for one in found if late else sorted(found, key=lambda one: one.closed):
        now = max(now, one.closed)
        log.add(one, now)
        seen.append(one)
        if data.draw(st.booleans()):
            restored = TripLog(WINDOWS)
            restored.restore(msgspec.json.decode(msgspec.json.encode(log.state()), type=TripLogState))
            log = restored
        rows = sorted(seen, key=lambda trip: (trip.closed, trip.symbol))
        assert log.streaks == streaks(rows)
        for window, span in WINDOWS.items():
            assert told(log, window, now) == tallied([trip for trip in rows if trip.closed > now - span])


def test_what_no_window_has_is_forgotten_and_stays_in_the_streaks() -> None:
    log = TripLog(WINDOWS)
    for number in range(1000):
        closed = trip(number * 3600, "1" if number % 5 else "-1")
        log.add(closed, closed.closed)
        assert told(log, "1d", closed.closed) is not None
    assert len(log.state().trips) < 200
    assert log.streaks == Streaks(wins=4, losses=0, longest_wins=4, longest_losses=1)
