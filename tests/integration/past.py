"""A Prometheus with a past: series of now, told it as if it had scraped them for a while, by its remote-write interface."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import aiohttp
import numpy as np
from numpy.typing import NDArray

from genesis import programs
from genesis.stack.child import Child
from genesis.stack.ports import LOOPBACK
from tests.integration.ports import own_port
from tests.integration.waiting import SOON

_AT_ONCE = 200
"""Series in one request."""
_SAMPLE = 18
"""Bytes of a sample in its time series: two of its own head, then value and time, each with one of theirs."""
_TIME = 6
"""Bytes of a time of this century in milliseconds, seven bits each."""


class Series(NamedTuple):
    labels: Mapping[str, str]
    value: float


@asynccontextmanager
async def prometheus_with_a_past(
    series: Sequence[Series], times: Sequence[int], folder: Path, environ: Mapping[str, str]
) -> AsyncIterator[tuple[str, int]]:
    """The address and the process of a Prometheus that holds each of the series at all of the times, in milliseconds."""
    program = programs.require([programs.PROMETHEUS], environ)[programs.PROMETHEUS]
    config, address = folder / "prometheus.yml", f"{LOOPBACK}:{own_port()}"
    config.write_text("global: {scrape_interval: 1h}\n", encoding="utf-8")
    command: list[str | Path] = [
        *(program, f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"),
        *(f"--web.listen-address={address}", "--web.enable-remote-write-receiver", "--log.level=warn"),
    ]
    child = Child("prometheus", command, log=folder / "prometheus.log", environ=environ, cwd=folder)
    await child.start()
    try:
        await child.ready(f"http://{address}/-/ready", SOON)
        await _tell(f"http://{address}/api/v1/write", series, np.asarray(times, dtype=np.int64))
        yield f"http://{address}", child.pid or 0
    finally:
        await child.stop()


async def _tell(url: str, series: Sequence[Series], times: NDArray[np.int64]) -> None:
    headers = {
        "Content-Encoding": "snappy",
        "Content-Type": "application/x-protobuf",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
    }
    noise = np.random.default_rng(1)
    async with aiohttp.ClientSession(headers=headers) as client:
        for first in range(0, len(series), _AT_ONCE):
            body = b"".join(_time_series(one, times, noise) for one in series[first : first + _AT_ONCE])
            async with client.post(url, data=BytesIO(_as_snappy(body))) as response:
                assert response.status == 204, await response.text()


def _time_series(series: Series, times: NDArray[np.int64], noise: np.random.Generator) -> bytes:
    """A field `timeseries` of a WriteRequest. Counters grow, all others swing, so that chunks are as full as real ones."""
    labels = b"".join(
        _field(1, _field(1, name.encode()) + _field(2, value.encode())) for name, value in sorted(series.labels.items())
    )
    if series.labels["__name__"].endswith(("_total", "_count", "_sum", "_bucket")):
        values = series.value * np.linspace(0.5, 1, len(times))
    else:
        values = series.value * (1 + 0.001 * noise.standard_normal(len(times)).cumsum())
    return _field(1, labels + _samples(values, times))


def _samples(values: NDArray[np.float64], times: NDArray[np.int64]) -> bytes:
    """Fields `samples`, all of the same length."""
    table = np.empty((len(times), _SAMPLE), dtype=np.uint8)
    table[:, 0], table[:, 1] = 0x12, _SAMPLE - 2  # field 2, its length
    table[:, 2] = 0x09  # its field 1: eight bytes
    table[:, 3:11] = values.astype("<f8").view(np.uint8).reshape(-1, 8)
    table[:, 11] = 0x10  # its field 2: a number, seven bits a byte
    for place in range(_TIME):
        more = 0x80 if place < _TIME - 1 else 0
        table[:, 12 + place] = (times >> 7 * place & 0x7F) | more
    return table.tobytes()


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _number(len(content)) + content


def _number(value: int) -> bytes:
    return bytes(_sevens(value))


def _sevens(value: int) -> Iterator[int]:
    while value > 0x7F:
        yield value & 0x7F | 0x80
        value >>= 7
    yield value


def _as_snappy(content: bytes) -> bytes:
    """As a snappy block: the whole length, and one literal of all there is."""
    return _number(len(content)) + b"\xfc" + (len(content) - 1).to_bytes(4, "little") + content
