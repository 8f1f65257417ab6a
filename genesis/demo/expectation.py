"""What the demo prints at its start: what will happen, and how the demo differs from production."""

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
    """The lines to print.

    Args:
        configured: the settings as configured.
        settings: the settings with the changes of the demo.
        options: the user's options.
        rotated: the journal whose audit log rotation writes; None without rotation.
    """
    source = f"the market recorded in {options.market}" if options.market else f"a simulated market (seed {options.seed})"
    yield f"{_strategies(configured, settings)} trade on {source}, at {options.speed:g} × real time."
    if not options.fault:
        yield "No fault is injected: an alert on a strategy would be a false alarm."
    elif FAULTY in settings.strategies.strategies:
        yield from _fault(settings, options, rotates=rotated is not None)
    if rotated is not None:
        yield f"To see what rotation does and why, run in another terminal: genesis rotate status --journal {rotated}"
    if options.stack and _outgrows_sqlite(settings):
        wait = duration_text(settings.alerts.alerts.of(STORAGE_BELOW_TIER).hold)
        yield (
            f"After {wait} StorageBelowTier warns, as it should: this account's tier requires PostgreSQL, and the demo uses "
            "SQLite."
        )
    yield (
        f"Returns are computed every second of market time, not every {duration_text(configured.monitor.statistics.step)} as "
        "in monitor.yaml: value at risk, Sharpe ratio and similar figures are available within a minute."
    )
    yield "Ctrl-C stops everything."


def _strategies(configured: Settings, settings: Settings) -> str:
    known, trading = configured.strategies.strategies, settings.strategies.strategies
    if len(trading) == len(known):
        return ", ".join(known)
    return f"{len(trading)} strategies ({', '.join(known)}, and numbered copies of them, each with its own positions)"


def _fault(settings: Settings, options: DemoOptions, *, rotates: bool) -> Iterator[str]:
    levels = settings.alerts.alerts.of(STRATEGY_DRAWDOWN).levels(FAULTY)
    yield (
        f"After about {GOES_BAD_AFTER / options.speed:g} s the demo injects a fault into the execution of {FAULTY}: it trades "
        "far too often, and its drawdown grows."
    )
    if options.stack:
        yield (
            f"At a drawdown of {percent(levels.warning, 0)} its warning fires, at {percent(levels.critical, 0)} its page; the "
            "notifications that Alertmanager sends to the desk and the pager are printed in this terminal."
        )
    if rotates:
        yield (
            "Rotation reduces it once it is worse than its baseline, pauses it at the drawdown of that page, and gives its "
            "capital to the others."
        )


def _outgrows_sqlite(settings: Settings) -> bool:
    capital = sum((strategy.capital for strategy in settings.strategies.strategies.values()), ZERO)
    tier = settings.rules.tier_of(capital)
    return tier is not None and tier.storage != "sqlite"
