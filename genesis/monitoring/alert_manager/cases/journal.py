"""The cases of the journal."""

from __future__ import annotations

from collections.abc import Iterator

from genesis.core.duration import duration_text
from genesis.monitoring import catalog
from genesis.monitoring.alert_manager.cases.case import Case, Check, held, series
from genesis.monitoring.alert_manager.cases.maker import CaseMaker


def failing(maker: CaseMaker) -> Iterator[Case]:
    """JournalFailing."""
    config = maker.alerts.journal_failing
    firing = [maker.firing(config.severity, {}, window=duration_text(config.window))]
    return maker.moved(config, series(catalog.JOURNAL_COMMIT_ERRORS.name), 2, firing)


def storage(maker: CaseMaker) -> Iterator[Case]:
    """StorageBelowTier."""
    config = maker.alerts.storage_below_tier
    hold, kept = maker.hold(config), maker.kept(config)
    firing = [maker.firing(config.severity, {"backend": "sqlite"})]

    def told(backend: str, wanted: str, steps: int = hold) -> dict[str, str]:
        return {
            series(catalog.JOURNAL_INFO.name, backend=backend): held(1, steps),
            series(catalog.TIER_STORAGE_INFO.name, storage=wanted): held(1, steps),
        }

    yield maker.fires("fires for SQLite in a tier above", told("sqlite", "postgresql"), config, firing)
    for backend, wanted in (("sqlite", "sqlite"), ("postgresql", "postgresql"), ("postgresql", "sqlite")):
        yield maker.silent(f"says nothing of {backend} where {wanted} will do", told(backend, wanted), config)
    alone = dict(list(told("sqlite", "postgresql").items())[:1])
    yield maker.silent("says nothing while the tier is not known", alone, config)
    moved = told("sqlite", "postgresql", 2 * hold + 2 * kept + 4)
    moved[next(iter(moved))] = f"{held(1, hold + 1)} stale"
    over = hold + 2 + kept
    yield maker.case("ends when the journal has moved", moved, [Check(over - 1, firing), Check(over)])
