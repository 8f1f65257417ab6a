"""One HTTP server that is asked: with a time limit, and one line that says what went wrong."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
import msgspec

from genesis.core.errors import ServerError
from genesis.core.printing import one_line

_OK = range(200, 300)
_LONGEST_QUOTE = 300
"""Characters of a refusal that are quoted."""

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""The last one: brackets in brackets, thousands of them."""

_PASSWORD = re.compile(r"//[^?#]*@")

_Answer = TypeVar("_Answer")


class Server:
    """A server at `url`; an async context manager.

    Args:
        name: what it is, for messages.
        option: what names its address, for messages.
        url: its address; a path in it stands before every path that is asked.
        timeout: seconds that one question may take.
    """

    def __init__(self, name: str, option: str, url: str, timeout: float = 5.0) -> None:
        self.name = name
        self.url = url.rstrip("/")
        self.shown = without_password(self.url)
        """The address without user and password, for messages."""
        self._option = option
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        if not self.url.startswith(("http://", "https://")):
            raise ServerError(f"{self._option}: {self.shown!r} is not an address: it begins with http:// or https://")
        self._session = aiohttp.ClientSession(timeout=self._timeout)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def ask(
        self,
        method: str,
        path: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        form: Mapping[str, str] | None = None,
        body: object = None,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        max_bytes: int | None = None,
    ) -> bytes:
        """What the server answers; `body` is sent as JSON, `form` as a form, `raw` as it is.

        `max_bytes`: a longer answer is refused unread; None reads any.

        Raises:
            ServerError: it does not answer, or not with a success.
        """
        if self._session is None:
            raise RuntimeError("ask inside `async with`")
        sent: dict[str, Any] = {} if body is None else {"json": body}
        try:
            async with self._session.request(
                method,
                f"{self.url}{path}",
                params=list(params),
                data=form if raw is None else raw,
                headers=headers,
                allow_redirects=False,
                **sent,
            ) as response:
                answer = await _read(response, max_bytes)
                if response.status not in _OK:
                    raise ServerError(
                        self._refused(path, response.status, answer), status=response.status, reason=refusal(answer)
                    )
                return answer
        except TimeoutError as error:
            raise ServerError(self._silent(f"nothing came within {self._timeout.total:g} s")) from error
        except (aiohttp.ClientError, ValueError) as error:
            raise ServerError(self._silent(_reason(error))) from error

    def decoded(self, decoder: msgspec.json.Decoder[_Answer], answer: bytes) -> _Answer:
        """The answer by its type.

        Raises:
            ServerError: it is something else, such as the page of another program.
        """
        try:
            return decoder.decode(answer)
        except _UNREADABLE as error:
            raise ServerError(
                f"what answers at {self.shown} does not speak as {self.name} does ({error}): is {self._option} right?"
            ) from error

    def _silent(self, reason: str) -> str:
        return f"{self.name} at {self.shown} cannot be asked ({reason}): is it running, and is {self._option} right?"

    def _refused(self, path: str, status: int, answer: bytes) -> str:
        return f"{self.name} at {self.shown} refuses {path} ({status}): {refusal(answer)}"


async def _read(response: aiohttp.ClientResponse, max_bytes: int | None) -> bytes:
    if max_bytes is None:
        return await response.read()
    answer = bytearray()
    async for chunk in response.content.iter_any():
        answer += chunk
        if len(answer) > max_bytes:
            raise ValueError(f"its answer is longer than {max_bytes} bytes")
    return bytes(answer)


def without_password(url: str) -> str:
    """An address without user and password, also where a character of these should have been written as %2F."""
    return _PASSWORD.sub("//", url)


def refusal(answer: bytes) -> str:
    """What a server says of why it refuses, on one line."""
    try:
        told = msgspec.json.decode(answer)
    except _UNREADABLE:
        told = answer.decode(errors="replace")
    if isinstance(told, dict):
        told = told.get("error") or told.get("message") or told
    return one_line(" ".join(str(told).split())[:_LONGEST_QUOTE], 2 * _LONGEST_QUOTE) or "it does not say why"


def _reason(error: Exception) -> str:
    # The numbers of OpenSSL's errors are no errno.
    if isinstance(error, aiohttp.ClientConnectorError) and not isinstance(error.os_error, ssl.SSLError):
        number = error.os_error.errno
        return os.strerror(number) if number and number > 0 else str(error.os_error)
    return one_line(" ".join(str(error).split()), _LONGEST_QUOTE) or type(error).__name__
