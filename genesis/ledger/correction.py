"""A holding that is worked out anew from its own history, without a fill that is void."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from genesis.core.models import AnyAccountEvent, Fill, Funding, Void
from genesis.ledger.execution import is_measured
from genesis.ledger.holding import Holding, Turnovers, Voided, add_turnover
from genesis.ledger.trips import MOST_TRIPS, RoundTrip

Identity = tuple[str, str]
"""(source, event_id)"""


class Correction:
    """Takes in the history of one holding, as far as it was booked when this began, and what is booked meanwhile.

    The journal may be ahead of the books while it is read, so the events are counted: what comes after the last booked one is
    left to `follow`.
    """

    def __init__(
        self,
        void: Void,
        fill: Fill,
        currency: str,
        booked: int,
        voided: Iterable[Identity],
        *,
        component: Callable[[str | None], str | None],
    ) -> None:
        """`fill` is what `void` names, of a symbol quoted in `currency`, and `voided` are the fills that were voided before.

        `booked`: how many events the holding has taken in so far; `component`: tag of an event → what it was booked to.
        """
        self.void = void
        self._voided = {*voided, (fill.source, fill.event_id)}
        self.fill = fill
        self._component = component
        self._new = Holding(symbol=fill.symbol, currency=currency)
        self._to_come = booked
        self._taken = 0
        self._meanwhile: list[AnyAccountEvent] = []
        self.trips: deque[RoundTrip] = deque(maxlen=MOST_TRIPS)
        """The last round trips of the new holding, once that is worked out."""

    @property
    def symbol(self) -> str:
        return self.fill.symbol

    def takes(self, event: AnyAccountEvent) -> bool:
        """Whether an event is of the holding's history."""
        ours = isinstance(event, Fill | Funding) and event.symbol == self.fill.symbol
        return ours and event.strategy == self.void.strategy

    def read(self, history: Iterable[AnyAccountEvent]) -> None:
        """Take in the next events of the journal, in order; those of other holdings are passed over."""
        for event in history:
            if self._to_come and self.takes(event):
                self._to_come -= 1
                self._apply(event)

    def follow(self, event: AnyAccountEvent) -> None:
        """Take in an event that was just booked."""
        if self.takes(event):
            self._meanwhile.append(event)

    def holding(self, old: Holding) -> Holding:
        """The holding as it would be without the voided fills, to the last digit, to take the place of `old`.

        Call once, in `EXACT` arithmetic.

        Raises:
            ValueError: the history that was read is not what was booked.
        """
        for event in self._meanwhile:
            self._apply(event)
        new = self._new
        if self._to_come or old.events != self._taken:
            raise ValueError(f"{old.symbol}: the journal holds {self._taken} of the {old.events} events that were booked")
        new.events = old.events
        new.voided = Voided(
            turnover=_with(old.voided.turnover, self.fill),
            measured=old.voided.measured + is_measured(self.fill),
            trips=old.voided.trips.plus(old.trips.counts.beyond(new.trips.counts)),
        )
        return new

    def _apply(self, event: AnyAccountEvent) -> None:
        self._taken += 1
        if isinstance(event, Funding):
            self._new.fund(event, self._component(event.component))
        elif isinstance(event, Fill) and (event.source, event.event_id) not in self._voided:
            self._new.fill(event, self._component(event.component))
            if self._new.closed_trip is not None:
                self.trips.append(self._new.closed_trip)


def _with(turnovers: Turnovers, fill: Fill) -> Turnovers:
    """A copy with one fill more."""
    copied = {side: dict(kinds) for side, kinds in turnovers.items()}
    add_turnover(copied, fill)
    return copied
