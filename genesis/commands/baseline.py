"""`genesis baseline`: a strategy's baseline from the returns of its back-test."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import numpy as np
import yaml
from pydantic import ValidationError

from genesis.core.duration import duration_text, parse_duration
from genesis.core.errors import GenesisError
from genesis.ingest.csv_table import CsvError, csv_rows, is_number, read_csv
from genesis.settings.strategies import BaselineSettings

_MAX_FAULTS = 20
_GAPPY = 1.05
_LONGEST = timedelta(days=366)
_SMALLEST = timedelta(milliseconds=1)


class Returns(NamedTuple):
    """The returns of a file, in the order of time."""

    file: str
    column: str
    times: tuple[datetime, ...]
    values: tuple[float, ...]

    @property
    def median_step(self) -> timedelta:
        """The median distance between two times, rounded to milliseconds."""
        steps = np.array([(later - earlier) / _SMALLEST for earlier, later in pairwise(self.times)])
        return round(float(np.median(steps))) * _SMALLEST

    @property
    def mean_step(self) -> timedelta:
        """The mean distance between two times, rounded to minutes if it is an hour or more, else to milliseconds."""
        mean = (self.times[-1] - self.times[0]) / (len(self.times) - 1)
        unit = _SMALLEST if mean < timedelta(hours=1) else timedelta(minutes=1)
        return round(mean / unit) * unit


class Baseline(NamedTuple):
    """The baseline for strategies.yaml, and notes on how it was computed."""

    settings: BaselineSettings
    notes: tuple[str, ...]


def read_returns(path: Path, column: str | None = None) -> Returns:
    """Read a CSV file, plain or gzip: a header, rising times in the first column, and simple returns as ratios.

    Args:
        path: the file.
        column: the column of the returns; None if the file has only one besides the times.

    Raises:
        GenesisError: with file, line and value of up to 20 faults.
    """
    rows = iter(_rows(path))
    _, header = next(rows, (0, []))
    index = _column_index(path, [name.strip() for name in header], column)
    times: list[datetime] = []
    values: list[float] = []
    faults: list[str] = []
    for line, cells in rows:
        try:
            time, value = _row(cells, len(header), index)
            if times and not time > times[-1]:
                raise ValueError(f"{cells[0]!r} does not come after {times[-1].isoformat()}: times must rise")
        except ValueError as error:
            faults.append(f"{path}: line {line}: {error}")
            if len(faults) == _MAX_FAULTS:
                break
            continue
        times.append(time)
        values.append(value)
    if faults:
        raise GenesisError("wrong returns:\n" + "\n".join(f"  {fault}" for fault in faults))
    if len(values) < 2:  # noqa: PLR2004 - a volatility needs two
        raise GenesisError(f"{path}: has {len(values)} returns; a baseline needs at least two")
    return Returns(path.name, header[index].strip(), tuple(times), tuple(values))


def baseline(returns: Returns, step: timedelta | None = None) -> Baseline:
    """Compute mean and standard deviation (ddof 1) of returns that are `step` apart; None: the median distance of the times.

    Raises:
        GenesisError: no baseline can be computed from the returns.
    """
    known = np.array(returns.values)
    chosen = step or returns.median_step
    if not known.max() > known.min():
        raise GenesisError(f"{returns.file}: all {len(known)} returns are {returns.values[0]!r}: the volatility is 0")
    try:
        settings = BaselineSettings(
            step=chosen, observations=len(known), mean=fmean(returns.values), volatility=float(known.std(ddof=1))
        )
    except ValidationError as error:
        faults = "; ".join(f"{detail['loc'][0]} {detail['input']!r}: {detail['msg']}" for detail in error.errors())
        raise GenesisError(f"{returns.file}: cannot be a baseline: {faults}") from None
    return Baseline(settings, tuple(_notes(returns, settings, inferred=step is None)))


def checked_step(text: str) -> timedelta:
    """Parse the value of `--step`.

    Raises:
        GenesisError: it is not a duration above 0.
    """
    try:
        step = parse_duration(text)
    except ValueError as error:
        raise GenesisError(f"--step: {text!r} {error}") from None
    if not step:
        raise GenesisError(f"--step: {text!r} must be longer than 0s")
    return step


def yaml_block(made: Baseline, strategy: str | None) -> str:
    """The lines for strategies.yaml, indented for the place below the strategy's name; with the name if `strategy` is given."""
    settings = made.settings
    fields = {
        "step": duration_text(settings.step),
        "observations": settings.observations,
        "mean": settings.mean,
        "volatility": settings.volatility,
    }
    body = yaml.safe_dump({"baseline": fields}, sort_keys=False)
    lines = [*(f"# {note}" for note in made.notes), *body.splitlines()]
    name = [] if strategy is None else [f"  {yaml.safe_dump({strategy: None}).split(' null')[0]}"]
    return "\n".join([*name, *(f"    {line}" for line in lines), ""])


def write(path: Path, text: str) -> None:
    """Write a new file.

    Raises:
        GenesisError: the file exists already, or cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise GenesisError(f"{path}: exists already: name another file, or remove it") from None
    except OSError as error:
        raise GenesisError(f"{path}: cannot be written: {error.strerror}") from error


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each row that is not empty."""
    try:
        yield from csv_rows(read_csv(path))
    except CsvError as error:
        raise GenesisError(f"{path}: cannot be read as CSV: {error}") from error


def _column_index(path: Path, header: list[str], column: str | None) -> int:
    """The index of the returns' column."""
    columns = header[1:]
    if not columns:
        raise GenesisError(f"{path}: line 1: {','.join(header)!r} must be a header: the time, and a column of returns")
    if column is not None and columns.count(column) == 1:
        return 1 + columns.index(column)
    if column is not None:
        raise GenesisError(f"{path}: --column: {column!r} is not one of {', '.join(columns)}")
    if len(columns) > 1:
        raise GenesisError(f"{path}: has the columns {', '.join(columns)}: choose the returns with --column")
    return 1


def _row(cells: list[str], width: int, index: int) -> tuple[datetime, float]:
    if len(cells) != width:
        raise ValueError(f"{','.join(cells)!r} has {len(cells)} cells, the header has {width}")
    try:
        time = datetime.fromisoformat(cells[0].strip())
    except ValueError:
        raise ValueError(f"{cells[0]!r} is not a date or time, for example 2024-05-31 or 2024-05-31T12:00:00Z") from None
    value = float(cells[index]) if is_number(cells[index].strip()) else math.nan
    if not math.isfinite(value):
        raise ValueError(f"{cells[index]!r} is not a number; leave out the rows that have no return")
    if not value > -1:
        raise ValueError(f"{cells[index]!r} is not above -1; a return is a ratio: -0.01 is a loss of one per cent")
    return (time if time.tzinfo else time.replace(tzinfo=UTC)), value


def _notes(returns: Returns, settings: BaselineSettings, *, inferred: bool) -> Iterator[str]:
    first, last = (time.isoformat().removesuffix("T00:00:00+00:00") for time in (returns.times[0], returns.times[-1]))
    yield f"{settings.observations} returns of {returns.file} ({returns.column}), {first} to {last}"
    step = duration_text(settings.step)
    yield f"step: {step}, {'the median distance of the times' if inferred else 'as given'}"
    sharpe = settings.mean / settings.volatility * math.sqrt(timedelta(days=365) / settings.step)
    yield f"Sharpe ratio {sharpe:.2f} a year of 365 days"
    if min(returns.values) > 0:
        yield "every return is above 0: are they prices?"
    if returns.mean_step > settings.step * _GAPPY and returns.mean_step <= _LONGEST:
        mean = duration_text(returns.mean_step)
        yield f"the mean distance of the times is {mean}: use --step {mean} if live returns are 0 while the market is closed"
