"""Numbers and tables on a terminal."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from genesis.commands.report import layout


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (layout.money(None), "-"),
        (layout.money(Decimal("-1234567.895")), "-1,234,567.90"),
        (layout.cost(0.00005), "0.0001"),
        (layout.percent(Decimal("0.12346")), "12.35%"),
        (layout.percent(-1.0), "-100.00%"),
        (layout.basis_points(0.00021), "2.10 bp"),
        (layout.number(1.23456), "1.235"),
        (layout.number(-1.5e220), "-1.5e+220"),
        (layout.tenths(21.75), "21.8"),
        (layout.count(1234.0), "1,234"),
        (layout.moment(None), "-"),
        (layout.moment(datetime(2026, 1, 7, 1, tzinfo=timezone(timedelta(hours=2)))), "2026-01-06 23:00:00"),
    ],
)
def test_a_number_as_a_person_reads_it(told: str, text: str) -> None:
    assert told == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0.0, "0 s"),
        (0.125, "0.125 s"),
        (1.0, "1 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (3_600, "1 h"),
        (3_661, "1 h 1 min"),
        (90_061, "1 d 1 h"),
        (400 * 86_400, "400 d"),
    ],
)
def test_a_time_in_its_two_largest_units(seconds: float | None, text: str) -> None:
    assert layout.span(seconds) == text


def test_names_stand_left_and_numbers_right_in_columns_as_wide_as_they_need() -> None:
    rows = [("alpha", "b", "1.00"), ("beta", "longer", "-1,000.00")]
    assert list(layout.table(("strategy", "of", "net"), rows, names=2)) == [
        "  strategy  of            net",
        "  alpha     b            1.00",
        "  beta      longer  -1,000.00",
    ]


def test_a_table_without_rows_has_no_heads() -> None:
    assert list(layout.table(("a", "b"), [])) == []


def test_a_table_that_would_be_too_wide_stands_closer_and_long_names_are_cut() -> None:
    lines = list(layout.table(["x" * 8] * 11, [["n" * 80, *["1" * 4] * 10]]))
    assert lines[1].startswith("  " + "n" * 29 + "… ")
    assert " xxxxxxxx xxxxxxxx" in lines[0]


def test_pairs_stand_three_in_a_line_without_spaces_at_its_end() -> None:
    lines = list(layout.pairs([("a", "1"), ("b", "2"), ("", ""), ("c", "3")]))
    assert [line.split() for line in lines] == [["a", "1", "b", "2"], ["c", "3"]]
    assert all(line == line.rstrip() for line in lines)


def test_a_long_list_goes_over_several_lines_and_breaks_no_name() -> None:
    names = [f"figure_{number}-of-many" for number in range(20)]
    lines = list(layout.wrapped("reason", names))
    assert len(lines) > 1
    assert max(map(len, lines)) <= layout.WIDTH
    assert " ".join(line.strip() for line in lines) == f"reason: {', '.join(names)}"
