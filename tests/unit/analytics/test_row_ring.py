"""The ring of rows against a plain list of dictionaries."""

from math import nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.analytics.row_ring import RowRing

VALUES = st.floats(-1, 1) | st.just(nan)


@given(st.integers(1, 9), st.lists(st.dictionaries(st.sampled_from("abcdefghij"), VALUES), max_size=80))
def test_it_holds_what_a_list_of_the_last_rows_holds(capacity: int, rows: list[dict[str, float]]) -> None:
    ring = RowRing(capacity)
    kept: list[dict[str, float]] = []
    for row in rows:
        entering, leaving = ring.append(row)
        kept.append(row)
        gone = kept.pop(0) if len(kept) > capacity else None
        names = list(ring.columns)
        np.testing.assert_array_equal(entering, [row.get(name, nan) for name in names])
        if gone is None:
            assert leaving is None
        else:
            np.testing.assert_array_equal(leaving, [gone.get(name, nan) for name in names])
        expected = np.array([[r.get(n, nan) for n in names] for r in kept]).reshape(len(kept), len(names))
        np.testing.assert_array_equal(ring.rows(), expected)
        assert len(ring) == len(kept)


@pytest.mark.parametrize("capacity", [1, 100])
def test_names_keep_their_column(capacity: int) -> None:
    ring = RowRing(capacity)
    ring.append({"b": 1.0})
    ring.append({"a": 2.0})
    assert ring.columns == {"b": 0, "a": 1}
