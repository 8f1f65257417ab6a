"""`trading_rules.yaml`: the tiers of the account, and their limits."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field, model_validator

from genesis.core.models import Storage, Tier
from genesis.settings.section import Name, Ratio, Section

Money = Annotated[Decimal, Field(gt=0, lt=Decimal("1e15"), decimal_places=18)]


class TierSettings(Section):
    """One tier of the account, as `trading_rules.yaml` writes it."""

    min_capital: Annotated[Decimal, Field(ge=0)]
    """The smallest equity of the tier; must be the `max_capital` of the tier below."""
    max_capital: Money | None
    """The equity at which the next tier begins; null for the highest."""
    max_daily_loss: Money
    """The most that the account may lose in a day, above 0."""
    max_positions: Annotated[int, Field(ge=1)]
    """How many positions may be open at a time."""
    stop_loss_ratio: Ratio
    """The loss of a position at which it is closed, as a share of its value."""
    position_risk_ratio: Ratio
    """The most that one position may risk, as a share of the equity."""
    strategies: frozenset[Name] | None
    """The strategies that may trade; null allows all."""
    storage: Storage
    """The storage that the journal needs: sqlite or postgresql. StorageBelowTier fires if it has less."""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> TierSettings:
        if self.max_capital is not None and self.max_capital <= self.min_capital:
            raise ValueError(f"max_capital {self.max_capital} must be above min_capital {self.min_capital}")
        return self

    def tier(self, name: str) -> Tier:
        return Tier(name=name, **dict(self))


class TradingRules(Section):
    """`trading_rules.yaml`: the tiers, from the smallest account to the largest, without a gap."""

    tiers: Annotated[dict[Name, TierSettings], Field(min_length=1)]
    """The tiers by name, from the smallest account to the largest."""
    correlation_alert_ratio: Ratio
    """Two strategies whose returns correlate more than this are the same bet."""

    @model_validator(mode="after")
    def _tiers_follow_each_other(self) -> TradingRules:
        names, tiers = list(self.tiers), list(self.tiers.values())
        for (name, tier), following in zip(self.tiers.items(), [*tiers[1:], None], strict=True):
            if following is None:
                if tier.max_capital is not None:
                    raise ValueError(f"tiers.{name}.max_capital of the highest tier must be null, not {tier.max_capital}")
            elif tier.max_capital != following.min_capital:
                above = names[tiers.index(following)]
                raise ValueError(
                    f"tiers.{name}.max_capital {tier.max_capital} must equal tiers.{above}.min_capital {following.min_capital}"
                )
        return self

    def all_tiers(self) -> tuple[Tier, ...]:
        """The tiers from the smallest account to the largest."""
        return tuple(settings.tier(name) for name, settings in self.tiers.items())

    def tier_of(self, capital: Decimal) -> Tier | None:
        """The tier of an account of this size; None below the smallest. A tier begins at its `min_capital`."""
        return next((tier for tier in reversed(self.all_tiers()) if capital >= tier.min_capital), None)
