"""The sections of a report: each turns a part of a snapshot into lines; without data, into none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from genesis.analytics.attribution import AttributionFigures, Causes
from genesis.analytics.capacity import CapacityFigures, Limit
from genesis.analytics.correlation import CorrelationFigures
from genesis.analytics.degradation import DegradationFigures
from genesis.analytics.shortfall import ExecutionFigures
from genesis.commands.report.layout import (
    UNKNOWN,
    basis_points,
    cost,
    count,
    heading,
    moment,
    money,
    number,
    pairs,
    percent,
    span,
    table,
    tenths,
    wrapped,
)
from genesis.core.money import ZERO, at_equity
from genesis.ledger.drawdown import Episode
from genesis.ledger.periods import PERIODS
from genesis.monitoring.json_values import text
from genesis.snapshot import (
    AccountSnapshot,
    ComponentFigures,
    HoldingSnapshot,
    PortfolioSnapshot,
    ReturnFigures,
    TradesSnapshot,
)

Lines = Iterator[str]


def account(figures: AccountSnapshot) -> Lines:
    """Money by kind and period, and drawdowns."""
    fees = None if figures.fees is None else ZERO - figures.fees
    yield from pairs(
        [
            ("capital", money(figures.capital)),
            ("equity", money(figures.equity)),
            ("net P&L", money(figures.net_pnl)),
            ("realised", money(figures.realized)),
            ("unrealised", money(figures.unrealized)),
            ("fees", money(fees)),
            ("funding", money(figures.funding)),
        ]
    )
    yield from pairs((f"this {period.value}", money(figures.period_pnl[period])) for period in PERIODS)
    yield from heading("Drawdown")
    yield from pairs(
        [
            ("now", money(figures.drawdown)),
            ("of the peak", percent(figures.drawdown_ratio)),
            ("deepest", percent(figures.max_drawdown_ratio)),
            ("under water", span(figures.under_water_seconds)),
            ("last recovery", span(figures.last_recovery_seconds)),
            ("longest recovery", span(figures.longest_recovery_seconds)),
        ]
    )
    episodes = [("open", figures.open_episode)] if figures.open_episode is not None else []
    episodes += [(str(rank), episode) for rank, episode in enumerate(figures.worst_episodes, 1)]
    yield from table(
        ("drawdown", "depth", "money", "peak", "trough", "recovered", "in"),
        (_episode(rank, episode) for rank, episode in episodes),
    )


def _episode(rank: str, episode: Episode) -> tuple[str, ...]:
    return (
        rank,
        percent(episode.ratio),
        money(episode.amount),
        moment(episode.peak_time),
        moment(episode.trough_time),
        moment(episode.recovered),
        span(episode.recovery_seconds),
    )


def positions(holdings: Iterable[HoldingSnapshot]) -> Lines:
    rows = [(held.symbol, text(held.quantity), money(held.value), money(held.unrealized)) for held in holdings if held.quantity]
    yield from (*heading("Positions"), *table(("symbol", "quantity", "value", "unrealised"), rows)) if rows else ()


def round_trips(trades: TradesSnapshot) -> Lines:
    yield from heading("Round trips")
    heads = ("window", "won", "lost", "even", "win rate", "profit f.", "expectancy", "mean win", "mean loss", "held")
    rows = []
    for window, trips in trades.windows.items():
        if trips is None:
            rows.append((window, *[UNKNOWN] * (len(heads) - 1)))
            continue
        ratios = (percent(trips.win_rate), number(trips.profit_factor), cost(trips.expectancy), cost(trips.average_win))
        rows.append(
            (
                window,
                count(trips.wins),
                count(trips.losses),
                count(trips.evens),
                *ratios,
                cost(trips.average_loss),
                span(trips.holding_seconds),
            )
        )
    yield from table(heads, rows)
    runs = trades.streaks
    yield (
        f"  in a row now: {runs.wins} won, {runs.losses} lost; at most: {runs.longest_wins} won, {runs.longest_losses} lost"
        + (f"; without a value: {trades.unvalued}" if trades.unvalued else "")
    )


def returns(figures: ReturnFigures | None, equity: Decimal | None) -> Lines:
    """Ratios by window, value at risk with its back-test, and beta."""
    if figures is None:
        return
    yield from heading(
        f"Returns: {figures.total} since the start, {figures.observations} in the risk window; annualised ratios"
    )
    yield from table(
        ("window", "Sharpe", "Sortino", "Calmar", "volatility"),
        (
            (window, number(ratio.sharpe), number(ratio.sortino), number(ratio.calmar), percent(ratio.volatility))
            for window, ratio in figures.performance.items()
        ),
    )
    rows = []
    for key in {**figures.tails, **figures.backtests}:
        tail, test = figures.tails.get(key), figures.backtests.get(key)
        at_risk = (tail.value_at_risk, tail.expected_shortfall) if tail is not None else (None, None)
        expected = test.forecasts * (1 - float(key[1])) if test is not None else None
        rows.append(
            (
                *(key[0].replace("_", "-"), percent(float(key[1]))),
                *(cell for ratio in at_risk for cell in (percent(ratio), money(_in_money(ratio, equity)))),
                *(count(test.exceedances if test is not None else None), tenths(expected)),
                *(number(test.kupiec_pvalue if test else None), number(test.independence_pvalue if test else None)),
            )
        )
    yield from table(
        (f"risk of {figures.horizon}", "level", "VaR", "money", "ES", "money", "exceeded", "of", "Kupiec p", "indep. p"),
        rows,
        names=2,
    )
    if figures.benchmark is not None:
        beta = UNKNOWN if figures.beta is None else f"{number(figures.beta)} ± {number(figures.beta_standard_error)}"
        yield from pairs([(f"beta, {figures.benchmark}"[:16], beta), ("alpha of a year", percent(figures.alpha))])


def _in_money(ratio: float | None, equity: Decimal | None) -> float | None:
    return None if ratio is None else at_equity(ratio, equity)


def component_risk(figures: ComponentFigures | None, equity: Decimal | None) -> Lines:
    """The account's value at risk by strategy, in money."""
    if figures is None or not figures.parts:
        return
    yield from heading(f"Value at risk of {figures.horizon} by strategy, which adds up to the account's")
    names = dict.fromkeys(name for parts in figures.parts.values() for name in parts)
    rows = [(name, *(money(_in_money(parts.get(name), equity)) for parts in figures.parts.values())) for name in names]
    yield from table(("strategy", *(f"{method} {level}" for method, level in figures.parts)), rows)


def causes(figures: Causes) -> Lines:
    yield from heading("P&L by cause")
    yield from pairs((cause, money(amount)) for cause, amount in figures._asdict().items())


def attribution(figures: AttributionFigures) -> Lines:
    """P&L by cause, by component, symbol and period, and the residual, if it is not 0."""
    yield from causes(figures.causes)
    yield from table(
        ("component", "symbol", "net P&L", *(f"this {period.value}" for period in PERIODS)),
        (
            (part.component, part.symbol, money(part.pnl), *(money(part.period_pnl[period]) for period in PERIODS))
            for part in figures.parts
        ),
        names=2,
    )
    if figures.residual:
        yield f"  residual of the parts, a fault of the program: {text(figures.residual)}"


def execution(figures: ExecutionFigures) -> Lines:
    yield from heading("Execution costs (below 0: saved)")
    yield from pairs(
        [
            ("slippage", cost(figures.slippage)),
            ("of the value", basis_points(figures.mean_slippage_ratio)),
            ("expected", basis_points(figures.expected_slippage_ratio)),
            *((part, cost(amount)) for part, amount in figures.shortfall.items()),
        ]
    )
    yield (
        f"  fills measured: {figures.measured_fills} of {figures.measured_fills + figures.unmeasured_fills}; ended signals "
        f"measured: {figures.measured_signals} of {figures.measured_signals + figures.unmeasured_signals}"
    )
    parts = tuple(figures.shortfall)
    yield from table(
        ("symbol", "slippage", "of value", *parts),
        (
            (
                symbol.symbol,
                cost(symbol.slippage),
                basis_points(symbol.mean_slippage_ratio),
                *(cost(symbol.shortfall[part]) for part in parts),
            )
            for symbol in figures.symbols
        ),
    )


def capacity(figures: CapacityFigures | None) -> Lines:
    if figures is None:
        return
    yield from heading("Capacity")
    yield from pairs(
        [
            ("capacity", money(figures.capacity)),
            ("used", percent(figures.used_ratio)),
            ("bound by", UNKNOWN if figures.binding_limit is None else figures.binding_limit.value),
            ("of symbol", figures.binding_symbol or UNKNOWN),
            *((f"by {limit.value}", money(figures.limits.get(limit))) for limit in Limit),
        ]
    )


def degradation(figures: DegradationFigures | None) -> Lines:
    if figures is None:
        return
    yield from heading("Against the baseline")
    yield from pairs(
        [
            ("CUSUM", number(figures.cusum)),
            ("alarm above", number(figures.cusum_limit)),
            ("prob. Sharpe", percent(figures.probabilistic_sharpe)),
            ("track record", span(figures.track_record_seconds)),
            ("needed", span(figures.min_track_record_seconds)),
        ]
    )


def correlation(figures: CorrelationFigures | None) -> Lines:
    if figures is None or not (figures.pairs or figures.mean_correlation is not None):
        return
    yield from heading("Correlation of the strategies' returns")
    yield from pairs([("mean", number(figures.mean_correlation)), ("diversification", number(figures.diversification_ratio))])
    values: dict[tuple[str, str], dict[str, float]] = {}
    for pair in figures.pairs:
        values.setdefault((pair.strategy, pair.other), {})[pair.estimator] = pair.value
    estimators = list(dict.fromkeys(pair.estimator for pair in figures.pairs))
    yield from table(
        ("strategy", "and", *(name.replace("_", "-") for name in estimators)),
        ((*names, *(number(known.get(estimator)) for estimator in estimators)) for names, known in values.items()),
        names=2,
    )
    if figures.omitted_pairs:
        yield f"  and {figures.omitted_pairs} weaker pairs"


def tier(portfolio: PortfolioSnapshot) -> Lines:
    now = portfolio.tier
    if now is None:
        return
    yield from heading(f"Tier {now.name}")
    yield from pairs(
        [
            ("loss of a day", money(now.max_daily_loss)),
            ("used", percent(portfolio.daily_loss_used_ratio)),
            ("", ""),
            ("positions", f"{portfolio.open_positions} of {now.max_positions}"),
            ("used", percent(portfolio.positions_used_ratio)),
        ]
    )


def undefined(reasons: Mapping[str, str]) -> Lines:
    """The undefined figures, by reason."""
    by_reason: dict[str, list[str]] = {}
    for figure, reason in reasons.items():
        by_reason.setdefault(reason, []).append(figure)
    if by_reason:
        yield from heading("Not defined")
    for reason, names in by_reason.items():
        yield from wrapped(reason, names)
