"""Accounts → the frozen snapshot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import NamedTuple, TypeVar

import structlog

from genesis.analytics.attribution import NO_BENCHMARK, AttributionFigures, MarketPart, added_causes, attribution
from genesis.analytics.capacity import CapacityFigures
from genesis.analytics.correlation import CorrelationFigures
from genesis.analytics.degradation import DegradationFigures
from genesis.core.models import Tier
from genesis.core.money import ZERO, ratio, total, worth
from genesis.ledger.book import Book, Rates
from genesis.ledger.currency import NO_CONVERSION
from genesis.ledger.ledger import Ledger
from genesis.ledger.periods import Period
from genesis.monitoring.account_figures import NOTHING, Kinds, account_figures, kinds_of, unvalued_reason
from genesis.monitoring.accounts import Accounts, StrategyRecord
from genesis.monitoring.cached_figures import Counted, EventFigures, EventFiguresCache
from genesis.monitoring.capacities import Capacities, Money
from genesis.settings.strategies import StrategySettings
from genesis.settings.trading_rules import TradingRules
from genesis.snapshot import (
    AccountSnapshot,
    HoldingSnapshot,
    MonitorSnapshot,
    PortfolioSnapshot,
    ReturnFigures,
    SourceSnapshot,
    StrategySnapshot,
)

_log = structlog.get_logger(__name__)

NO_TIER = "no_tier"
FAILED = "error"


def summarise(
    accounts: Accounts,
    *,
    event_figures: EventFiguresCache,
    mark_seen: Mapping[str, float],
    rules: TradingRules,
    currency: str,
    configured: Mapping[str, StrategySettings],
    capacities: Capacities,
) -> MonitorSnapshot:
    """All figures of the account. A strategy whose summary fails is left out, and named in `failed`.

    `event_figures`: those that only a strategy's own events change; `configured`: the strategies of strategies.yaml;
    `capacities`: how much capital each strategy can take.
    """
    ledger, failed = accounts.ledger, dict(accounts.failed)
    strategies = []
    prices, tier = ledger.prices(), _tier(ledger, rules)
    equities = {name: book.equity for name, book in ledger.books.items()}
    correlation = _unless_it_fails("correlation", lambda: accounts.analysis.correlation(equities))
    for name, book in ledger.books.items():
        if name in failed:
            continue
        try:
            record = accounts.records[name]
            parts = _Parts(
                attribution=_attribution(book, prices, ledger.rates, accounts.analysis.market(name)),
                capacity=_unless_it_fails("capacity", partial(_capacity, book, record, ledger.rates, capacities), name),
                own_figures=event_figures.of(name),
                statistics=_unless_it_fails("returns", partial(accounts.analysis.returns, name), name),
                degradation=_unless_it_fails("degradation", partial(accounts.analysis.degradation, name), name),
                no_correlation=correlation.undefined_strategies.get(name) if correlation is not None else FAILED,
                tier=tier,
                configured=name in configured,
            )
            strategies.append(_strategy(book, record, ledger, parts))
        except Exception as error:
            _log.exception("summary failed: the strategy is left out", strategy=name)
            failed[name] = f"{type(error).__name__}: {error}"
    return MonitorSnapshot(
        time=ledger.time,
        strategies=tuple(strategies),
        portfolio=_portfolio(accounts, tier, currency, [strategy.attribution for strategy in strategies], correlation),
        correlation=correlation,
        mark_timestamps=dict(mark_seen),
        failed=failed,
        sources={
            name: SourceSnapshot(sequence.missing, dict(sequence.counts))
            for name, sequence in accounts.sequences.sources.items()
        },
        forgotten_sources=accounts.sequences.forgotten,
        reconciliations=tuple(accounts.reconciliations.by_scope.values()),
    )


def _attribution(book: Book, prices: Mapping[str, Decimal], rates: Rates, market: MarketPart | None) -> AttributionFigures:
    if market is None:
        return attribution(book, prices, rates, ZERO, NO_BENCHMARK)
    return attribution(book, prices, rates, market.pnl, market.reason)


def _capacity(book: Book, record: StrategyRecord, rates: Rates, capacities: Capacities) -> CapacityFigures:
    money = Money(book.net_pnl, kinds_of(book, rates).fees, unvalued_reason(book.unvalued) or NO_CONVERSION)
    return capacities.figures(book, record.orders, money)


class _Parts(NamedTuple):
    """A strategy's figures besides its account."""

    attribution: AttributionFigures
    capacity: CapacityFigures | None
    own_figures: EventFigures
    statistics: ReturnFigures | None
    degradation: DegradationFigures | None
    no_correlation: str | None
    """Why it has no correlation with any other strategy, if so."""
    tier: Tier | None
    configured: bool


def _strategy(book: Book, record: StrategyRecord, ledger: Ledger, parts: _Parts) -> StrategySnapshot:
    own_figures = parts.own_figures
    account = account_figures(book, kinds_of(book, ledger.rates), ledger.time)
    undefined = {**account.undefined, **own_figures.trades.undefined}
    undefined |= {**parts.attribution.undefined, **own_figures.execution.undefined}
    for figures in (parts.capacity, parts.statistics, parts.degradation):
        if figures is not None:
            undefined |= figures.undefined
    undefined |= _no_money_at_risk(parts.statistics, account)
    if parts.statistics is None:
        undefined["returns"] = FAILED
    if parts.capacity is None:
        undefined |= dict.fromkeys(("capacity", "capacity_used_ratio"), FAILED)
    if parts.no_correlation is not None:
        undefined["correlation"] = parts.no_correlation
    if parts.tier is None:
        undefined["tier_allowed"] = NO_TIER
    return StrategySnapshot(
        name=book.strategy,
        account=account,
        holdings=tuple(_holdings(book, ledger, own_figures.turnover)),
        trades=own_figures.trades.snapshot,
        attribution=parts.attribution,
        execution=own_figures.execution,
        slippage_adverse=own_figures.adverse,
        slippage_favourable=own_figures.favourable,
        fill_delay=own_figures.delay,
        voided_fills=own_figures.voided_fills,
        configured=parts.configured,
        last_event_timestamp=record.last_event_timestamp,
        tier_allowed=parts.tier.allows(book.strategy) if parts.tier is not None else None,
        undefined=undefined,
        capacity=parts.capacity,
        statistics=parts.statistics,
        degradation=parts.degradation,
    )


def _holdings(book: Book, ledger: Ledger, turnover: Mapping[str, Counted]) -> list[HoldingSnapshot]:
    snapshots = []
    for symbol, counted in turnover.items():  # funding alone makes no position
        holding = book.holdings[symbol]
        mark, rate = ledger.marks.get(symbol), ledger.rates.get(holding.currency)
        price = mark.price if mark is not None and rate is not None else None
        snapshots.append(
            HoldingSnapshot(
                symbol=symbol,
                quantity=holding.quantity,
                realized=holding.realized,
                value=worth(holding.quantity, price * rate if price is not None and rate is not None else None),
                unrealized=worth(holding.unrealized(price), rate) if price is not None else worth(holding.quantity, None),
                turnover=counted,
            )
        )
    return snapshots


def _no_money_at_risk(statistics: ReturnFigures | None, account: AccountSnapshot) -> dict[str, str]:
    """Why value at risk and expected shortfall are known only as ratios and not in money, if so."""
    if statistics is None or not statistics.tails or (account.equity is not None and account.equity > 0):
        return {}
    return dict.fromkeys(("value_at_risk", "expected_shortfall"), account.undefined.get("equity", "no_capital"))


def _tier(ledger: Ledger, rules: TradingRules) -> Tier | None:
    return rules.tier_of(ledger.equity) if not ledger.unvalued else None


def _portfolio(
    accounts: Accounts,
    tier: Tier | None,
    currency: str,
    attributions: Sequence[AttributionFigures],
    correlation: CorrelationFigures | None,
) -> PortfolioSnapshot:
    ledger, causes = accounts.ledger, added_causes(one.causes for one in attributions)
    statistics = _unless_it_fails("returns", accounts.analysis.portfolio)
    component_risk = _unless_it_fails("component_value_at_risk", accounts.analysis.component_risk)
    kinds = [kinds_of(book, ledger.rates) for book in ledger.books.values()]
    account = account_figures(
        ledger, Kinds(*(total(amounts) for amounts in zip(*kinds, strict=True))) if kinds else NOTHING, ledger.time
    )
    undefined = dict(account.undefined)
    if tier is None:
        undefined["tier"] = undefined["equity"] if account.equity is None else "below_smallest_tier"
    day = account.period_pnl[Period.DAY]
    used = ratio(max(ZERO, -day), tier.max_daily_loss) if tier is not None and day is not None else None
    if used is None:
        undefined["daily_loss_used_ratio"] = undefined.get("tier") or undefined["day_pnl"]
    positions = sum(bool(holding.quantity) for book in ledger.books.values() for holding in book.holdings.values())
    if tier is None:
        undefined["positions_used_ratio"] = undefined["tier"]
    if None in causes:
        undefined["cause_pnl"] = undefined.get("equity", NO_CONVERSION)
    if reasons := {one.undefined["market_pnl"] for one in attributions if "market_pnl" in one.undefined}:
        undefined["market_pnl"] = min(reasons)
    on_returns = {"returns": statistics, "component_value_at_risk": component_risk, "correlation": correlation}
    for name, figures in on_returns.items():
        undefined |= {name: FAILED} if figures is None else figures.undefined
    undefined |= _no_money_at_risk(statistics, account)
    return PortfolioSnapshot(
        currency=currency,
        account=account,
        causes=causes,
        tier=tier,
        daily_loss_used_ratio=used,
        open_positions=positions,
        positions_used_ratio=positions / tier.max_positions if tier is not None else None,
        statistics=statistics,
        component_risk=component_risk,
        undefined=undefined,
    )


_Figures = TypeVar("_Figures")


def _unless_it_fails(what: str, work: Callable[[], _Figures | None], strategy: str = "(account)") -> _Figures | None:
    try:
        return work()
    except Exception:
        _log.exception("figures failed: they are left out", figures=what, strategy=strategy)
        return None
