"""`genesis alerts fire`: sends a marked test alert through the running Alertmanager, watches its delivery, and ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from genesis.alerts.live.deliveries import Deliveries, Outcome, Way, ways
from genesis.alerts.live.drill import Drill
from genesis.alerts.live.hours import closed
from genesis.alerts.live.routing import Destination, Routing, drift, receiver_text, timing_text
from genesis.alerts.live.suppression import suppressions
from genesis.clients.alertmanager import Alertmanager, ManagedAlert, Posted
from genesis.core.clock import Clock
from genesis.core.duration import duration_text
from genesis.core.errors import GenesisError

_POLL_SECONDS = 0.1
_MARGIN = timedelta(seconds=0.5)
"""How late a notification may start."""
_LASTS = timedelta(minutes=5)
"""When the alert ends by itself, if this process is killed before it can end it."""

Say = Callable[[str], None]


class Firing:
    """One test alert from start to end.

    Args:
        manager: the running Alertmanager.
        drill: what to send.
        clock: wall time.
        say: takes each line of the report.
        within: how long a delivery may take, in addition to the time that the route waits.
    """

    def __init__(self, manager: Alertmanager, drill: Drill, clock: Clock, say: Say, within: timedelta) -> None:
        self._manager = manager
        self._drill = drill
        self._clock = clock
        self._say = say
        self._within = within

    async def run(self, configured: Routing) -> bool:
        """Send the alert, watch its delivery, end it; True if both the alert and its end were delivered.

        Args:
            configured: the routes by the files; a difference to the running ones is reported.

        Raises:
            ServerError: Alertmanager does not answer.
            GenesisError: the same test alert is active already.
        """
        running = Routing(await self._manager.config())
        destinations = running.destinations(self._drill.labels)
        self._introduce(running, destinations, configured)
        if (other := await self._own()) is not None:
            raise GenesisError(
                f"this test alert is active already, until {other.ends_at.astimezone(UTC):%H:%M:%S} UTC: wait for its end"
            )
        destinations = self._open(running, destinations)
        if not destinations:
            return False
        receivers = {one.receiver: running.integrations(one.receiver) for one in destinations}
        if silent := [receiver for receiver, integrations in receivers.items() if not integrations]:
            self._say(f"NOT DELIVERED: {', '.join(silent)} has no integration and notifies nobody: add one in alerts.yaml")
            return False
        started = self._clock.now()
        before = await self._manager.counters()
        try:  # an alert whose request was interrupted may exist nevertheless
            await self._post(started, started + _LASTS)
            delivered = await self._start_delivered(destinations, Deliveries(ways(receivers), before))
            before = await self._manager.counters()
        finally:
            await asyncio.shield(self._post(started, self._clock.now()))
        return delivered and await self._end_delivered(destinations, Deliveries(ways(receivers, resolved=True), before))

    def _introduce(self, running: Routing, destinations: Sequence[Destination], configured: Routing) -> None:
        drill = self._drill
        shown = ", ".join(f"{name}={value}" for name, value in drill.labels.items() if name != "alertname")
        self._say(f"test alert {drill.alert.name}: {shown}")
        for one in destinations:
            hours = f", {one.hours}" if one.hours else ""
            self._say(f"route: {one} → {receiver_text(running, one)}{hours}, {timing_text(one)}")
        if (other := drift(configured, running, drill.labels)) is not None:
            self._say(f"note: {other}")

    def _open(self, running: Routing, destinations: Sequence[Destination]) -> list[Destination]:
        """The destinations that notify now. Where the hours of one are over, another one may notify instead."""
        reasons = {one: closed(running, one, self._clock.now()) for one in destinations}
        found = [one for one, why in reasons.items() if why is None]
        for why in filter(None, reasons.values()):
            self._say(f"{'note' if found else 'NOT DELIVERED'}: {why}")
        return found

    async def _post(self, started: datetime, ends: datetime) -> None:
        await self._manager.post([Posted(self._drill.labels, self._drill.annotations, started, ends)])

    async def _own(self) -> ManagedAlert | None:
        """The test alert in Alertmanager; None if it does not exist or has ended."""
        labels = dict(self._drill.labels)
        return next((one for one in await self._manager.alerts(labels) if one.labels == labels), None)

    async def _start_delivered(self, destinations: Sequence[Destination], deliveries: Deliveries) -> bool:
        """Watch the notification; True if every receiver got it."""
        since = self._clock.monotonic()
        if (own := await self._own()) is None:
            self._say("NOT DELIVERED: Alertmanager accepted the alert, but does not have it")
            return False
        if reasons := await self._suppressions(own):
            for why in reasons:
                self._say(f"NOT DELIVERED: {why}")
            return False
        wait = max(one.group_wait for one in destinations)
        return self._report("delivered", await self._watch(deliveries, since, wait), since)

    async def _suppressions(self, own: ManagedAlert) -> list[str]:
        silences = await self._manager.silences() if own.status.silenced_by else ()
        return suppressions(own, silences, await self._manager.alerts() if own.status.inhibited_by else ())

    async def _end_delivered(self, destinations: Sequence[Destination], deliveries: Deliveries) -> bool:
        """Watch the notification of the end; True if every receiver that gets one got it."""
        since = self._clock.monotonic()
        wait = max(one.group_interval for one in destinations)
        if wait > self._within:
            self._say(f"ended; the notification of the end comes within {duration_text(wait)}: not waiting for it")
            return True
        if not deliveries.expected:
            self._say("ended; no receiver here is notified of the end")
            return True
        return self._report("ended; the end delivered", await self._watch(deliveries, since, wait), since)

    async def _watch(self, deliveries: Deliveries, since: float, wait: timedelta) -> dict[Way, Outcome]:
        """The outcomes once all is delivered or the time is up. A notification must start within `wait` of `since`."""
        certain = since + (wait + _MARGIN).total_seconds()
        latest = since + (wait + self._within).total_seconds()
        while True:
            outcomes = deliveries.outcomes(await self._manager.counters())
            now = self._clock.monotonic()
            delivered = all(outcome is Outcome.DELIVERED for outcome in outcomes.values())
            if (delivered and now >= certain) or now >= latest:
                return outcomes
            await asyncio.sleep(_POLL_SECONDS)

    def _report(self, what: str, outcomes: Mapping[Way, Outcome], since: float) -> bool:
        """Say what was delivered and what was not; True if all was."""
        seconds = self._clock.monotonic() - since
        good = [str(way) for way, outcome in outcomes.items() if outcome is Outcome.DELIVERED]
        if good:
            self._say(f"{what} within {seconds:.1f} s: {'; '.join(good)}")
        for way, outcome in outcomes.items():
            if outcome is not Outcome.DELIVERED:
                self._say(f"NOT DELIVERED after {seconds:.1f} s: {way}: the notification {outcome.value}; {_ADVICE}")
        return len(good) == len(outcomes)


_ADVICE = "Alertmanager's log has the reason"
