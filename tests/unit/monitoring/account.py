"""Short ways to make events of one small account, for the tests of this folder."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

from genesis.configuration import load_settings
from genesis.core.models import CapitalFlow, Fill, Liquidity, Quote, Side, Signal
from genesis.ledger.journal import Journal
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.monitor import MonitorSettings
from genesis.settings.trading_rules import TradingRules
from genesis.snapshot import StrategySnapshot

START = datetime(2026, 1, 7, 12, tzinfo=UTC)
ROOT = Path(__file__).parents[3]
_numbers = count()


def rules() -> TradingRules:
    return load_settings(ROOT / "config").rules


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def capital(amount: str, strategy: str = "alpha", seconds: float = 0) -> CapitalFlow:
    return CapitalFlow(time=at(seconds), event_id=f"c{next(_numbers)}", strategy=strategy, amount=Decimal(amount))


def quote(bid: str, ask: str, symbol: str = "BTCUSDT", seconds: float = 0) -> Quote:
    return Quote(time=at(seconds), symbol=symbol, bid=Decimal(bid), ask=Decimal(ask))


def signal(event_id: str, side: Side, price: str, strategy: str = "alpha", seconds: float = 0) -> Signal:
    return Signal(
        time=at(seconds),
        event_id=event_id,
        strategy=strategy,
        symbol="BTCUSDT",
        side=side,
        quantity=Decimal(1),
        price=Decimal(price),
    )


def fill(
    side: Side,
    quantity: str,
    price: str,
    *,
    fee: str = "0",
    strategy: str = "alpha",
    symbol: str = "BTCUSDT",
    seconds: float = 0,
    event_id: str | None = None,
    fee_currency: str | None = None,
    signal_id: str | None = None,
) -> Fill:
    return Fill(
        time=at(seconds),
        event_id=event_id or f"f{next(_numbers)}",
        strategy=strategy,
        symbol=symbol,
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        fee=Decimal(fee),
        fee_currency=fee_currency,
        liquidity=Liquidity.TAKER,
        signal_id=signal_id,
    )


@asynccontextmanager
async def monitor(
    journal: Path | str = ":memory:", settings: MonitorSettings | None = None
) -> AsyncIterator[StrategyPerformanceMonitor]:
    """A restored monitor on a journal of its own."""
    async with Journal(journal) as opened:
        made = StrategyPerformanceMonitor(settings or MonitorSettings(), rules(), opened)
        await made.restore()
        yield made


def strategy(made: StrategyPerformanceMonitor, name: str = "alpha") -> StrategySnapshot:
    return next(s for s in made.snapshot().strategies if s.name == name)
