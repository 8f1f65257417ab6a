"""Copies of the configured strategies, to see how fifty look on the boards and how much load they cause."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import count, islice
from typing import Any, Final, TypeVar

from genesis.configuration import Settings
from genesis.core.errors import StackError
from genesis.engine.paper import kind_of
from genesis.settings.section import Section
from genesis.settings.strategies import StrategiesSettings
from genesis.settings.trading_rules import TradingRules

MAX_STRATEGIES: Final = 100
_SectionT = TypeVar("_SectionT", bound=Section)


def with_copies(settings: Settings, wanted: int | None) -> Settings:
    """The settings with `wanted` strategies: the configured ones, and copies of those that the paper engine has.

    A copy has the name of its original with a number (`mean_reversion_07`), and the original's capital, baseline and
    thresholds. It is allowed in the same tiers; every tier allows at least one position for each strategy.

    Raises:
        StackError: `wanted` is below the configured number or above `MAX_STRATEGIES`, or the paper engine has none of the
            configured strategies.
    """
    known = settings.strategies.strategies
    if wanted is None or wanted == len(known):
        return settings
    originals = [name for name in known if kind_of(name) is not None]
    if not len(known) < wanted <= MAX_STRATEGIES or not originals:
        raise StackError(
            f"--strategies {wanted}: must be from {len(known)} (the number in config/strategies.yaml) to {MAX_STRATEGIES}; "
            "only strategies that the paper engine has can be copied"
        )
    copies = dict(islice(_copies(known, originals), wanted - len(known)))
    return settings._replace(
        strategies=StrategiesSettings(strategies={**known, **{copy: known[name] for copy, name in copies.items()}}),
        rules=_rules_with(settings.rules, copies, wanted),
        alerts=settings.alerts.model_copy(update={"alerts": _with_overrides(settings.alerts.alerts, copies)}),
    )


def scaled(ratio: Decimal, strategies: int, meant_for: int = 4) -> Decimal:
    """Scale a share of the account that was chosen for `meant_for` strategies to a larger number; rounded to 0.0001."""
    return ratio if strategies <= meant_for else (ratio * meant_for / strategies).quantize(Decimal("0.0001"))


def _copies(known: Mapping[str, object], originals: list[str]) -> Iterator[tuple[str, str]]:
    """Name of the copy and of its original: number 2 of each original, then number 3, and so on."""
    for number in count(2):
        for name in originals:
            copy = f"{name}_{number:02}"
            if copy not in known:
                yield copy, name


def _rules_with(rules: TradingRules, copies: Mapping[str, str], positions: int) -> TradingRules:
    """The rules with the copies among the allowed strategies of each tier, and with at least `positions` positions."""
    tiers = {}
    for name, tier in rules.tiers.items():
        allowed = tier.strategies
        if allowed is not None:
            allowed |= {copy for copy, original in copies.items() if original in allowed}
        tiers[name] = tier.model_copy(update={"strategies": allowed, "max_positions": max(tier.max_positions, positions)})
    return rules.model_copy(update={"tiers": tiers})


def _with_overrides(section: _SectionT, copies: Mapping[str, str]) -> _SectionT:
    """The section with each strategy's own thresholds also for its copies, at every depth."""
    changed: dict[str, Any] = {}
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Section):
            changed[name] = _with_overrides(value, copies)
        elif name == "overrides":
            changed[name] = {**value, **{copy: value[original] for copy, original in copies.items() if original in value}}
    return section.model_copy(update=changed)
