"""Which well-formed events are refused before they are kept, and which are late."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from itertools import islice

from genesis.core.errors import EventError
from genesis.core.models import AnyAccountEvent, AnyEvent, AnyMarketEvent, Fill, Funding, MarketEvent, Signal
from genesis.monitoring.accounts import Accounts
from genesis.settings.events import EventSettings

_LISTED = 10
"""How many of the known strategies a refusal lists."""


class Intake:
    """The admission policy of one monitor. An admitted event may be booked at any later time, in the journal's order."""

    def __init__(self, settings: EventSettings, configured: Collection[str], accounts: Accounts) -> None:
        """`configured`: the names of strategies.yaml; `accounts` are only read."""
        self._settings = settings
        self._configured = configured
        self._accounts = accounts
        self._most_ahead = float("inf") if settings.max_future_seconds is None else settings.max_future_seconds

    def market_refusal(self, event: AnyMarketEvent, lag: float) -> EventError | None:
        """Why a market event is refused, if it is. `lag`: its arrival less its time, in seconds. Runs on every quote."""
        if -lag > self._most_ahead:
            return self._future(event, lag)
        if event.symbol not in self._accounts.ledger.marks:
            return self._one_symbol_more(event.symbol, ())
        return None

    def account_refusals(self, events: Sequence[AnyEvent], arrived: float) -> dict[int, EventError]:
        """Position → why the account event there is refused. `arrived`: wall time, in seconds since 1970."""
        refused: dict[int, EventError] = {}
        strategies: set[str] = set()
        symbols: set[str] = set()
        for position, event in enumerate(events):
            if isinstance(event, MarketEvent):
                continue
            error = (
                self._time_refusal(event, arrived)
                or self._strategy_refusal(event.strategy, strategies)
                or self._symbol_refusal(event, symbols)
            )
            if error is not None:
                refused[position] = error
        return refused

    def is_late(self, event: AnyAccountEvent) -> bool:
        """Whether the event, about to be booked, is far behind the latest event time."""
        latest = self._accounts.ledger.time
        return latest is not None and (latest - event.time).total_seconds() > self._settings.late_after_seconds

    def _time_refusal(self, event: AnyAccountEvent, arrived: float) -> EventError | None:
        lag = arrived - event.time.timestamp()
        return self._future(event, lag) if -lag > self._most_ahead else None

    def _future(self, event: AnyEvent, lag: float) -> EventError:
        arrived = datetime.fromtimestamp(event.time.timestamp() + lag, UTC)
        return EventError(
            "time",
            event.time.isoformat(),
            f"is {-lag:.0f} s ahead of the monitor's clock, which says {arrived.isoformat(timespec='seconds')}; at most "
            f"{self._most_ahead:g} s are allowed: send UTC from a clock that is set, or change events.max_future_seconds",
        )

    def _strategy_refusal(self, strategy: str, fresh: set[str]) -> EventError | None:
        """`fresh`: new names of this call; a new strategy is added."""
        books, settings = self._accounts.records, self._settings
        if strategy in books or strategy in fresh:
            return None
        if settings.unknown_strategies == "refuse" and strategy not in self._configured:
            return EventError("strategy", strategy, f"is not in strategies.yaml, which knows {_listed(self._configured)}")
        if len(books) + len(fresh) >= settings.limit_strategies:
            reason = f"is one more than the {settings.limit_strategies} strategies of events.limit_strategies"
            return EventError("strategy", strategy, reason)
        fresh.add(strategy)
        return None

    def _symbol_refusal(self, event: AnyAccountEvent, fresh: set[str]) -> EventError | None:
        if not isinstance(event, Signal | Fill | Funding):
            return None
        if event.symbol in self._accounts.ledger.marks or event.symbol in fresh:
            return None
        error = self._one_symbol_more(event.symbol, fresh)
        if error is None:
            fresh.add(event.symbol)
        return error

    def _one_symbol_more(self, symbol: str, fresh: Collection[str]) -> EventError | None:
        limit = self._settings.limit_symbols
        if len(self._accounts.ledger.marks) + len(fresh) < limit:
            return None
        return EventError("symbol", symbol, f"is one more than the {limit} symbols of events.limit_symbols")


def _listed(names: Collection[str]) -> str:
    shown = ", ".join(islice(names, _LISTED)) or "none"
    return f"{shown} and {len(names) - _LISTED} more" if len(names) > _LISTED else shown
