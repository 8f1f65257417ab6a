"""JSON responses to senders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

JSON = "application/json"
RETRY_SECONDS = 1


def answer(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> web.Response:
    """`body` is JSON."""
    return web.Response(status=status, body=body + b"\n", content_type=JSON, headers=headers)


def refuse(status: int, error: str, headers: Mapping[str, str] | None = None, **more: Any) -> web.Response:
    """The response to a refused request: why, and what to do."""
    return answer(status, msgspec.json.encode({"error": error, **more}), headers)


def later(status: int, error: str) -> web.Response:
    """The response to a request that the sender has to repeat later, whole."""
    return refuse(status, f"{error}; send the whole request again", {"Retry-After": str(RETRY_SECONDS)})
