"""Waiting for what other processes do, on machines that may be busy."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

SOON = 120.0
"""Seconds in which what has to come does come, on a slow machine too: only a failure takes them."""
TIMES = 3
"""A busy machine may be late some of so many times, and not all of them."""


async def until(condition: Callable[[], bool], within: float = SOON) -> None:
    """Wait for something that only asking can tell."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - another process tells no event
            await asyncio.sleep(0.02)


async def at_best(story: Callable[[Path], Awaitable[None]], folder: Path) -> None:
    """Run a story that a busy machine may spoil, again while it fails, each time with a folder of its own."""
    for turn in range(TIMES - 1):
        try:
            return await story(_made(folder / str(turn)))
        except AssertionError:
            continue
    return await story(_made(folder / "last"))


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
