"""What the demo says at its start: what is going to happen, and what is otherwise than in earnest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from genesis.alerts.catalog.journal import STORAGE_BELOW_TIER
from genesis.alerts.catalog.losses import STRATEGY_DRAWDOWN
from genesis.configuration import Settings
from genesis.core.duration import duration_text
from genesis.core.money import ZERO
from genesis.demo.options import DemoOptions
from genesis.demo.screen import percent
from genesis.demo.settings import FAULTY, GOES_BAD_AFTER


def expectations(configured: Settings, settings: Settings, options: DemoOptions, rotated: Path | None) -> Iterator[str]:
    """The lines.

    Args:
        configured: what the configuration says.
        settings: what the demo made of it.
        options: what the user chose.
        rotated: the journal beside which rotation keeps its audit log; None without rotation.
    """
    source = f"the market recorded in {options.market}" if options.market else f"a simulated market (seed {options.seed})"
    yield f"{_strategies(configured, settings)} trade on {source}, at {options.speed:g} × real time."
    if not options.fault:
        yield "Nothing is broken on purpose: a page or warning of a strategy would be a false one."
    elif FAULTY in settings.strategies.strategies:
        yield from _fault(settings, options, rotates=rotated is not None)
    if rotated is not None:
        yield f"Ask rotation what it does and why, from another terminal: genesis rotate status --journal {rotated}"
    if options.stack and _outgrows_sqlite(settings):
        wait = duration_text(settings.alerts.alerts.of(STORAGE_BELOW_TIER).hold)
        yield f"After {wait} StorageBelowTier warns, rightly: this account's tier wants PostgreSQL, the demo has SQLite."
    yield (
        f"Returns are taken every second of market time, not every {duration_text(configured.monitor.statistics.step)} "
        "as monitor.yaml says: value at risk, Sharpe and their like are there within a minute."
    )
    yield "Ctrl-C stops everything."


def _strategies(configured: Settings, settings: Settings) -> str:
    known, trading = configured.strategies.strategies, settings.strategies.strategies
    if len(trading) == len(known):
        return ", ".join(known)
    return f"{len(trading)} strategies ({', '.join(known)}, and numbered copies of them, each with a position of its own)"


def _fault(settings: Settings, options: DemoOptions, *, rotates: bool) -> Iterator[str]:
    levels = settings.alerts.alerts.of(STRATEGY_DRAWDOWN).levels(FAULTY)
    yield (
        f"After about {GOES_BAD_AFTER / options.speed:g} s the execution of {FAULTY} breaks, on purpose: "
        "it trades over and over, and its drawdown grows."
    )
    if options.stack:
        yield (
            f"At {percent(levels.warning, 0)} its warning fires, at {percent(levels.critical, 0)} its page; "
            "what Alertmanager then sends to the desk and the pager arrives in this terminal."
        )
    if rotates:
        yield (
            "Rotation reduces it once it is worse than its baseline, pauses it when that page is due, and gives its capital "
            "to the others."
        )


def _outgrows_sqlite(settings: Settings) -> bool:
    capital = sum((strategy.capital for strategy in settings.strategies.strategies.values()), ZERO)
    tier = settings.rules.tier_of(capital)
    return tier is not None and tier.storage != "sqlite"
