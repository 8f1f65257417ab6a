"""Asks a Prometheus what a board asks, and notes how long it took."""

from __future__ import annotations

import math
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from genesis.demo.settings import FAULTY
from tests.integration.board_queries import Json, Query, Values, Variable, filled, time_range, variables

LONGEST = 0.2
"""Seconds that Prometheus may take for a query."""


class Answer(NamedTuple):
    """What Prometheus answered."""

    series: int
    """Those that have a value."""
    seconds: float
    """Of the evaluation alone."""
    samples: int
    """Read for it."""


class Asker:
    """Asks one Prometheus, whose process is `pid`, as of `now`, seconds since 1970; without it, as of the wall clock."""

    def __init__(self, client: aiohttp.ClientSession, url: str, now: float | None = None, pid: int | None = None) -> None:
        self._client = client
        self._url = url
        self._now = now
        self._pid = pid

    async def answer(self, query: Query, board: Json, values: Values) -> Answer:
        """What it answers to a query with its variables filled in."""
        expr, now = filled(query.expr, values), self._now or time.time()
        if query.kind == "instant":
            return await self._data("query", {"query": expr, "time": f"{now:.3f}"})
        step = query.step.total_seconds()
        end = now // step * step
        span = {"start": f"{end - time_range(board).total_seconds():.3f}", "end": f"{end:.3f}", "step": f"{step:.3f}"}
        return await self._data("query_range", {"query": expr, **span})

    async def values_of(self, variable: Variable, values: Values) -> list[str]:
        """What a variable offers."""
        if variable.label is None:
            return list(variable.options)
        return await self.label_values(variable.label, filled(variable.series or "", values))

    async def label_values(self, label: str, series: str = "") -> list[str]:
        """The values of a label, of some series alone if they are given."""
        return sorted(await self._json(f"label/{label}/values", {"match[]": series} if series else {}))

    async def chosen(self, board: Json, strategies: Sequence[str]) -> dict[str, str]:
        """What stands for each variable when the board is opened, and these strategies are picked, or all of what there is."""
        values: dict[str, str] = {}
        for variable in variables(board):
            offered = await self.values_of(variable, values)
            picked = [name for name in strategies or [FAULTY] if name in offered]
            picked = picked or [variable.current or next(iter(offered), "")]
            values[variable.name] = variable.filled(picked, everything=not strategies)
        return values

    async def now(self, expr: str) -> list[Json]:
        """The series of an expression."""
        return list((await self._json("query", {"query": expr}))["result"])

    async def _data(self, path: str, parameters: Mapping[str, str]) -> Answer:
        before = self._worked()
        data = await self._json(path, {**parameters, "stats": "all"})
        seconds = data["stats"]["timings"]["execTotalTime"]
        return Answer(
            series=sum(any(map(is_known, series.get("values") or [series["value"]])) for series in data["result"]),
            # On a busy machine a query waits for its turns; what it would take on a free one is the time that was worked.
            seconds=seconds if seconds <= LONGEST else min(seconds, self._worked() - before),
            samples=data["stats"]["samples"]["totalQueryableSamples"],
        )

    def _worked(self) -> float:
        """Processor time that Prometheus has used, in seconds; without its process, the wall clock's."""
        if self._pid is None:
            return time.monotonic()
        fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def _json(self, path: str, parameters: Mapping[str, str]) -> Any:
        async with self._client.get(f"{self._url}/api/v1/{path}", params=parameters) as response:
            answer = await response.json()
            assert answer["status"] == "success", f"{parameters}: {answer.get('error')}"
            return answer["data"]


def is_known(sample: tuple[float, str]) -> bool:
    """Whether a sample, as Prometheus writes it, has a value."""
    return not math.isnan(float(sample[1]))


@asynccontextmanager
async def asking(url: str, now: float | None = None, pid: int | None = None) -> AsyncIterator[Asker]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as client:
        yield Asker(client, url, now, pid)
