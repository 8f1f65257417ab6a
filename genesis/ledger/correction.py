"""Recomputes a holding from its history, without a voided fill."""

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
    """Recomputes one holding from the events booked before it was created, and from those booked while the journal is read.

    The journal can be ahead of the books, so `read` counts the events and stops after the last booked one. Later events come
    through `follow`.
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
        """`fill` is the fill that `void` names; its symbol is quoted in `currency`. `voided`: the fills voided earlier.

        `booked`: how many events were booked to the holding so far; `component`: tag of an event → its component.
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
        """The last round trips of the new holding; complete after `holding`."""

    @property
    def symbol(self) -> str:
        return self.fill.symbol

    def takes(self, event: AnyAccountEvent) -> bool:
        """Whether an event belongs to the holding's history."""
        ours = isinstance(event, Fill | Funding) and event.symbol == self.fill.symbol
        return ours and event.strategy == self.void.strategy

    def read(self, history: Iterable[AnyAccountEvent]) -> None:
        """Apply the next events of the journal, in order; events of other holdings are skipped."""
        for event in history:
            if self._to_come and self.takes(event):
                self._to_come -= 1
                self._apply(event)

    def follow(self, event: AnyAccountEvent) -> None:
        """Keep an event that was just booked, to apply it after the history."""
        if self.takes(event):
            self._meanwhile.append(event)

    def holding(self, old: Holding) -> Holding:
        """The new holding, without the voided fills, exact to the last digit; it replaces `old`.

        Call once. The caller sets the decimal context `EXACT`.

        Raises:
            ValueError: the events read are not as many as those booked.
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
    """A copy with `fill` added."""
    copied = {side: dict(kinds) for side, kinds in turnovers.items()}
    add_turnover(copied, fill)
    return copied
