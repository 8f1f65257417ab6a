"""A journal → the figures of its account and strategies, as lines for a terminal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from genesis.commands.report import figures
from genesis.commands.report.layout import WIDTH, moment
from genesis.configuration import Settings
from genesis.core.clock import Clock
from genesis.core.errors import GenesisError
from genesis.database.address import Address
from genesis.ledger.journal import Journal
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.snapshot import MonitorSnapshot, PortfolioSnapshot, StrategySnapshot

_STRATEGY_ERROR = "not known: a strategy's books failed, see below"


async def read(where: Address, settings: Settings, clock: Clock) -> MonitorSnapshot:
    """The snapshot of a journal, which a monitor may have open.

    State that is not in the events (marks, returns on the grid, volume and depth) comes from the monitor's last snapshot in the
    journal.

    Raises:
        JournalError: the journal cannot be read.
    """
    async with Journal(where, clock=clock, read_only=True) as journal:
        monitor = StrategyPerformanceMonitor(
            settings.monitor, settings.rules, journal, clock, configured=settings.strategies.strategies
        )
        await monitor.restore()
        return monitor.snapshot()


def lines(snapshot: MonitorSnapshot, where: Address, strategies: Collection[str] = ()) -> Iterator[str]:
    """The lines of the report: the account, then each strategy; if `strategies` are named, only those, without the account.

    Raises:
        GenesisError: one of `strategies` is not in the journal; the message names those that are.
    """
    known = [*(strategy.name for strategy in snapshot.strategies), *snapshot.failed]
    if missing := [name for name in strategies if name not in known]:
        names = ", ".join(known) or "none"
        raise GenesisError(f"journal {where}: has no strategy {missing[0]!r}; it has: {names}")
    if not strategies:
        number = "1 strategy" if len(known) == 1 else f"{len(known)} strategies"
        yield from _title(f"Account in {snapshot.portfolio.currency}", [number], snapshot)
        yield from _account(snapshot)
        yield ""
    for strategy in snapshot.strategies:
        if not strategies or strategy.name in strategies:
            yield from _title(f"Strategy {strategy.name}", _notes(strategy), snapshot)
            yield from _strategy(strategy)
            yield ""
    for name, error in snapshot.failed.items():
        if not strategies or name in strategies:
            yield from _title(f"Strategy {name}", [], snapshot)
            yield f"  left out, as its books failed: {error}"
            yield ""


def _notes(strategy: StrategySnapshot) -> Iterator[str]:
    if not strategy.configured:
        yield "not in strategies.yaml"
    if strategy.tier_allowed is False:
        yield "not allowed by the tier"
    if strategy.voided_fills:
        yield f"{strategy.voided_fills} fills voided"


def _title(name: str, notes: Iterable[str], snapshot: MonitorSnapshot) -> Iterator[str]:
    until = f"until {moment(snapshot.time)} UTC" if snapshot.time is not None else "no events"
    text = ", ".join(notes)
    yield f"{f'{name} ({text})' if text else name:<{WIDTH - len(until) - 2}}  {until}"
    yield "=" * WIDTH


def _account(snapshot: MonitorSnapshot) -> Iterator[str]:
    portfolio: PortfolioSnapshot = snapshot.portfolio
    if snapshot.failed:
        yield f"  {_STRATEGY_ERROR}"
        return
    equity = portfolio.account.equity
    yield from figures.account(portfolio.account)
    yield from figures.tier(portfolio)
    yield from figures.returns(portfolio.statistics, equity)
    yield from figures.component_risk(portfolio.component_risk, equity)
    yield from figures.correlation(snapshot.correlation)
    yield from figures.causes(portfolio.causes)
    yield from figures.undefined(portfolio.undefined)


def _strategy(strategy: StrategySnapshot) -> Iterator[str]:
    yield from figures.account(strategy.account)
    yield from figures.positions(strategy.holdings)
    yield from figures.round_trips(strategy.trades)
    yield from figures.returns(strategy.statistics, strategy.account.equity)
    yield from figures.attribution(strategy.attribution)
    yield from figures.execution(strategy.execution)
    yield from figures.capacity(strategy.capacity)
    yield from figures.degradation(strategy.degradation)
    yield from figures.undefined(strategy.undefined)
