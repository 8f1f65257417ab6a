"""Random histories of an account, for hypothesis: legal events in an order that nobody would choose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypedDict

import msgspec
from hypothesis import strategies as st

from genesis.core.models import (
    AnyEvent,
    CapitalFlow,
    Depth,
    Fill,
    Funding,
    Level,
    Liquidity,
    MarketTrade,
    Quote,
    Side,
    Signal,
    SignalEnd,
    Void,
)
from genesis.settings.statistics import DegradationSettings, StatisticsSettings

COMPONENTS = (None, None, "main", "entry", "hedge")
START = datetime(2024, 2, 25, 22, 30, tzinfo=UTC)  # a Sunday; the month ends within the week
STRATEGIES = ("carry", "pairs", "scalper")
SYMBOLS = ("BTC", "ETH", "SOL", "BNBUSDT")


# Days pass between two events: on a grid of minutes a test that asks nothing of returns would be of little else.
_YEARS = timedelta(weeks=3 * 52)
NO_GRID = StatisticsSettings(
    step=timedelta(weeks=52),
    windows=(_YEARS,),
    risk_window=_YEARS,
    min_observations=3,
    degradation=DegradationSettings(false_alarm_interval=timedelta(weeks=10 * 52)),
)


class Market(TypedDict):
    """What is configured of currencies."""

    conversions: dict[str, str]
    symbol_currencies: dict[str, str]


# What may be configured of currencies: nothing; a conversion of its own; one that is traded; symbols in other currencies,
# one of them without a conversion; a symbol in the currency that is converted at another one.
MARKETS: tuple[Market, ...] = (
    {"conversions": {}, "symbol_currencies": {}},
    {"conversions": {"BNB": "BNBUSDT"}, "symbol_currencies": {}},
    {"conversions": {"BNB": "BTC", "EUR": "BTC"}, "symbol_currencies": {}},
    {"conversions": {"BNB": "BNBUSDT"}, "symbol_currencies": {"SOL": "BNB", "ETH": "EUR", "BTC": "USDT"}},
    {"conversions": {"BNB": "BNBUSDT", "EUR": "BTC"}, "symbol_currencies": {"SOL": "EUR", "ETH": "EUR"}},
)
# Microseconds to the next event: none, the least, a little, over midnight, over a week and a month.
GAPS = (0, 0, 1, 1_000_000, 60_000_000, 5_400_000_000, 93_600_000_000, 864_000_000_000)


@dataclass(frozen=True)
class Values:
    """Which numbers a history is made of."""

    prices: st.SearchStrategy[Decimal]
    quantities: st.SearchStrategy[Decimal]
    amounts: st.SearchStrategy[Decimal]
    """Fees and funding, of either sign."""
    flows: st.SearchStrategy[Decimal]


def _decimals(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(Decimal(low), Decimal(high), places=places, allow_nan=False)


# Few different quantities, so that positions close and flip often.
_LOTS = st.sampled_from([Decimal(text) for text in ("1", "1", "2", "3", "0.5", "0.00000001", "7.25")])
PLAIN = Values(
    prices=_decimals("0.01", "300", 2) | _decimals("0.00000001", "1000", 8),
    quantities=_LOTS | _decimals("0.001", "50", 3),
    amounts=_decimals("-2", "2", 8) | st.just(Decimal(0)),
    flows=_decimals("-3000", "3000", 2) | st.just(Decimal(10_000)),
)
_ANY = _decimals("1e-18", "999999999999999.999999999999999999", 18)
_TINY = _decimals("1e-18", "1e-9", 18)
_HUGE = _decimals("1e14", "999999999999999.999999999999999999", 18)
_WILD = _ANY | _TINY | _HUGE | st.just(Decimal("1e-18"))
WILD = Values(
    prices=_WILD,
    quantities=_WILD | _LOTS,
    amounts=_WILD | _WILD.map(Decimal.copy_negate) | st.just(Decimal(0)),
    flows=_WILD | _WILD.map(Decimal.copy_negate),
)


@st.composite
def histories(draw: st.DrawFn, values: Values, *, length: int = 30, late: bool = True, voids: int = 3) -> list[AnyEvent]:
    """Events in the order in which they arrive; times never fall, but for late quotes and trades, if wanted.

    `voids`: how many of 30 void a fill, now and then one of another strategy, or one that is void already.
    """
    time = START
    events: list[AnyEvent] = []
    for number in range(draw(st.integers(1, length))):
        time += timedelta(microseconds=draw(st.sampled_from(GAPS)))
        event = draw(_event(values, time, number, late=late))
        fills = [earlier for earlier in events if isinstance(earlier, Fill)]
        if fills and draw(st.integers(0, 29)) < voids:
            event = _void(draw(st.sampled_from(fills)), time, number, draw(st.sampled_from([*[None] * 9, "other"])))
        signals = [earlier for earlier in events if isinstance(earlier, Signal)]
        if isinstance(event, Fill) and signals and draw(st.booleans()):
            event = _led_to_by(event, draw(st.sampled_from(signals)))
        if signals and draw(st.integers(0, 29)) < 2:
            event = _end(draw(st.sampled_from(signals)), time, number, draw(st.sampled_from([*[None] * 4, "other"])))
        events.append(event)
    return events


def _void(fill: Fill, time: datetime, number: int, strategy: str | None) -> Void:
    return Void(time=time, source=fill.source, event_id=f"e{number}", strategy=strategy or fill.strategy, voids=fill.event_id)


def _end(signal: Signal, time: datetime, number: int, strategy: str | None) -> SignalEnd:
    owner = strategy or signal.strategy
    return SignalEnd(time=time, source=signal.source, event_id=f"e{number}", strategy=owner, signal_id=signal.event_id)


def _led_to_by(fill: Fill, signal: Signal) -> Fill:
    return msgspec.structs.replace(
        fill, strategy=signal.strategy, symbol=signal.symbol, side=signal.side, signal_id=signal.event_id
    )


@st.composite
def _event(draw: st.DrawFn, values: Values, time: datetime, number: int, *, late: bool) -> AnyEvent:
    kind = draw(
        st.sampled_from(["fill"] * 8 + ["quote"] * 8 + ["trade"] * 3 + ["funding", "flow"] * 2 + ["signal"] * 2 + ["depth"])
    )
    symbol = draw(st.sampled_from(SYMBOLS))
    if kind == "quote":
        one, other = draw(values.prices), draw(values.prices)
        return Quote(time=_maybe_late(draw, time, late), symbol=symbol, bid=min(one, other), ask=max(one, other))
    if kind == "trade":
        time = _maybe_late(draw, time, late)
        return MarketTrade(time=time, symbol=symbol, price=draw(values.prices), quantity=draw(values.quantities))
    if kind == "depth":
        return Depth(time=time, symbol=symbol, bids=(Level(draw(values.prices), Decimal(1)),), asks=())
    known = {"time": time, "source": "test", "event_id": f"e{number}", "strategy": draw(st.sampled_from(STRATEGIES))}
    return draw(_account_event(kind, values, known, symbol))


@st.composite
def _account_event(draw: st.DrawFn, kind: str, values: Values, known: dict[str, Any], symbol: str) -> AnyEvent:
    if kind == "funding":
        currency = draw(st.sampled_from([None, None, "USDT", "BNB", "EUR"]))
        component = draw(st.sampled_from(COMPONENTS))
        return Funding(**known, symbol=symbol, amount=draw(values.amounts), currency=currency, component=component)
    if kind == "flow":
        return CapitalFlow(**known, amount=draw(values.flows))
    side, quantity, price = draw(st.sampled_from(Side)), draw(values.quantities), draw(values.prices)
    if kind == "signal":
        return Signal(**known, symbol=symbol, side=side, quantity=quantity, price=price)
    return Fill(
        **known,
        symbol=symbol,
        side=side,
        quantity=quantity,
        price=price,
        fee=draw(values.amounts),
        fee_currency=draw(st.sampled_from([None, "USDT", "USDT", "BNB", "BNB", "EUR"])),
        liquidity=draw(st.sampled_from(Liquidity)),
        signal_id=draw(st.none() | st.integers(0, 9).map(lambda other: f"e{other}")),
        component=draw(st.sampled_from(COMPONENTS)),
    )


def _maybe_late(draw: st.DrawFn, time: datetime, late: bool) -> datetime:
    return time - timedelta(seconds=draw(st.sampled_from([0, 0, 0, 0, 30, 7200]))) if late else time
