"""Six years of a recorded account: its transactions as fills, its positions as marks, its own cash and returns as the oracle.

The account is not part of the repository: GENESIS_TEST_DATA names the folder that holds `pyfolio_*.csv.gz`.
"""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from genesis.configuration import load_settings
from genesis.core.models import CapitalFlow, Fill, Quote, Side
from genesis.core.money import exact_arithmetic
from genesis.core.receipt import Outcome
from genesis.ledger.currency import Currencies
from genesis.ledger.equity import EquityGrid, GridStep
from genesis.ledger.journal import Journal
from genesis.ledger.ledger import Ledger
from genesis.ledger.periods import Period
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.monitor import MonitorSettings
from genesis.settings.statistics import StatisticsSettings
from genesis.snapshot import StrategySnapshot

FOLDER = os.environ.get("GENESIS_TEST_DATA")
RULES = load_settings(Path(__file__).parents[2] / "config").rules
DAY = timedelta(days=1)
CLOSE = timedelta(hours=21)
"""When all of a day happens."""
CASH = "cash"
CAPITAL = Decimal(100_000)
MONEY_TOLERANCE, RETURN_TOLERANCE = 1e-6, 1e-9
SUM_TOLERANCE = 1e-5
"""Of the cash after six years: the recorded prices are rounded to 11 places, of fills of up to 28,003 shares. The recorded cash
effects, which are rounded too, themselves add up to the recorded cash within 4.2e-6 only."""

pytestmark = pytest.mark.skipif(not FOLDER, reason="GENESIS_TEST_DATA does not name a folder of recorded market data")


class Session(NamedTuple):
    """One day of the account, as it was recorded."""

    date: datetime
    value: dict[str, float]
    """Symbol → value at the close; `cash` is among them."""
    paid: dict[str, float]
    """Symbol → cash effect of its transactions."""
    recorded_return: float
    events: list[Fill | Quote]


def rows(name: str) -> Iterator[dict[str, str]]:
    with gzip.open(Path(str(FOLDER)) / f"pyfolio_{name}.csv.gz", "rt", encoding="utf-8") as file:
        yield from csv.DictReader(file)


@pytest.fixture(scope="module")
def sessions() -> list[Session]:
    positions = {row.pop("date"): row for row in rows("positions")}
    bought = {date: list(group) for date, group in groupby(rows("transactions"), itemgetter("date"))}
    shares: dict[str, Decimal] = {}
    return [
        _session(date, float(row["ret"]), positions.get(date, {CASH: str(CAPITAL)}), bought.get(date, []), shares)
        for row in rows("returns")
        if (date := row["date"])
    ]


def _session(
    date: str, recorded: float, values: dict[str, str], bought: Sequence[dict[str, str]], shares: dict[str, Decimal]
) -> Session:
    day = datetime.fromisoformat(date).replace(tzinfo=UTC)
    fills = [_fill(day + CLOSE, f"{date}-{number}", row) for number, row in enumerate(bought)]
    paid: dict[str, float] = {}
    for fill, row in zip(fills, bought, strict=True):
        shares[fill.symbol] = shares.get(fill.symbol, Decimal(0)) + fill.signed_quantity
        paid[fill.symbol] = paid.get(fill.symbol, 0.0) + float(row["txn_dollars"])
    closes = {symbol: Decimal(value) / shares[symbol] for symbol, value in values.items() if shares.get(symbol)}
    quotes = [_quote(day + CLOSE, symbol, price.quantize(Decimal("1e-18"))) for symbol, price in closes.items()]
    return Session(day, {symbol: float(value) for symbol, value in values.items()}, paid, recorded, [*fills, *quotes])


def _fill(time: datetime, event_id: str, row: dict[str, str]) -> Fill:
    amount = Decimal(row["amount"])
    side = Side.BUY if amount > 0 else Side.SELL
    return Fill(
        time=time,
        event_id=event_id,
        strategy="recorded",
        symbol=row["symbol"],
        side=side,
        quantity=abs(amount),
        price=Decimal(row["price"]),
    )


def _quote(time: datetime, symbol: str, price: Decimal) -> Quote:
    return Quote(time=time, symbol=symbol, bid=price, ask=price)


def funded(start: datetime) -> CapitalFlow:
    return CapitalFlow(time=start - DAY, event_id="capital", strategy="recorded", amount=CAPITAL)


def cash_of(strategy: StrategySnapshot) -> Decimal:
    values = [holding.value for holding in strategy.holdings]
    assert strategy.account.equity is not None
    return strategy.account.equity - sum((value for value in values if value is not None), Decimal(0))


async def test_cash_returns_and_the_pnl_of_each_stock_are_the_recorded_ones_on_every_day(sessions: list[Session]) -> None:
    settings = MonitorSettings(statistics=StatisticsSettings(step=DAY, windows=(30 * DAY,), risk_window=30 * DAY))
    equity, cash, before = CAPITAL, CAPITAL, sessions[0].value
    async with Journal(":memory:") as journal:
        monitor = StrategyPerformanceMonitor(settings, RULES, journal)
        await monitor.restore()
        await monitor.handle(funded(sessions[0].date))
        for day in sessions:
            receipts = await monitor.handle_batch(day.events)
            assert {receipt.outcome for receipt in receipts} <= {Outcome.ACCEPTED}
            (strategy,) = monitor.snapshot().strategies
            spent, cash = cash - cash_of(strategy), cash_of(strategy)
            assert spent == sum(fill.signed_quantity * fill.price for fill in day.events if isinstance(fill, Fill))
            assert float(spent) == pytest.approx(before[CASH] - day.value[CASH], abs=MONEY_TOLERANCE), day.date
            assert float(cash) == pytest.approx(day.value[CASH], abs=SUM_TOLERANCE), day.date
            assert strategy.account.equity is not None
            assert float(strategy.account.equity / equity - 1) == pytest.approx(day.recorded_return, abs=RETURN_TOLERANCE)
            earned = {part.symbol: float(part.period_pnl[Period.DAY] or 0) for part in strategy.attribution.parts}
            if day.events:
                assert earned == pytest.approx(stock_pnl(before, day), abs=MONEY_TOLERANCE), day.date
            assert strategy.attribution.residual == 0
            equity, before = strategy.account.equity, day.value
    assert len(sessions) > 1500


def stock_pnl(before: dict[str, float], day: Session) -> dict[str, float]:
    """Of a day, by the records alone: what a stock is worth more, and what was received for it."""
    return {
        symbol: value - before.get(symbol, 0.0) + day.paid.get(symbol, 0.0)
        for symbol, value in day.value.items()
        if symbol != CASH
    }


def test_returns_on_a_grid_of_days_are_the_recorded_ones(sessions: list[Session]) -> None:
    steps: list[GridStep] = []
    grid = EquityGrid(DAY, listener=steps.append)
    ledger = Ledger(ZoneInfo("UTC"), Currencies("USDT"), grid)
    with exact_arithmetic():
        ledger.watch()
        ledger.apply(funded(sessions[0].date))
        for day in sessions:
            for event in day.events:
                ledger.quote(event) if isinstance(event, Quote) else ledger.apply(event)
        ledger.advance(sessions[-1].date + DAY)
    found = {grid.time_of(step.point) - DAY: step.returns["recorded"] for step in steps[1:]}
    recorded = {day.date: day.recorded_return for day in sessions}
    assert set(recorded) <= set(found)
    for date, value in found.items():
        assert value == pytest.approx(recorded.get(date, 0.0), abs=RETURN_TOLERANCE), date
