"""Numbers and tables as text for a terminal, at most `WIDTH` columns wide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from textwrap import wrap

WIDTH = 100
UNKNOWN = "-"
_PAIRS_A_LINE = 3
_LABEL, _VALUE = 16, 15
_LONGEST_NAME = 30
_LARGE = 1e10
"""From here on, numbers are written in scientific notation: an annualised ratio of a few seconds may have a hundred digits."""
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def money(amount: Decimal | float | None) -> str:
    return _formatted(amount, 2)


def cost(amount: Decimal | float | None) -> str:
    """Money that may be small compared with the account."""
    return _formatted(amount, 4)


def percent(ratio: Decimal | float | None) -> str:
    return _formatted(None if ratio is None else 100 * ratio, 2, "%")


def basis_points(ratio: Decimal | float | None) -> str:
    return _formatted(None if ratio is None else 10_000 * ratio, 2, " bp")


def number(value: Decimal | float | None) -> str:
    return _formatted(value, 3)


def tenths(value: float | None) -> str:
    return _formatted(value, 1)


def count(value: float | None) -> str:
    return _formatted(value, 0)


def _formatted(value: Decimal | float | None, places: int, unit: str = "") -> str:
    if value is None:
        return UNKNOWN
    return f"{value:,.{places}f}{unit}" if abs(float(value)) < _LARGE else f"{value:.3g}{unit}"


def moment(time: datetime | None) -> str:
    return UNKNOWN if time is None else time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def span(seconds: float | None) -> str:
    """A duration in its two largest units."""
    if seconds is None:
        return UNKNOWN
    if seconds < 1:
        return f"{seconds:.3g} s"
    whole = round(seconds)
    first = next(place for place, (size, _) in enumerate(_UNITS) if whole >= size)
    parts = []
    for size, unit in _UNITS[first : first + 2]:
        parts.append(f"{whole // size} {unit}")
        whole %= size
    return " ".join(text for text in parts if not text.startswith("0 "))


def pairs(items: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Labels and their values, `_PAIRS_A_LINE` in a line."""
    cells = [f"{label:<{_LABEL}}{value:>{_VALUE}}" for label, value in items]
    for start in range(0, len(cells), _PAIRS_A_LINE):
        yield ("  " + "  ".join(cells[start : start + _PAIRS_A_LINE])).rstrip()


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, names: int = 1) -> Iterator[str]:
    """A table whose columns are as wide as their content; the first `names` columns are left-aligned. Without rows, no lines.

    If the table is too wide, the gaps between the columns are narrower.
    """
    cells = [list(heads), *([*map(_shortened, row[:names]), *row[names:]] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    gap = "  " if sum(widths) + 2 * len(widths) <= WIDTH else " "
    for row in cells if len(cells) > 1 else ():
        sized = enumerate(zip(row, widths, strict=True))
        yield (
            "  "
            + gap.join(text.ljust(width) if place < names else text.rjust(width) for place, (text, width) in sized).rstrip()
        )


def heading(text: str) -> Iterator[str]:
    """The heading of a section, after an empty line."""
    yield ""
    yield f"  {text}"


def wrapped(label: str, words: Iterable[str]) -> Iterator[str]:
    """A label and a list, wrapped over several lines if necessary."""
    yield from wrap(
        f"{label}: {', '.join(words)}", WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False
    )


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
