"""`genesis alerts fire`: a marked test alert through the Alertmanager that runs, watched until it was delivered, and ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from genesis.alerts.live.deliveries import Deliveries, Outcome, Way, ways
from genesis.alerts.live.drill import Drill
from genesis.alerts.live.holding import closed, held_back
from genesis.alerts.live.routing import Routing, Taken, drift, told_text, waits_text
from genesis.clients.alertmanager import Alertmanager, ManagedAlert, Posted
from genesis.core.clock import Clock
from genesis.core.duration import duration_text
from genesis.core.errors import GenesisError

_POLL_SECONDS = 0.1
_MARGIN = timedelta(seconds=0.5)
"""How much later than it should a notification may begin."""
_LASTS = timedelta(minutes=5)
"""When the alert ends by itself, if this is killed before it can end it."""

Say = Callable[[str], None]


class Firing:
    """One test alert on its way.

    Args:
        manager: the Alertmanager that runs.
        drill: what to send.
        clock: wall time.
        say: takes each line of the story.
        within: how long a delivery may take, beyond what the route waits on purpose.
    """

    def __init__(self, manager: Alertmanager, drill: Drill, clock: Clock, say: Say, within: timedelta) -> None:
        self._manager = manager
        self._drill = drill
        self._clock = clock
        self._say = say
        self._within = within

    async def run(self, configured: Routing) -> bool:
        """Send, watch, end; whether everybody whom it leads to was told. `configured` is what the files say of the routes.

        Raises:
            ServerError: Alertmanager cannot be asked.
            GenesisError: such a test alert is under way.
        """
        running = Routing(await self._manager.config())
        taken = running.routes(self._drill.labels)
        self._introduce(running, taken, configured)
        if (other := await self._own()) is not None:
            raise GenesisError(
                f"this test alert is there already, until {other.ends_at.astimezone(UTC):%H:%M:%S} UTC: wait until it has ended"
            )
        taken = self._open(running, taken)
        if not taken:
            return False
        receivers = {one.receiver: running.integrations(one.receiver) for one in taken}
        if silent := [receiver for receiver, integrations in receivers.items() if not integrations]:
            self._say(f"NOT DELIVERED: {', '.join(silent)} tells nobody: give it an integration in alerts.yaml")
            return False
        begun = self._clock.now()
        before = await self._manager.counters()
        try:  # an alert whose sending is broken off may be there all the same
            await self._post(begun, begun + _LASTS)
            told = await self._told(taken, Deliveries(ways(receivers), before))
            before = await self._manager.counters()
        finally:
            await asyncio.shield(self._post(begun, self._clock.now()))
        return told and await self._end_told(taken, Deliveries(ways(receivers, resolved=True), before))

    def _introduce(self, running: Routing, taken: Sequence[Taken], configured: Routing) -> None:
        drill = self._drill
        shown = ", ".join(f"{name}={value}" for name, value in drill.labels.items() if name != "alertname")
        self._say(f"test alert {drill.alert.name}: {shown}")
        for one in taken:
            self._say(f"route: {one} → {told_text(running, one)}, {waits_text(one)}")
        if (other := drift(configured, running, drill.labels)) is not None:
            self._say(f"note: {other}")

    def _open(self, running: Routing, taken: Sequence[Taken]) -> list[Taken]:
        """The routes that tell at this time; where one is closed, another one may tell instead."""
        reasons = {one: closed(running, one, self._clock.now()) for one in taken}
        found = [one for one, why in reasons.items() if why is None]
        for why in filter(None, reasons.values()):
            self._say(f"{'note' if found else 'NOT DELIVERED'}: {why}")
        return found

    async def _post(self, begun: datetime, ends: datetime) -> None:
        await self._manager.post([Posted(self._drill.labels, self._drill.annotations, begun, ends)])

    async def _own(self) -> ManagedAlert | None:
        """The test alert as Alertmanager has it; one that has ended is not given."""
        labels = dict(self._drill.labels)
        return next((one for one in await self._manager.alerts(labels) if one.labels == labels), None)

    async def _told(self, taken: Sequence[Taken], deliveries: Deliveries) -> bool:
        """Watch the notification; whether all of it was delivered."""
        since = self._clock.monotonic()
        if (own := await self._own()) is None:
            self._say("NOT DELIVERED: Alertmanager took the alert, and does not have it")
            return False
        if reasons := await held_back(self._manager, own):
            for why in reasons:
                self._say(f"NOT DELIVERED: {why}")
            return False
        wait = max(one.group_wait for one in taken)
        outcomes = await self._watched(deliveries, since, wait)
        return self._tell("delivered", outcomes, since)

    async def _end_told(self, taken: Sequence[Taken], deliveries: Deliveries) -> bool:
        """Watch the notification of the end; whether all of it that is told was delivered."""
        since = self._clock.monotonic()
        wait = max(one.group_interval for one in taken)
        if wait > self._within:
            self._say(f"ended; the end is told within {duration_text(wait)}, which is not waited for")
            return True
        if not deliveries.expected:
            self._say("ended; no receiver here tells of ends")
            return True
        return self._tell("ended; the end delivered", await self._watched(deliveries, since, wait), since)

    async def _watched(self, deliveries: Deliveries, since: float, wait: timedelta) -> dict[Way, Outcome]:
        """The outcomes, when all is delivered or the time is up. It must have begun `wait` after `since`."""
        certain = since + (wait + _MARGIN).total_seconds()
        latest = since + (wait + self._within).total_seconds()
        while True:
            outcomes = deliveries.outcomes(await self._manager.counters())
            now = self._clock.monotonic()
            delivered = all(outcome is Outcome.DELIVERED for outcome in outcomes.values())
            if (delivered and now >= certain) or now >= latest:
                return outcomes
            await asyncio.sleep(_POLL_SECONDS)

    def _tell(self, what: str, outcomes: Mapping[Way, Outcome], since: float) -> bool:
        seconds = self._clock.monotonic() - since
        good = [str(way) for way, outcome in outcomes.items() if outcome is Outcome.DELIVERED]
        if good:
            self._say(f"{what} within {seconds:.1f} s: {'; '.join(good)}")
        for way, outcome in outcomes.items():
            if outcome is not Outcome.DELIVERED:
                self._say(f"NOT DELIVERED after {seconds:.1f} s: {way}: the notification {outcome.value}; {_ADVICE}")
        return len(good) == len(outcomes)


_ADVICE = "Alertmanager's log has the reason"
