"""Money and drawdown of each strategy and of the whole account, and the account's tier with its limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from genesis.core.money import ZERO
from genesis.metrics.declaration import Group, Labels, Number, Rows, Twins, itself
from genesis.metrics.families.folded import FoldedSnapshot, every_strategy, named_strategies, whole_account
from genesis.metrics.metric import Unit

if TYPE_CHECKING:
    from genesis.core.models import Tier
    from genesis.snapshot import AccountSnapshot


def _summed(folded: FoldedSnapshot) -> Iterator[tuple[Labels, AccountSnapshot]]:
    for labels, strategy in every_strategy(folded):
        yield labels, strategy.account


def _named(folded: FoldedSnapshot) -> Iterator[tuple[Labels, AccountSnapshot]]:
    for labels, strategy in named_strategies(folded):
        yield labels, strategy.account


def _account(folded: FoldedSnapshot) -> Iterator[tuple[Labels, AccountSnapshot]]:
    for labels, portfolio in whole_account(folded):
        yield labels, portfolio.account


def _kinds(account: AccountSnapshot) -> Iterator[tuple[Labels, Number]]:
    yield ("realized",), account.realized
    yield ("unrealized",), account.unrealized
    yield ("fees",), None if account.fees is None else ZERO - account.fees
    yield ("funding",), account.funding


def _periods(account: AccountSnapshot) -> Iterator[tuple[Labels, Number]]:
    for period, pnl in account.period_pnl.items():
        yield (period.value,), pnl


# Money adds up over strategies.
_SUM = Twins(Rows(Group.ACCOUNTS, "strategy", _summed), Rows(Group.PORTFOLIO, "", _account))

STRATEGY_CAPITAL, PORTFOLIO_CAPITAL = _SUM.gauge(
    "capital",
    Unit.MONEY,
    "Capital moved into the strategy, less what was moved out.",
    lambda account: account.capital,
    account="Capital of all strategies.",
)
STRATEGY_EQUITY, PORTFOLIO_EQUITY = _SUM.gauge(
    "equity",
    Unit.MONEY,
    "Capital plus net P&L at the mark.",
    lambda account: account.equity,
    account="Equity of all strategies at the mark.",
)
STRATEGY_NET_PNL, PORTFOLIO_NET_PNL = _SUM.gauge(
    "net_pnl",
    Unit.MONEY,
    "Realised and unrealised P&L less fees plus funding, since start.",
    lambda account: account.net_pnl,
    account="Net P&L of all strategies since start.",
)
STRATEGY_PNL, PORTFOLIO_PNL = _SUM.by("kind", _kinds).gauge(
    "pnl",
    Unit.MONEY,
    "P&L since start by kind (realized, unrealized, fees, funding); fees paid are negative; the kinds add up to the net.",
    itself,
    account="P&L of all strategies by kind; the kinds add up to the net.",
)
STRATEGY_PERIOD_PNL, PORTFOLIO_PERIOD_PNL = _SUM.by("period", _periods).gauge(
    "period_pnl",
    Unit.MONEY,
    "Net P&L since the start of the period (day, week from Monday, month).",
    itself,
    account="Net P&L of all strategies since the start of the period.",
)

# Drawdowns do not.
_OWN = Twins(Rows(Group.ACCOUNTS, "strategy", _named), Rows(Group.PORTFOLIO, "", _account))

STRATEGY_DRAWDOWN_RATIO, PORTFOLIO_DRAWDOWN_RATIO = _OWN.gauge(
    "drawdown_ratio",
    Unit.RATIO,
    "How far the marked equity is below its peak, as a share of the peak.",
    lambda account: account.drawdown_ratio,
    account="Drawdown of the account's marked equity from its peak.",
)
STRATEGY_MAX_DRAWDOWN_RATIO, PORTFOLIO_MAX_DRAWDOWN_RATIO = _OWN.gauge(
    "max_drawdown_ratio",
    Unit.RATIO,
    "The deepest drawdown of the marked equity at any tick since start.",
    lambda account: account.max_drawdown_ratio,
    account="Deepest drawdown of the account since start.",
)
STRATEGY_DRAWDOWN, PORTFOLIO_DRAWDOWN = _OWN.gauge(
    "drawdown",
    Unit.MONEY,
    "How far the marked equity is below its peak, in money.",
    lambda account: account.drawdown,
    account="Drawdown of the account's marked equity, in money.",
)
STRATEGY_UNDER_WATER_SECONDS, PORTFOLIO_UNDER_WATER_SECONDS = _OWN.gauge(
    "under_water_seconds",
    Unit.SECONDS,
    "Event time since the last peak of the marked equity; 0 at the peak.",
    lambda account: account.under_water_seconds,
    account="Event time since the last peak of the account's marked equity; 0 at the peak.",
)
STRATEGY_LAST_RECOVERY_SECONDS, PORTFOLIO_LAST_RECOVERY_SECONDS = _OWN.gauge(
    "last_recovery_seconds",
    Unit.SECONDS,
    "Event time from trough to new peak of the last closed drawdown.",
    lambda account: account.last_recovery_seconds,
    account="Event time from trough to new peak of the account's last closed drawdown.",
)
STRATEGY_LONGEST_RECOVERY_SECONDS, PORTFOLIO_LONGEST_RECOVERY_SECONDS = _OWN.gauge(
    "longest_recovery_seconds",
    Unit.SECONDS,
    "The longest event time from trough to new peak of a closed drawdown.",
    lambda account: account.longest_recovery_seconds,
    account="The longest event time from trough to new peak of the account.",
)


# Other figures of a strategy.


def _undefined(folded: FoldedSnapshot) -> Iterator[tuple[Labels, None]]:
    for (name,), strategy in named_strategies(folded):
        for figure, reason in strategy.undefined.items():
            yield (name, figure, reason), None
    for name in folded.snapshot.failed:
        yield (name, "all", "error"), None


STRATEGY_UNDEFINED_INFO = Rows(Group.ACCOUNTS, "strategy figure reason", _undefined).info(
    "strategy_undefined_info", "A figure that is left out at present, and why."
)

_STRATEGY = Rows(Group.ACCOUNTS, "strategy", named_strategies)

STRATEGY_CONFIGURED = _STRATEGY.gauge(
    "strategy_configured",
    Unit.FLAG,
    "1 if strategies.yaml has the strategy, 0 if only its events do.",
    lambda strategy: strategy.configured,
)
STRATEGY_LAST_EVENT_TIMESTAMP_SECONDS = _STRATEGY.gauge(
    "strategy_last_event_timestamp_seconds",
    Unit.TIMESTAMP,
    "Wall time at which the strategy's last event was taken in.",
    lambda strategy: strategy.last_event_timestamp,
)


# Other figures of the account.


def _currency(folded: FoldedSnapshot) -> Iterator[tuple[Labels, None]]:
    for _, portfolio in whole_account(folded):
        yield (portfolio.currency,), None


def _account_undefined(folded: FoldedSnapshot) -> Iterator[tuple[Labels, None]]:
    if folded.snapshot.failed:
        yield ("all", "strategy_error"), None
    for _, portfolio in whole_account(folded):
        for figure, reason in portfolio.undefined.items():
            yield (figure, reason), None


PORTFOLIO_INFO = Rows(Group.PORTFOLIO, "currency", _currency).info("portfolio_info", "The account's reporting currency.")
PORTFOLIO_UNDEFINED_INFO = Rows(Group.PORTFOLIO, "figure reason", _account_undefined).info(
    "portfolio_undefined_info", "An account figure that is left out, and why."
)
PORTFOLIO_DAILY_LOSS_USED_RATIO = Rows(Group.PORTFOLIO, "", whole_account).gauge(
    "portfolio_daily_loss_used_ratio",
    Unit.RATIO,
    "Today's loss over the tier's daily loss limit; 0 on a day without a loss.",
    lambda portfolio: portfolio.daily_loss_used_ratio,
)


# The tier, while it is known.


def _tier(folded: FoldedSnapshot) -> Iterator[tuple[Labels, Tier]]:
    for labels, portfolio in whole_account(folded):
        if portfolio.tier is not None:
            yield labels, portfolio.tier


def _limits(tier: Tier) -> Iterator[tuple[Labels, Number]]:
    yield ("max_daily_loss",), tier.max_daily_loss
    yield ("max_positions",), tier.max_positions
    yield ("stop_loss_ratio",), tier.stop_loss_ratio
    yield ("position_risk_ratio",), tier.position_risk_ratio


_TIER = Rows(Group.PORTFOLIO, "", _tier)

TIER_INFO = _TIER.by("tier", lambda tier: [((tier.name,), tier)]).info("tier_info", "The tier of the account, by its equity.")
TIER_LIMIT = _TIER.by("limit", _limits).gauge(
    "tier_limit",
    Unit.BY_LABEL,
    "Limits of the account's tier: max_daily_loss (money), max_positions (count), stop_loss_ratio, position_risk_ratio.",
    itself,
)
TIER_STORAGE_INFO = _TIER.by("storage", lambda tier: [((tier.storage,), tier)]).info(
    "tier_storage_info", "The storage that the account's tier requires for the journal: sqlite or postgresql."
)


def _folded(folded: FoldedSnapshot) -> Iterator[tuple[Labels, int]]:
    for _ in whole_account(folded):
        for label, count in folded.counts.items():
            yield (label,), count


SERIES_FOLDED = Rows(Group.PORTFOLIO, "label", _folded).gauge(
    "series_folded",
    Unit.COUNT,
    "Label values beyond the configured bound, whose series are folded into `other`.",
    itself,
)
