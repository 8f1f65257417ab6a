"""The report: names of any signs stay on their line."""

from __future__ import annotations

from genesis.rotation.decision import Reason
from genesis.simulate.lines import one_line, why


def test_signs_that_move_a_terminal_are_written_out() -> None:
    assert one_line('a "b"\n\x1b[2J é') == 'a "b"\\n\\x1b[2J é'


def test_reasons_stand_on_one_line_of_bounded_length() -> None:
    assert why([Reason("score", "0.3 → 0.2"), Reason("dwell")]) == "score: 0.3 → 0.2; dwell"
    assert why([Reason("x", "a\nb")]) == "x: a\\nb"
    assert len(why([Reason("x", "y" * 1000)])) == 100
