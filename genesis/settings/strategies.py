"""`strategies.yaml`: the strategies, and what is known of each before it trades."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from genesis.core.duration import Interval
from genesis.settings.section import Name, Section
from genesis.settings.trading_rules import Money


class BaselineSettings(Section):
    """What a strategy's returns were in its back-test; `genesis baseline` writes it."""

    step: Interval
    """The distance of two returns of the back-test."""
    observations: Annotated[int, Field(ge=2)]
    """How many returns there were."""
    mean: Annotated[float, Field(gt=-1, lt=1)]
    """Their mean, as a ratio a step."""
    volatility: Annotated[float, Field(ge=1e-12, lt=10)]
    """Their standard deviation, as a ratio a step."""


class StrategySettings(Section):
    """What is known of a strategy before it trades."""

    capital: Money
    """What the paper engine starts the strategy with, in the reporting currency."""
    expected_slippage_ratio: Annotated[Decimal, Field(ge=0, lt=1)] | None = None
    """What a fill may cost against its decision price, as a share of it."""
    baseline: BaselineSettings | None = None
    """What the live returns are compared with; without one there are no degradation figures."""


class StrategiesSettings(Section):
    """`strategies.yaml`: the strategies by name."""

    strategies: dict[Name, StrategySettings]
    """The strategies by name."""
