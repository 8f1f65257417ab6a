"""Where a strategy's net P&L comes from, worked out from its events one by one.

- A part is what the fills and fundings of one component in one symbol came to: what was received less what was paid, and what
  the fills left of the symbol at the mark. A tag `main`, or none, is `main`; after the first 50 tags others are `other`.
- A part is unknown while it needs a mark or a rate that there is not. An amount of 0 needs none.
- The P&L of a period is the value now less the value after the last event before the period began, as it was seen then: a fill
  that was voided since is in the one and not in the other.
- The market made what positions in the benchmark gained from one point of the grid to the next; of others it wants a beta.
- Slippage is what each fill cost against the price that was decided on, in the currency of the symbol, at the rates of now.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from genesis.core.models import Fill, Funding
from tests.oracle.books import Oracle, period_start

ZERO = Fraction(0)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Part = tuple[str, str]
"""(component, symbol)"""


def values(oracle: Oracle, strategy: str, limit: int = 50) -> dict[Part, Fraction | None]:
    """Part → P&L in the reporting currency."""
    names = dict(_names(oracle, strategy, limit))
    quantities: dict[Part, Fraction] = {}
    amounts: dict[tuple[Part, str], Fraction] = {}

    def add(part: Part, currency: str, amount: Fraction) -> None:
        amounts[part, currency] = amounts.get((part, currency), ZERO) + amount

    for event in oracle.valid(strategy):
        if not isinstance(event, Fill | Funding):
            continue
        part, quoted = (names[event.component], event.symbol), oracle.quoted_in(event.symbol)
        quantities.setdefault(part, ZERO)
        if isinstance(event, Funding):
            add(part, event.currency or quoted, Fraction(event.amount))
            continue
        signed = Fraction(event.quantity) * event.side.sign
        quantities[part] += signed
        add(part, quoted, -signed * Fraction(event.price))
        add(part, event.fee_currency or quoted, -Fraction(event.fee))
    for part, quantity in quantities.items():
        add(part, oracle.quoted_in(part[1]), quantity * (oracle.mark(part[1]) or ZERO))
    return {
        part: None
        if quantity and oracle.mark(part[1]) is None
        else worth(oracle, ((currency, amount) for (owner, currency), amount in amounts.items() if owner == part))
        for part, quantity in quantities.items()
    }


def period_values(oracle: Oracle, strategy: str, period: str, zone: ZoneInfo) -> dict[Part, Fraction | None]:
    """Part → P&L since the period began."""
    assert oracle.now is not None
    start = period_start(oracle.now, period, zone)
    past = copy.copy(oracle)
    late = (place for place, event in enumerate(oracle.history) if event.time >= start)
    past.history = oracle.history[: next(late, len(oracle.history))]
    before, now = values(past, strategy), values(oracle, strategy)
    since: dict[Part, Fraction | None] = {}
    for part in {**before, **now}:
        opening, closing = before.get(part, ZERO), now.get(part, ZERO)
        since[part] = None if opening is None or closing is None else closing - opening
    return since


def slippage(oracle: Oracle, strategy: str) -> Fraction | None:
    """What the fills cost against their decision prices, in the reporting currency; above 0 they cost."""
    signals = {id(fill): signal.price for fill, signal in oracle.decided(strategy)}
    costs: dict[str, Fraction] = {}
    for fill in oracle.valid(strategy):
        if isinstance(fill, Fill):
            decided = fill.decision_price or signals.get(id(fill), fill.price)
            quoted = oracle.quoted_in(fill.symbol)
            cost = fill.side.sign * Fraction(fill.quantity) * (Fraction(fill.price) - Fraction(decided))
            costs[quoted] = costs.get(quoted, ZERO) + cost
    return worth(oracle, costs.items())


def market(oracle: Oracle, strategy: str, benchmark: str, step: timedelta) -> Fraction:
    """What the market made of positions in the benchmark itself, whose beta is 1, at points `step` apart.

    From point to point, a position moves with the mark by its quantity at the first of them. It is quoted in the reporting
    currency.
    """
    made, clock, past = ZERO, None, copy.copy(oracle)
    before: tuple[Fraction, Fraction | None] = (ZERO, None)
    for place, event in enumerate(oracle.history):
        if clock is not None and (event.time - EPOCH) // step > (clock - EPOCH) // step:
            past.history = oracle.history[:place]
            now = past.holding(strategy, benchmark).quantity, past.mark(benchmark)
            if before[1] is not None and now[1] is not None:
                made += before[0] * (now[1] - before[1])
            before = now
        clock = event.time if clock is None else max(clock, event.time)
    return made


def worth(oracle: Oracle, amounts: Iterable[tuple[str, Fraction]]) -> Fraction | None:
    """Amounts by currency in the reporting one; None if one that is not 0 has no rate."""
    added = ZERO
    for currency, amount in amounts:
        rate = oracle.rate(currency)
        if amount and rate is None:
            return None
        added += amount * (rate or ZERO)
    return added


def _names(oracle: Oracle, strategy: str, limit: int) -> Iterator[tuple[str | None, str]]:
    """Tag → component, by the order in which the tags came, voided fills included."""
    mine = [event for event in oracle.history if isinstance(event, Fill | Funding) and event.strategy == strategy]
    tags = list(dict.fromkeys(event.component for event in mine if event.component not in {None, "main"}))
    yield None, "main"
    yield "main", "main"
    yield from ((tag, str(tag) if place < limit else "other") for place, tag in enumerate(tags))
