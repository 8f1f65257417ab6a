"""The frozen picture of the account: what the exporter, the API, the report and the demo read.

Money is `Decimal` in the reporting currency, ratios and seconds are floats. A figure that cannot be computed is None, and
`undefined` holds the reason under the figure's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from genesis.analytics.attribution import AttributionFigures, Causes
from genesis.analytics.capacity import CapacityFigures
from genesis.analytics.correlation import CorrelationFigures
from genesis.analytics.degradation import DegradationFigures
from genesis.analytics.histogram import HistogramCounts
from genesis.analytics.risk import Tail
from genesis.analytics.shortfall import ExecutionFigures
from genesis.core.models import Liquidity, Side, Tier
from genesis.ledger.drawdown import Episode
from genesis.ledger.holding import Turnover
from genesis.ledger.periods import Period
from genesis.ledger.reconciliation import Reconciliation
from genesis.ledger.source_gaps import NumberOrder
from genesis.ledger.trips import Streaks, TripCounts

Key = tuple[str, str]
"""Method and confidence of a value at risk, as in its labels."""


@dataclass(frozen=True, slots=True)
class AccountSnapshot:
    """Money of one strategy, or of the whole account."""

    capital: Decimal
    realized: Decimal | None
    unrealized: Decimal | None
    fees: Decimal | None
    """Paid, above 0."""
    funding: Decimal | None
    """Received, above 0."""
    net_pnl: Decimal | None
    equity: Decimal | None
    period_pnl: Mapping[Period, Decimal | None]
    drawdown: Decimal | None
    drawdown_ratio: float | None
    max_drawdown_ratio: float | None
    under_water_seconds: float | None
    last_recovery_seconds: float | None
    longest_recovery_seconds: float | None
    open_episode: Episode | None
    """The current drawdown, which has not recovered; None at the peak."""
    worst_episodes: tuple[Episode, ...]
    """The deepest drawdowns that are over, the deepest first."""
    undefined: Mapping[str, str]
    """Figure → reason why it is None."""


@dataclass(frozen=True, slots=True)
class HoldingSnapshot:
    """A strategy's position and trading in one symbol."""

    symbol: str
    quantity: Decimal
    realized: Decimal
    """Before fees, in the currency of the symbol."""
    value: Decimal | None
    """At the mark, signed; None without a mark, or without a rate of the symbol's currency."""
    unrealized: Decimal | None
    turnover: Mapping[tuple[Side, Liquidity], Turnover]
    """In the currency of the symbol; fills that were voided later included."""


@dataclass(frozen=True, slots=True)
class TripFigures:
    """Round trips of a strategy that closed in a window of event time; money in the reporting currency."""

    wins: int
    losses: int
    evens: int
    unvalued: int
    win_rate: float | None
    profit_factor: float | None
    expectancy: float | None
    average_win: float | None
    average_loss: float | None
    """Above 0."""
    holding_seconds: float | None
    """Mean event time from the opening to the closing."""
    winner_holding_seconds: float | None
    loser_holding_seconds: float | None


@dataclass(frozen=True, slots=True)
class TradesSnapshot:
    """Round trips of a strategy since the start, and over windows."""

    wins: int
    losses: int
    evens: int
    unvalued: int
    """Charged in a currency whose rate was not known then; not part of the other figures."""
    gross_profit: Decimal | None
    gross_loss: Decimal | None
    counted: TripCounts
    """The counts, with those round trips that a void unmade."""
    win_rate: float | None
    profit_factor: float | None
    expectancy: float | None
    streaks: Streaks
    """Wins and losses in a row, now and at most."""
    windows: Mapping[str, TripFigures | None]
    """By window, `all` since the start; None where there were too many to keep."""


class Performance(NamedTuple):
    """The annualised ratios of one window."""

    sharpe: float | None
    sortino: float | None
    calmar: float | None
    volatility: float | None


class BacktestFigures(NamedTuple):
    """The value at risk of one method and level against the returns of the steps behind it, since the start."""

    forecasts: int
    exceedances: int
    kupiec_pvalue: float | None
    independence_pvalue: float | None


@dataclass(frozen=True, slots=True)
class ReturnFigures:
    """Everything known of the returns of one strategy, or of the account."""

    observations: int
    """Returns in the risk window."""
    total: int
    """Returns since the start."""
    benchmark: str | None
    performance: Mapping[str, Performance]
    """By window; `all` is since the start."""
    tails: Mapping[Key, Tail]
    """Value at risk and expected shortfall at the horizon, as ratios of the equity; only what is defined."""
    horizon: str
    beta: float | None
    beta_standard_error: float | None
    alpha: float | None
    """Annualised."""
    backtests: Mapping[Key, BacktestFigures]
    undefined: Mapping[str, str]
    """Figure → reason why it is None. A window, or method and confidence, may end the key; without one it holds for all."""


@dataclass(frozen=True, slots=True)
class ComponentFigures:
    """The account's value at risk, split by strategy."""

    parts: Mapping[Key, Mapping[str, float]]
    """Method and confidence → strategy → its part at the horizon, as a ratio of the account's equity; they add up."""
    horizon: str
    undefined: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StrategySnapshot:
    """Everything known of one strategy."""

    name: str
    account: AccountSnapshot
    holdings: tuple[HoldingSnapshot, ...]
    trades: TradesSnapshot
    attribution: AttributionFigures
    execution: ExecutionFigures
    slippage_adverse: HistogramCounts
    slippage_favourable: HistogramCounts
    fill_delay: HistogramCounts
    voided_fills: int
    configured: bool
    """Whether strategies.yaml has it."""
    last_event_timestamp: float | None
    """Wall time, seconds since 1970; None if nothing came since the restart."""
    tier_allowed: bool | None
    """Whether the account's tier lets the strategy trade; None while the tier is not known."""
    undefined: Mapping[str, str]
    """Figure → reason, those of all parts included."""
    capacity: CapacityFigures | None = None
    degradation: DegradationFigures | None = None
    """Against the baseline; None where nothing is worked out from returns."""
    statistics: ReturnFigures | None = None
    """Of its returns on the grid; None where there are none yet."""


@dataclass(frozen=True, slots=True)
class PortfolioSnapshot:
    """The account: all strategies together."""

    currency: str
    account: AccountSnapshot
    causes: Causes
    """The causes of all strategies."""
    tier: Tier | None
    daily_loss_used_ratio: float | None
    """Today's loss over the tier's limit."""
    open_positions: int
    """Of all strategies; two strategies in one symbol have two."""
    positions_used_ratio: float | None
    """Open positions over the tier's limit."""
    undefined: Mapping[str, str]
    statistics: ReturnFigures | None = None
    """Of the account's returns on the grid."""
    component_risk: ComponentFigures | None = None
    """The account's value at risk by strategy."""


@dataclass(frozen=True, slots=True)
class SourceSnapshot:
    """The counts of a source's numbered events."""

    missing: int
    counts: Mapping[NumberOrder, int]


@dataclass(frozen=True, slots=True)
class MonitorSnapshot:
    """The whole picture, at the event time `time`."""

    time: datetime | None
    strategies: tuple[StrategySnapshot, ...]
    portfolio: PortfolioSnapshot
    mark_timestamps: Mapping[str, float]
    """Symbol → wall time of the last quote or trade that confirmed its mark."""
    failed: Mapping[str, str]
    """Strategy → the error that kept it out of this picture."""
    sources: Mapping[str, SourceSnapshot]
    """Of the sources that number their events."""
    forgotten_sources: int
    reconciliations: tuple[Reconciliation, ...]
    """The result of the last statement of each scope."""
    correlation: CorrelationFigures | None = None
    """Between the strategies' returns; None where nothing is worked out from returns."""
