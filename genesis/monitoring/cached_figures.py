"""Figures that change with a strategy's own events and not with each mark: computed once between two events."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from genesis.analytics.histogram import HistogramCounts
from genesis.analytics.shortfall import ExecutionFigures, execution_figures
from genesis.core.models import Liquidity, Side
from genesis.ledger.book import Book
from genesis.ledger.holding import Holding, Turnover
from genesis.monitoring.accounts import Accounts
from genesis.monitoring.trip_figures import Trades, trades
from genesis.settings.strategies import StrategySettings

Counted = Mapping[tuple[Side, Liquidity], Turnover]


@dataclass(frozen=True, slots=True)
class EventFigures:
    """The figures of one strategy that only its own events change."""

    trades: Trades
    execution: ExecutionFigures
    turnover: Mapping[str, Counted]
    """By symbol, for symbols with fills; voided fills included."""
    adverse: HistogramCounts
    favourable: HistogramCounts
    delay: HistogramCounts
    voided_fills: int


class EventFiguresCache:
    """The figures of all strategies, each kept until it changes."""

    def __init__(self, accounts: Accounts, configured: Mapping[str, StrategySettings]) -> None:
        """`configured`: the strategies of strategies.yaml."""
        self._accounts = accounts
        self._configured = configured
        self._known: dict[str, tuple[Hashable, EventFigures]] = {}

    def of(self, strategy: str) -> EventFigures:
        """The current figures; call it in `EXACT` arithmetic. The same object while nothing has changed."""
        version = self._version(strategy)
        known = self._known.get(strategy)
        if known is None or known[0] != version:
            known = self._known[strategy] = (version, self._compute(self._accounts.ledger.books[strategy]))
        return known[1]

    def _version(self, strategy: str) -> Hashable:
        """All that the figures depend on: the strategy's events, the rates of its currencies, and the trips in each window."""
        ledger, log = self._accounts.ledger, self._accounts.trips[strategy]
        symbols = self._accounts.decisions.opportunities.get(strategy, {})
        currencies = {*ledger.books[strategy].foreign, *map(ledger.currencies.of_symbol, symbols)}
        return (
            self._accounts.revision(strategy),
            tuple((currency, ledger.rates.get(currency)) for currency in sorted(currencies)),
            log.position(ledger.time) if ledger.time is not None else None,
        )

    def _compute(self, book: Book) -> EventFigures:
        accounts, name = self._accounts, book.strategy
        record, holdings = accounts.records[name], book.holdings.values()
        return EventFigures(
            trades=trades(book, accounts.trips[name], accounts.ledger.rates, accounts.ledger.time),
            execution=self._execution(book),
            turnover={holding.symbol: counted for holding in holdings if (counted := _turnover(holding))},
            adverse=record.adverse.counts(),
            favourable=record.favourable.counts(),
            delay=record.delay.counts(),
            voided_fills=sum(
                turnover.fills for held in holdings for side in held.voided.turnover.values() for turnover in side.values()
            ),
        )

    def _execution(self, book: Book) -> ExecutionFigures:
        accounts, settings = self._accounts, self._configured.get(book.strategy)
        opportunities = accounts.decisions.opportunities.get(book.strategy, {})
        symbols = (*book.holdings, *opportunities)
        return execution_figures(
            book.holdings.values(),
            opportunities,
            {symbol: accounts.ledger.currencies.of_symbol(symbol) for symbol in symbols},
            accounts.ledger.rates,
            expected=settings.expected_slippage_ratio if settings is not None else None,
            recent=accounts.records[book.strategy].recent,
        )


def _turnover(holding: Holding) -> dict[tuple[Side, Liquidity], Turnover]:
    """The counts of the holding's fills, voided ones included."""
    counted = {(side, liquidity): sums for side, kinds in holding.turnover.items() for liquidity, sums in kinds.items()}
    for side, kinds in holding.voided.turnover.items():
        for liquidity, voided in kinds.items():
            known = counted.get((side, liquidity), Turnover())
            counted[side, liquidity] = Turnover(known.fills + voided.fills, known.value + voided.value)
    return counted
