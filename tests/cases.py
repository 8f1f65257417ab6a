"""A table of cases inside one test: every case is looked at, and every fault is reported under the name of its case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

Case = Callable[[object], AbstractContextManager[None]]
"""Opens the block of one case, which it is given the name of."""


@contextmanager
def every_case() -> Iterator[Case]:
    """Collect the faults of all cases, and fail at the end if there is one.

        with every_case() as case:
            for name, panel in panels:
                with case(name):
                    assert panel["title"]

    A table without a case fails too: it would prove nothing.
    """
    faults: list[str] = []
    count = 0

    @contextmanager
    def case(name: object) -> Iterator[None]:
        nonlocal count
        count += 1
        try:
            yield
        except (Exception, pytest.fail.Exception) as error:  # pytest.raises fails with one that is no Exception
            faults.append(f"{name}: {_described(error)}")

    yield case
    assert count, "the table has no case"
    assert not faults, f"{len(faults)} of {count} cases:\n" + "\n".join(faults)


def _described(error: BaseException) -> str:
    """Of a failed assert its own words; of any other error its type too."""
    if isinstance(error, AssertionError | pytest.fail.Exception):
        return str(error) or "an assert failed"
    return f"{type(error).__name__}: {error}"
