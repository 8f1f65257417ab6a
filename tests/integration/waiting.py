"""Waiting for what other processes do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

SOON = 120.0
"""Seconds in which what has to come does come, on a slow machine too: only a failure takes them."""


async def until(condition: Callable[[], bool], within: float = SOON) -> None:
    """Wait for something that only asking can tell."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - another process tells no event
            await asyncio.sleep(0.02)
