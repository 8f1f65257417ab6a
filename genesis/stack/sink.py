"""A local HTTP receiver for Alertmanager's webhooks."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Literal, NamedTuple

import msgspec
import structlog
from aiohttp import web

from genesis.core.clock import Clock

_log = structlog.get_logger(__name__)

Status = Literal["firing", "resolved"]


class NotifiedAlert(msgspec.Struct, frozen=True):
    """One alert in a notification."""

    status: Status
    labels: dict[str, str]
    annotations: dict[str, str] = {}

    @property
    def name(self) -> str:
        return self.labels.get("alertname", "?")


class _Payload(msgspec.Struct, frozen=True):
    """The part of Alertmanager's webhook body (version 4) that is used here; other keys are ignored."""

    status: Status
    alerts: list[NotifiedAlert]


class Notification(NamedTuple):
    """A notification for `receiver`, which arrived `at` (wall time, UTC)."""

    at: datetime
    receiver: str
    status: Status
    alerts: tuple[NotifiedAlert, ...]


class NotificationSink:
    """Serves POST /{receiver} on loopback; keeps the latest notifications and passes each one to `on_notification`.

    An async context manager: `url` is set inside it. A body that is not a webhook is answered with 400 and not kept.
    """

    def __init__(self, clock: Clock, on_notification: Callable[[Notification], None] | None = None, keep: int = 1000) -> None:
        self._clock = clock
        self._on_notification = on_notification
        self._kept: deque[Notification] = deque(maxlen=keep)
        self._arrived = asyncio.Condition()
        self._decoder = msgspec.json.Decoder(_Payload)
        self._runner: web.AppRunner | None = None
        self.url = ""

    @property
    def notifications(self) -> tuple[Notification, ...]:
        """The latest notifications, oldest first."""
        return tuple(self._kept)

    async def __aenter__(self) -> NotificationSink:
        app = web.Application()
        app.router.add_post("/{receiver}", self._receive)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        _, port = self._runner.addresses[0][:2]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def wait_for(self, wanted: Callable[[Notification, NotifiedAlert], bool], within: float) -> Notification:
        """Wait for the first notification, kept or future, with an alert for which `wanted` is true.

        Raises:
            TimeoutError: none arrived `within` seconds.
        """

        def first() -> Notification | None:
            return next((note for note in self._kept if any(wanted(note, alert) for alert in note.alerts)), None)

        async with asyncio.timeout(within), self._arrived:
            while (found := first()) is None:
                await self._arrived.wait()
            return found

    async def _receive(self, request: web.Request) -> web.Response:
        try:
            payload = self._decoder.decode(await request.read())
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            _log.warning("notification refused", receiver=request.match_info["receiver"], reason=str(error))
            return web.Response(status=400, text=f"not an Alertmanager webhook body: {error}\n")
        notification = Notification(self._clock.now(), request.match_info["receiver"], payload.status, tuple(payload.alerts))
        async with self._arrived:
            self._kept.append(notification)
            self._arrived.notify_all()
        self._pass_on(notification)
        return web.Response(text="ok\n")

    def _pass_on(self, notification: Notification) -> None:
        if self._on_notification is None:
            return
        try:
            self._on_notification(notification)
        except Exception:
            # With an error response, Alertmanager would send the notification again, although it is not at fault.
            _log.exception("notification callback failed", receiver=notification.receiver)
