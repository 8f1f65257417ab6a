"""A snapshot of the monitor against the oracle, figure by figure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest

from genesis.core.models import Liquidity, Side
from genesis.ledger.drawdown import KEPT_EPISODES, Episode
from genesis.ledger.execution import KEPT_FILLS
from genesis.snapshot import AccountSnapshot, MonitorSnapshot, StrategySnapshot
from tests.oracle import attribution, execution, trips
from tests.oracle.books import Oracle
from tests.oracle.curve import Episode as ExpectedEpisode
from tests.oracle.curve import Money, Point, drawdown

RATIO_TOLERANCE = 1e-12


def compare(snapshot: MonitorSnapshot, oracle: Oracle, *, with_drawdown: bool = True) -> None:
    """Assert that every figure of `snapshot` is the oracle's: money exactly, ratios to 1e-12.

    `with_drawdown`: after a capital flow a peak is a quotient, which the books hold to 24 places. That is enough for money
    of any market, but not for the 1e-18 next to the 1e+15 of a history made to break them.
    """
    assert not snapshot.failed
    assert snapshot.time == oracle.now
    assert sorted(strategy.name for strategy in snapshot.strategies) == oracle.strategies()
    for strategy in snapshot.strategies:
        curve = oracle.curves[strategy.name]
        _compare_account(strategy.name, strategy.account, curve, oracle, with_drawdown=with_drawdown)
        _compare_trades(strategy, oracle)
        _compare_holdings(strategy, oracle)
        _compare_execution(strategy, oracle)
        compare_attribution(strategy, oracle)
    if oracle.total:
        account = snapshot.portfolio.account
        _compare_account("portfolio", account, oracle.total, oracle, with_drawdown=with_drawdown)


def _same(what: str, got: Decimal | None, expected: Fraction | None) -> None:
    fraction = None if got is None else Fraction(got)
    assert fraction == expected, f"{what}: {got} instead of {expected if expected is None else float(expected)}"


def _near(what: str, got: float | None, expected: Fraction | float | None) -> None:
    if got is None or expected is None:
        assert got is None, f"{what}: {got} instead of nothing"
        assert expected is None, f"{what}: nothing instead of {expected}"
        return
    assert got == pytest.approx(float(expected), rel=RATIO_TOLERANCE, abs=RATIO_TOLERANCE), what


def _compare_account(
    name: str, account: AccountSnapshot, curve: Sequence[Point], oracle: Oracle, *, with_drawdown: bool
) -> None:
    money = curve[-1].money
    _same(f"{name} capital", account.capital, money.capital)
    _same(f"{name} realized", account.realized, money.realized)
    _same(f"{name} unrealized", account.unrealized, money.unrealized)
    _same(f"{name} fees", account.fees, money.fees)
    _same(f"{name} funding", account.funding, money.funding)
    _same(f"{name} equity", account.equity, money.equity)
    _same(f"{name} net", account.net_pnl, money.net)
    _compare_identity(account)
    for period, pnl in account.period_pnl.items():
        _same(f"{name} {period.value}", pnl, oracle.period_pnl(curve, period.value))
    assert {period.value for period in account.period_pnl} == {"day", "week", "month"}
    if with_drawdown:
        _compare_drawdown(name, account, money, curve, oracle)
    _compare_reasons(account)


def _compare_identity(account: AccountSnapshot) -> None:
    """Equity = capital + realised + unrealised − fees + funding, exactly, in the snapshot's own numbers."""
    if account.equity is None or account.unrealized is None:
        assert account.equity is account.unrealized is account.net_pnl is None
        return
    parts = (account.capital, account.realized, account.unrealized, account.funding)
    assert account.fees is not None
    added = sum((Fraction(part) for part in parts if part is not None), Fraction(0)) - Fraction(account.fees)
    assert None not in parts
    assert Fraction(account.equity) == added


def _compare_drawdown(name: str, account: AccountSnapshot, money: Money, curve: Sequence[Point], oracle: Oracle) -> None:
    found = drawdown(curve)
    assert found is not None
    assert oracle.now is not None
    equity = money.equity
    known = equity is not None
    _near(f"{name} drawdown", _float(account.drawdown), found.money(equity) if equity is not None else None)
    _near(f"{name} drawdown ratio", account.drawdown_ratio, found.ratio(equity) if equity is not None else None)
    _near(f"{name} max drawdown ratio", account.max_drawdown_ratio, found.deepest)
    under_water = found.under_water(equity, oracle.now) if equity is not None else None
    assert account.under_water_seconds == under_water, f"{name} under water, equity known: {known}"
    last = found.recoveries[-1] if found.recoveries else None
    assert account.last_recovery_seconds == last, f"{name} last recovery"
    assert account.longest_recovery_seconds == max(found.recoveries, default=None), f"{name} longest recovery"
    _compare_episodes(name, [account.open_episode] if account.open_episode else [], found.open_episode())
    _compare_episodes(name, account.worst_episodes, found.worst(KEPT_EPISODES))


def _compare_episodes(name: str, got: Sequence[Episode], expected: Sequence[ExpectedEpisode]) -> None:
    assert len(got) == len(expected), f"{name} episodes"
    for one, other in zip(got, expected, strict=True):
        _near(f"{name} episode depth", one.ratio, other.ratio)
        _near(f"{name} episode money", float(one.amount), other.amount)
    # Two depths that differ in their last digits only may change places: where one starts says which it is.
    known = {episode.peak_time: episode for episode in expected}
    for one in got:
        same = known.get(one.peak_time)
        if same is not None and abs(one.ratio - float(same.ratio)) < RATIO_TOLERANCE:
            assert (one.trough_time, one.recovered) == (same.trough_time, same.recovered), f"{name} episode"


def _compare_reasons(account: AccountSnapshot) -> None:
    """A figure is absent if, and only if, there is a reason."""
    figures = [
        "realized",
        "fees",
        "funding",
        "unrealized",
        "net_pnl",
        "equity",
        "drawdown",
        "drawdown_ratio",
        "max_drawdown_ratio",
        "under_water_seconds",
    ]
    figures += ["last_recovery_seconds", "longest_recovery_seconds"]
    absent = {figure for figure in figures if getattr(account, figure) is None}
    absent |= {f"{period.value}_pnl" for period, pnl in account.period_pnl.items() if pnl is None}
    assert set(account.undefined) == absent


def _compare_trades(strategy: StrategySnapshot, oracle: Oracle) -> None:
    got, expected = strategy.trades, oracle.trades(strategy.name)
    assert (got.wins, got.losses, got.evens, got.unvalued) == expected[:4]
    assert list(got.counted) == list(oracle.trades_counted(strategy.name).values())
    assert strategy.voided_fills == oracle.voided_fills(strategy.name)
    _same("gross profit", got.gross_profit, expected.gross_profit)
    _same("gross loss", got.gross_loss, expected.gross_loss)
    for figure in ("win_rate", "profit_factor", "expectancy"):
        value = getattr(expected, figure)
        found = getattr(got, figure)
        assert found == pytest.approx(float(value), rel=RATIO_TOLERANCE) if value is not None else found is None, figure
    _compare_windows(strategy, oracle)
    assert (*msgspec.structs.astuple(got.streaks),) == trips.streaks(oracle, strategy.name)


def _compare_windows(strategy: StrategySnapshot, oracle: Oracle) -> None:
    """Each figure of each window; it is absent if, and only if, there is a reason."""
    assert "all" in strategy.trades.windows
    for window, got in strategy.trades.windows.items():
        assert got is not None
        for figure, value in trips.figures(oracle, strategy.name, window).items():
            _near(f"{strategy.name} {figure} {window}", getattr(got, figure), value)
            if not figure.endswith("r_holding_seconds"):
                reasons = {figure, f"{figure}_{window}"} & strategy.undefined.keys()
                assert bool(reasons) == (value is None), figure


def _compare_holdings(strategy: StrategySnapshot, oracle: Oracle) -> None:
    assert sorted(holding.symbol for holding in strategy.holdings) == oracle.symbols(strategy.name)
    for got in strategy.holdings:
        expected, price = oracle.holding(strategy.name, got.symbol), oracle.mark(got.symbol)
        rate = oracle.rate(expected.currency)
        mark = price * rate if price is not None and rate is not None else None
        _same(f"{got.symbol} quantity", got.quantity, expected.quantity)
        flat = Fraction(0) if not expected.quantity else None
        _same(f"{got.symbol} value", got.value, expected.quantity * mark if mark is not None else flat)
        gain = expected.quantity * mark - expected.cost * rate if mark is not None and rate is not None else flat
        _same(f"{got.symbol} unrealized", got.unrealized, gain)
        turnover: dict[tuple[Side, Liquidity], tuple[int, Fraction]] = {}
        for fill in oracle.all_fills(strategy.name):
            if fill.symbol == got.symbol:
                fills, value = turnover.get((fill.side, fill.liquidity), (0, Fraction(0)))
                turnover[fill.side, fill.liquidity] = (fills + 1, value + Fraction(fill.quantity) * Fraction(fill.price))
        assert {key: (fills, Fraction(value)) for key, (fills, value) in got.turnover.items()} == turnover


def compare_attribution(strategy: StrategySnapshot, oracle: Oracle) -> None:
    """Each part and cause is the oracle's; by holding, by period and by cause they add up to the net, exactly."""
    got = strategy.attribution
    parts = {(part.component, part.symbol): part.pnl for part in got.parts}
    assert len(parts) == len(got.parts)
    _same_parts("part", parts, attribution.values(oracle, strategy.name))
    _adds_up(strategy.account.net_pnl, parts.values())
    absent = {"attribution"} if None in parts.values() else set()
    for period, pnl in strategy.account.period_pnl.items():
        since = {(part.component, part.symbol): part.period_pnl[period] for part in got.parts}
        _same_parts(period.value, since, attribution.period_values(oracle, strategy.name, period.value, oracle.zone))
        _adds_up(pnl, since.values())
        absent |= {f"{period.value}_attribution"} if None in since.values() else set()
    assert got.residual == (None if strategy.account.net_pnl is None else 0)
    absent |= {"attribution_residual"} if got.residual is None else set()
    absent |= _compare_causes(strategy, oracle)
    assert set(got.undefined) - {"market_pnl"} == absent


def _compare_causes(strategy: StrategySnapshot, oracle: Oracle) -> set[str]:
    """The figures that are absent."""
    causes, account, slippage = strategy.attribution.causes, strategy.account, attribution.slippage(oracle, strategy.name)
    _same("slippage", causes.slippage, None if slippage is None else -slippage)
    _same("fees", causes.fees, None if account.fees is None else -Fraction(account.fees))
    _same("funding", causes.funding, None if account.funding is None else Fraction(account.funding))
    assert causes.market == 0
    known = slippage is not None and account.net_pnl is not None
    assert (causes.selection is None) <= (not known)
    if None not in causes:
        _adds_up(account.net_pnl, causes)
    return {"cause_pnl"} if None in causes else set()


def _same_parts(
    what: str, got: Mapping[tuple[str, str], Decimal | None], expected: Mapping[tuple[str, str], Fraction | None]
) -> None:
    """Parts that came to nothing may be told or not."""
    assert {part: None if value is None else Fraction(value) for part, value in got.items() if value != 0} == {
        part: value for part, value in expected.items() if value != 0
    }, what


def _adds_up(whole: Decimal | None, parts: Collection[Decimal | None]) -> None:
    known = [Fraction(part) for part in parts if part is not None]
    if whole is not None and len(known) == len(parts):
        assert sum(known, Fraction(0)) == Fraction(whole)


def _compare_execution(strategy: StrategySnapshot, oracle: Oracle) -> None:
    slippages, delays = oracle.slippages(strategy.name), oracle.delays(strategy.name)
    adverse = [float(slippage) for slippage in slippages if slippage > 0]
    favourable = [float(-slippage) for slippage in slippages if slippage <= 0]
    for got, values in (
        (strategy.slippage_adverse, adverse),
        (strategy.slippage_favourable, favourable),
        (strategy.fill_delay, delays),
    ):
        assert got.sum == pytest.approx(sum(values), rel=RATIO_TOLERANCE)
        assert got.counts == tuple(sum(value <= bound for value in values) for bound in got.bounds)
    _compare_shortfall(strategy, oracle)
    _compare_recent_fills(strategy, oracle)


def _compare_shortfall(strategy: StrategySnapshot, oracle: Oracle) -> None:
    got, name = strategy.execution, strategy.name
    expected = execution.shortfall(oracle, name)
    assert list(got.shortfall) == list(expected)
    for part, amount in expected.items():
        _same(f"{name} {part}", got.shortfall[part], amount)
        assert (f"shortfall_{part}" in strategy.undefined) == (amount is None)
    fills, missed = oracle.all_fills(name), execution.missed(oracle, name)
    measured = sum(map(execution.is_measured, fills))
    assert (got.measured_fills, got.unmeasured_fills) == (measured, len(fills) - measured)
    unfilled = [one.priced for one in missed if one.unfilled_at_end]
    assert (got.measured_signals, got.unmeasured_signals) == (unfilled.count(True), unfilled.count(False))
    money, value = execution.slippage(oracle, name) or (None, None)
    _same(f"{name} slippage", got.slippage, money)
    assert ("slippage" in strategy.undefined) == (money is None)
    assert ("mean_slippage_ratio" in strategy.undefined) == (None in (money, value))
    _near(f"{name} slippage ratio", got.mean_slippage_ratio, money / value if money is not None and value else None)
    for symbol in got.symbols:
        cost, decided = execution.slippage(oracle, name, symbol.symbol) or (None, None)
        _near(
            f"{name} {symbol.symbol} slippage",
            symbol.mean_slippage_ratio,
            cost / decided if decided and cost is not None else None,
        )


def _compare_recent_fills(strategy: StrategySnapshot, oracle: Oracle) -> None:
    expected = oracle.fills(strategy.name)[-KEPT_FILLS:]
    got = strategy.execution.recent_fills
    assert [(one.event_id, one.price, one.quantity) for one in got] == [
        (fill.event_id, fill.price, fill.quantity) for fill in expected
    ]
    for one, fill in zip(got, expected, strict=True):
        slippage = fill.side.sign * (Fraction(fill.price) / execution.decided(fill) - 1) if fill.decision_price else None
        _near("slippage of a fill", one.slippage_ratio, slippage)


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
