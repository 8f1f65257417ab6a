"""The cases of the journal."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from genesis.alerts.cases.case import Case, Check, Firing, around, held, human, series, whole
from genesis.alerts.cases.maker import CaseMaker
from genesis.alerts.figure import SEVERITIES, percent
from genesis.alerts.promql import number
from genesis.core.duration import duration_text
from genesis.metrics import catalog


def failing(maker: CaseMaker) -> Iterator[Case]:
    """JournalFailing."""
    config = maker.of("JournalFailing")
    firing = [maker.firing(config.severity, {}, window=duration_text(config.window))]
    return maker.moved(config, series(catalog.JOURNAL_COMMIT_ERRORS.name), 2, firing)


def slow(maker: CaseMaker) -> Iterator[Case]:
    """JournalSlow."""
    config = maker.of("JournalSlow")
    hold, window, kept = maker.hold(config) + 1, maker.time.steps(config.window), maker.kept(config)
    name, many = catalog.JOURNAL_APPEND_SECONDS.name, whole(config.quantile, config.min_appends)
    levels = {severity: getattr(config, severity) for severity in SEVERITIES}
    warning, critical = (Decimal(str(level.total_seconds())) for level in levels.values())

    def took(value: Decimal, appends: int = many, share: Decimal = config.quantile, steps: int = hold) -> dict[str, str]:
        buckets = {number(value): int(appends * share), "3600": appends, "+Inf": appends}
        told = {series(f"{name}_bucket", le=le): within for le, within in buckets.items()}
        told[series(f"{name}_count")] = appends
        return {one: f"0 {held(count, steps)}" for one, count in told.items()}

    def firing(value: Decimal) -> list[Firing]:
        words = {"value": human(float(value)), "quantile": percent(config.quantile), "window": duration_text(config.window)}
        return [
            maker.firing(severity, {}, threshold=duration_text(level), **words)
            for severity, level in levels.items()
            if float(value) >= level.total_seconds()
        ]

    for text, value in around(warning, critical):
        yield maker.case(text, took(value), [Check(hold - 1), Check(hold, firing(value))])
    yield maker.case("says nothing of too few appends", took(critical, config.min_appends - 1), [Check(hold)])
    quick = {one.replace(f'le="{number(critical)}"', 'le="0.0001"'): values for one, values in took(critical).items()}
    yield maker.case("says nothing of a few slow appends among many", quick, [Check(hold)])
    yield maker.absent(config)
    over = window + 1 + kept
    checks = [Check(window - 1 + kept, firing(critical)), Check(over)]
    yield maker.case("ends when they have left the window", took(critical, steps=over), checks)


def storage(maker: CaseMaker) -> Iterator[Case]:
    """StorageBelowTier."""
    config = maker.of("StorageBelowTier")
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
