"""`strategies.yaml`: the strategies, and what is known of each before it trades."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from genesis.core.duration import Interval
from genesis.settings.section import Name, Section
from genesis.settings.trading_rules import Money


class BaselineSettings(Section):
    """A strategy's returns in its back-test; `genesis baseline` writes it."""

    step: Interval
    """The time between two returns of the back-test."""
    observations: Annotated[int, Field(ge=2)]
    """How many returns there were."""
    mean: Annotated[float, Field(gt=-1, lt=1)]
    """Their mean, as a ratio a step."""
    volatility: Annotated[float, Field(ge=1e-12, lt=10)]
    """Their standard deviation, as a ratio a step."""


class StrategySettings(Section):
    """What is known of a strategy before it trades."""

    capital: Money
    """The capital with which the paper engine starts the strategy, in the reporting currency."""
    expected_slippage_ratio: Annotated[Decimal, Field(ge=0, lt=1)] | None = None
    """The slippage that is expected of a fill, as a share of its decision price."""
    baseline: BaselineSettings | None = None
    """The back-test to compare the live returns with; without one there are no degradation figures."""


class StrategiesSettings(Section):
    """`strategies.yaml`: the strategies by name."""

    strategies: dict[Name, StrategySettings]
    """The strategies by name."""
