"""Which of a source's numbered events have come: against a plain set of all numbers, and within bounds."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from genesis.ledger import source_gaps
from genesis.ledger.source_gaps import MAX_GAPS, MAX_SOURCES, Gap, NumberOrder, Sequences, SourceSequence


def observed(*numbers: int) -> tuple[SourceSequence, list[NumberOrder]]:
    known = Sequences()
    orders = [known.observe("engine", number) for number in numbers]
    return known.sources["engine"], orders


def test_numbers_without_a_gap_miss_nothing() -> None:
    found, orders = observed(7, 8, 9)
    assert orders == [NumberOrder.NEXT] * 3
    assert (found.highest, found.missing, found.gaps) == (9, 0, [])


def test_a_jump_leaves_the_numbers_between_missing_until_they_come() -> None:
    found, orders = observed(0, 4, 2, 1, 3)
    assert orders == [NumberOrder.NEXT, NumberOrder.AHEAD, NumberOrder.FILLER, NumberOrder.FILLER, NumberOrder.FILLER]
    assert found.missing == 0
    assert observed(0, 4)[0].missing == 3
    assert observed(0, 4, 2)[0].gaps == [Gap(1, 1), Gap(3, 3)]


def test_a_number_that_came_before_is_repeated_and_changes_nothing_else() -> None:
    found, orders = observed(5, 9, 9, 5, 7, 7, 1)
    assert orders[2:] == [
        NumberOrder.REPEATED,
        NumberOrder.REPEATED,
        NumberOrder.FILLER,
        NumberOrder.REPEATED,
        NumberOrder.REPEATED,
    ]
    assert found.missing == 2
    assert found.counts == {NumberOrder.NEXT: 1, NumberOrder.AHEAD: 1, NumberOrder.FILLER: 1, NumberOrder.REPEATED: 4}


@given(st.lists(st.integers(0, 30), min_size=1, max_size=60))
def test_it_is_what_a_set_of_all_numbers_says(numbers: list[int]) -> None:
    found, orders = observed(*numbers)
    seen = {numbers[0]}
    missing: set[int] = set()
    highest = numbers[0]
    expected = [NumberOrder.NEXT]
    for number in numbers[1:]:
        if number > highest:
            expected.append(NumberOrder.NEXT if number == highest + 1 else NumberOrder.AHEAD)
            missing |= set(range(highest + 1, number))
            highest = number
        else:
            expected.append(NumberOrder.FILLER if number in missing else NumberOrder.REPEATED)
        missing.discard(number)
        seen.add(number)
    assert orders == expected
    assert found.missing == len(missing)
    assert {n for gap in found.gaps for n in range(gap.first, gap.last + 1)} == missing
    assert found.gaps == sorted(found.gaps, key=lambda gap: gap.first)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 12)), max_size=60), st.integers(0, 60))
def test_a_restart_at_any_point_changes_nothing(events: list[tuple[str, int]], stop: int) -> None:
    whole, restarted = Sequences(), Sequences()
    for position, (source, seq) in enumerate(events):
        if position == stop:
            restarted = msgspec.json.decode(msgspec.json.encode(restarted), type=Sequences)
        assert whole.observe(source, seq) is restarted.observe(source, seq)
    assert msgspec.json.encode(whole) == msgspec.json.encode(restarted)


def test_a_gap_of_any_size_takes_no_memory() -> None:
    found, _ = observed(0, 2**53 - 1, 2**52)
    assert found.missing == 2**53 - 3
    assert len(found.gaps) == 2


def test_more_gaps_than_are_kept_still_count_as_missing() -> None:
    found, _ = observed(*range(0, 2 * MAX_GAPS + 20, 2))
    assert len(found.gaps) == MAX_GAPS
    assert found.missing == MAX_GAPS + 9
    assert found.given_up == 9
    assert found.observe(1) is NumberOrder.REPEATED  # given up: nobody knows any more that it was missing
    assert found.observe(2 * MAX_GAPS + 17) is NumberOrder.FILLER


def test_a_new_source_takes_the_place_of_one_that_misses_nothing_and_was_heard_longest_ago() -> None:
    known = Sequences()
    known.observe("gapped", 1)
    known.observe("gapped", 3)
    for number in range(MAX_SOURCES - 1):
        known.observe(f"s{number}", 1)
    known.observe("s0", 2)
    known.observe("new", 1)
    assert len(known.sources) == MAX_SOURCES
    assert "s1" not in known.sources
    assert {"gapped", "s0", "new"} <= known.sources.keys()
    assert known.forgotten == 1


def test_where_all_miss_something_the_one_heard_longest_ago_goes() -> None:
    known = Sequences()
    for number in range(source_gaps.MAX_SOURCES):
        known.observe(f"s{number}", 1)
        known.observe(f"s{number}", 3)
    known.observe("new", 1)
    assert "s0" not in known.sources
    assert known.sources["s1"].missing == 1
