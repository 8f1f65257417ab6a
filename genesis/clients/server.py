"""A client of one HTTP server: each request has a time limit, and each fault is one line of text."""

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
"""How many characters of an error answer are quoted."""

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""RecursionError: thousands of nested brackets."""

_PASSWORD = re.compile(r"//[^?#]*@")

_Answer = TypeVar("_Answer")


class Server:
    """A server at `url`; an async context manager.

    Args:
        name: the program, for messages.
        option: the option or key that holds its address, for messages.
        url: its address; its path is a prefix of the path of every request.
        timeout: seconds that one request may take.
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
        """The body of the answer. `body` is sent as JSON, `form` as a form, `raw` unchanged.

        `max_bytes`: a longer answer is refused; None accepts any length.

        Raises:
            ServerError: it does not answer, or its status is not 2xx.
        """
        if self._session is None:
            raise RuntimeError("call ask() inside `async with`")
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
        """The answer, decoded.

        Raises:
            ServerError: it has another form, such as the page of another program.
        """
        try:
            return decoder.decode(answer)
        except _UNREADABLE as error:
            raise ServerError(
                f"the answer of {self.shown} is not one of {self.name} ({error}): is {self._option} right?"
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
    """An address without user and password, even if these hold a / that should have been written as %2F."""
    return _PASSWORD.sub("//", url)


def refusal(answer: bytes) -> str:
    """The reason in an error answer, on one line."""
    try:
        reason = msgspec.json.decode(answer)
    except _UNREADABLE:
        reason = answer.decode(errors="replace")
    if isinstance(reason, dict):
        reason = reason.get("error") or reason.get("message") or reason
    return one_line(" ".join(str(reason).split())[:_LONGEST_QUOTE], 2 * _LONGEST_QUOTE) or "no reason given"


def _reason(error: Exception) -> str:
    # Numbers of OpenSSL errors are not errno values.
    if isinstance(error, aiohttp.ClientConnectorError) and not isinstance(error.os_error, ssl.SSLError):
        number = error.os_error.errno
        return os.strerror(number) if number and number > 0 else str(error.os_error)
    return one_line(" ".join(str(error).split()), _LONGEST_QUOTE) or type(error).__name__
