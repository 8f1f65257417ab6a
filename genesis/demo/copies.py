"""More strategies than are configured: copies of them, to see how fifty look on the boards and what they cost."""

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

MOST: Final = 100
_SectionT = TypeVar("_SectionT", bound=Section)


def with_copies(settings: Settings, wanted: int | None) -> Settings:
    """The settings with `wanted` strategies: the configured ones, and copies of those that the paper engine has.

    A copy is called after its original, with a number (`mean_reversion_07`). It has the original's capital, baseline and
    thresholds, and may trade where the original may; so many positions are allowed as there are strategies.

    Raises:
        StackError: fewer are wanted than are configured, or more than `MOST`.
    """
    known = settings.strategies.strategies
    if wanted is None or wanted == len(known):
        return settings
    originals = [name for name in known if kind_of(name) is not None]
    if not len(known) < wanted <= MOST or not originals:
        raise StackError(
            f"--strategies {wanted}: from {len(known)}, as many as config/strategies.yaml has, to {MOST}; "
            "only those that the paper engine has can be copied"
        )
    copies = dict(islice(_copies(known, originals), wanted - len(known)))
    return settings._replace(
        strategies=StrategiesSettings(strategies={**known, **{copy: known[name] for copy, name in copies.items()}}),
        rules=_allowing(settings.rules, copies, wanted),
        alerts=settings.alerts.model_copy(update={"alerts": _with_overrides(settings.alerts.alerts, copies)}),
    )


def scaled(ratio: Decimal, strategies: int, meant_for: int = 4) -> Decimal:
    """A share of the account that was chosen for `meant_for` strategies, for more of them; as the file writes shares."""
    return ratio if strategies <= meant_for else (ratio * meant_for / strategies).quantize(Decimal("0.0001"))


def _copies(known: Mapping[str, object], originals: list[str]) -> Iterator[tuple[str, str]]:
    """The name of each copy, and its original's: a second one of each, then a third."""
    for number in count(2):
        for name in originals:
            copy = f"{name}_{number:02}"
            if copy not in known:
                yield copy, name


def _allowing(rules: TradingRules, copies: Mapping[str, str], positions: int) -> TradingRules:
    """The tiers with the copies among the strategies that may trade, each with a position."""
    tiers = {}
    for name, tier in rules.tiers.items():
        allowed = tier.strategies
        if allowed is not None:
            allowed |= {copy for copy, original in copies.items() if original in allowed}
        tiers[name] = tier.model_copy(update={"strategies": allowed, "max_positions": max(tier.max_positions, positions)})
    return rules.model_copy(update={"tiers": tiers})


def _with_overrides(section: _SectionT, copies: Mapping[str, str]) -> _SectionT:
    """The section with each strategy's own thresholds for its copies, too, however deep they stand."""
    changed: dict[str, Any] = {}
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Section):
            changed[name] = _with_overrides(value, copies)
        elif name == "overrides":
            changed[name] = {**value, **{copy: value[original] for copy, original in copies.items() if original in value}}
    return section.model_copy(update=changed)
