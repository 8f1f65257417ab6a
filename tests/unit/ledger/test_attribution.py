"""Where the net P&L comes from: by component and symbol, by period, by cause; each adds up to the net, to the last digit."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.core.models import Fill, Funding, Side, Void
from genesis.core.money import ZERO, exact_arithmetic
from genesis.ledger import component
from genesis.ledger.holding import Holding
from genesis.ledger.periods import Period
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.monitor import MonitorSettings
from genesis.settings.statistics import StatisticsSettings
from genesis.snapshot import StrategySnapshot
from tests.oracle import attribution as oracle_attribution
from tests.oracle.books import Oracle
from tests.search import examples
from tests.unit.monitoring.account import at, capital, fill, monitor, quote, signal, strategy

D = Decimal
DAY = 86_400
HOUR = 3_600


def tagged(
    component: str | None, side: Side, quantity: str, price: str, *, seconds: float = 0, fee: str = "0", symbol: str = "BTCUSDT"
) -> Fill:
    made = fill(side, quantity, price, fee=fee, seconds=seconds, symbol=symbol)
    return msgspec.structs.replace(made, component=component)


def funding(component: str | None, amount: str, seconds: float = 0, currency: str | None = None) -> Funding:
    return Funding(
        time=at(seconds),
        event_id=f"funding {component} {amount} {seconds}",
        strategy="alpha",
        symbol="BTCUSDT",
        amount=D(amount),
        currency=currency,
        component=component,
    )


def parts(snapshot: StrategySnapshot) -> dict[tuple[str, str], Decimal | None]:
    return {(one.component, one.symbol): one.pnl for one in snapshot.attribution.parts}


def of_period(snapshot: StrategySnapshot, period: Period) -> dict[str, Decimal | None]:
    return {one.component: one.period_pnl[period] for one in snapshot.attribution.parts}


async def test_the_legs_of_a_flip_each_have_their_own_pnl() -> None:
    async with monitor() as m:
        await m.handle(quote("108", "108"))
        await m.handle(tagged("entry", Side.BUY, "2", "100", fee="0.5"))
        await m.handle(tagged("hedge", Side.SELL, "3", "110", fee="-0.25"))
        await m.handle(tagged(None, Side.BUY, "1", "105"))
        await m.handle(funding("hedge", "2"))
        await m.handle(funding("main", "-1"))
        alpha = strategy(m)
        assert parts(alpha) == {
            ("entry", "BTCUSDT"): D("15.5"),
            ("hedge", "BTCUSDT"): D("8.25"),
            ("main", "BTCUSDT"): D(2),
        }
        assert alpha.account.net_pnl == D("25.75")
        assert alpha.attribution.residual == 0


async def test_without_a_tag_all_is_main_and_with_tags_alone_there_is_no_main() -> None:
    async with monitor() as m:
        await m.handle_batch([quote("1", "1"), fill(Side.BUY, "1", "1"), fill(Side.BUY, "1", "3", symbol="ETHUSDT")])
        await m.handle_batch(
            [quote("2", "2", "ETHUSDT"), tagged("leg", Side.BUY, "1", "5", symbol="SOLUSDT"), quote("9", "9", "SOLUSDT")]
        )
        assert parts(strategy(m)) == {("main", "BTCUSDT"): 0, ("main", "ETHUSDT"): -1, ("leg", "SOLUSDT"): 4}


async def test_three_fills_by_cause() -> None:
    """Bought 2 at 101 (decided at 100), sold 1 at 119 (decided at 120), bought 1 at 125 undecided; the mark ends at 130."""
    statistics = StatisticsSettings(benchmark="BTCUSDT")
    async with monitor(settings=MonitorSettings(statistics=statistics)) as m:
        await m.handle_batch([capital("1000"), quote("100", "100"), signal("s1", Side.BUY, "100")])
        await m.handle(fill(Side.BUY, "2", "101", fee="1", signal_id="s1"))
        await m.handle(quote("110", "110", seconds=70))  # after the point at 60: 2 × 100
        await m.handle(quote("120", "120", seconds=130))  # after the point at 120: 200 × 10 % = 20; 2 × 110
        await m.handle(signal("s2", Side.SELL, "120", seconds=130))
        await m.handle(fill(Side.SELL, "1", "119", fee="0.5", signal_id="s2", seconds=130))
        await m.handle(quote("130", "130", seconds=190))  # after the point at 180: 220 / 11 = 20; 1 × 120
        await m.handle(fill(Side.BUY, "1", "125", seconds=190))
        await m.handle(funding(None, "0.25", seconds=191))
        alpha = strategy(m)
        assert alpha.attribution.causes._asdict() == {
            "market": 40,
            "selection": D(15),  # 52 made by prices, 40 by the market, and 3 lost to slippage
            "slippage": D(-3),
            "fees": D("-1.5"),
            "funding": D("0.25"),
        }
        assert sum(cause or ZERO for cause in alpha.attribution.causes) == alpha.account.net_pnl == D("50.75")
        assert "market_pnl" not in alpha.undefined
        assert m.snapshot().portfolio.causes == alpha.attribution.causes


async def test_without_a_benchmark_the_market_made_nothing_and_the_reason_is_told() -> None:
    async with monitor() as m:
        await m.handle_batch([quote("100", "100"), fill(Side.BUY, "1", "90")])
        alpha = strategy(m)
        assert (alpha.attribution.causes.market, alpha.attribution.causes.selection) == (0, 10)
        assert alpha.undefined["market_pnl"] == "no_benchmark"
        assert m.snapshot().portfolio.undefined["market_pnl"] == "no_benchmark"


async def test_with_a_benchmark_the_market_warms_up_until_the_first_point() -> None:
    async with monitor(settings=MonitorSettings(statistics=StatisticsSettings(benchmark="BTCUSDT"))) as m:
        await m.handle_batch([quote("100", "100"), fill(Side.BUY, "1", "90")])
        assert strategy(m).undefined["market_pnl"] == "warming_up"


async def test_a_period_starts_at_what_a_part_had_come_to_and_a_new_part_at_0() -> None:
    async with monitor() as m:
        await m.handle_batch([quote("100", "100"), tagged("entry", Side.BUY, "1", "90")])
        assert of_period(strategy(m), Period.DAY) == {"entry": 10}
        await m.handle(quote("104", "104", seconds=DAY))
        await m.handle(tagged("exit", Side.SELL, "1", "105", seconds=DAY))
        alpha = strategy(m)
        assert of_period(alpha, Period.DAY) == {"entry": 4, "exit": 1}
        assert alpha.account.period_pnl[Period.DAY] == 5
        assert of_period(alpha, Period.WEEK) == {"entry": 14, "exit": 1}


async def test_a_part_without_a_value_when_the_day_began_is_unknown_until_it_ends() -> None:
    async with monitor() as m:
        await m.handle(tagged("entry", Side.BUY, "1", "90"))
        await m.handle(quote("100", "100", seconds=DAY))
        await m.handle(tagged("exit", Side.SELL, "1", "101", seconds=DAY))
        alpha = strategy(m)
        assert of_period(alpha, Period.DAY) == {"entry": None, "exit": 1}
        assert alpha.undefined["day_attribution"] == "no_mark_at_period_start"
        assert of_period(alpha, Period.WEEK) == {"entry": 10, "exit": 1}
        assert "week_attribution" not in alpha.undefined
        await m.handle(quote("103", "103", seconds=2 * DAY))
        assert of_period(strategy(m), Period.DAY) == {"entry": 3, "exit": -3}


async def test_parts_that_need_a_mark_are_unknown_while_their_sum_is_known() -> None:
    async with monitor() as m:
        await m.handle_batch([tagged("entry", Side.BUY, "1", "90"), tagged("exit", Side.SELL, "1", "100")])
        alpha = strategy(m)
        assert parts(alpha) == {("entry", "BTCUSDT"): None, ("exit", "BTCUSDT"): None}
        assert alpha.undefined["attribution"] == "no_mark"
        assert alpha.account.net_pnl == 10
        assert alpha.attribution.residual == 0
        assert alpha.attribution.causes.selection == 10


async def test_what_needs_a_rate_is_unknown_and_what_does_not_is_told() -> None:
    async with monitor() as m:
        await m.handle_batch([quote("100", "100"), tagged("entry", Side.BUY, "1", "90")])
        await m.handle(funding("exit", "-1", currency="BNB"))
        alpha = strategy(m)
        assert parts(alpha) == {("entry", "BTCUSDT"): 10, ("exit", "BTCUSDT"): None}
        assert alpha.attribution.causes.funding is None
        assert alpha.attribution.causes.fees == 0
        wanted = ("attribution", "day_attribution", "cause_pnl", "attribution_residual")
        assert {alpha.undefined[figure] for figure in wanted} == {"no_conversion"}


async def test_a_void_takes_its_fill_out_of_its_component() -> None:
    async with monitor() as m:
        await m.handle_batch([quote("100", "100"), tagged("entry", Side.BUY, "1", "90"), tagged("exit", Side.SELL, "1", "99")])
        bust = tagged("exit", Side.SELL, "1", "97")
        await m.handle(bust)
        assert parts(strategy(m))["exit", "BTCUSDT"] == -4
        await m.handle(Void(time=at(1), event_id="v", strategy="alpha", voids=bust.event_id))
        assert parts(strategy(m)) == {("entry", "BTCUSDT"): 10, ("exit", "BTCUSDT"): -1}


async def test_a_void_takes_the_slippage_of_its_fill_out_of_the_causes() -> None:
    async with monitor() as m:
        await m.handle_batch([quote("100", "100"), signal("s", Side.BUY, "95")])
        kept, bust = (fill(Side.BUY, quantity, "98", signal_id="s", fee="1") for quantity in ("1", "2"))
        await m.handle_batch([kept, bust])
        assert strategy(m).attribution.causes == (0, 15, -9, -2, 0)
        await m.handle(Void(time=at(1), event_id="v", strategy="alpha", voids=bust.event_id))
        assert strategy(m).attribution.causes == (0, 5, -3, -1, 0)


async def test_a_component_whose_fills_were_all_voided_gives_back_what_it_had_when_the_period_began() -> None:
    async with monitor() as m:
        bust = tagged("bust", Side.BUY, "1", "90")
        await m.handle_batch([quote("100", "100"), bust, tagged("entry", Side.BUY, "1", "100")])
        await m.handle(quote("101", "101", seconds=DAY))
        await m.handle(Void(time=at(DAY), event_id="v", strategy="alpha", voids=bust.event_id))
        alpha = strategy(m)
        assert of_period(alpha, Period.DAY) == {"entry": 1, "bust": -10}
        assert alpha.account.period_pnl[Period.DAY] == -9
        await m.handle(quote("101", "101", seconds=2 * DAY))
        assert of_period(strategy(m), Period.DAY) == {"entry": 0}


async def tag_four(m: StrategyPerformanceMonitor) -> list[Fill]:
    fills = [tagged(name, Side.BUY, "1", str(100 - place)) for place, name in enumerate(["a", "b", "c", "d", "a", "c"])]
    await m.handle_batch([quote("100", "100"), *fills])
    return fills


async def test_past_the_bound_components_are_other_and_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(component, "MAX_COMPONENTS", 2)
    async with monitor(tmp_path / "journal.db") as m:
        fills = await tag_four(m)
        alpha = strategy(m)
        assert parts(alpha) == {("a", "BTCUSDT"): 4, ("b", "BTCUSDT"): 1, ("other", "BTCUSDT"): 10}
        assert alpha.attribution.folded_components == 3
        await m.handle(Void(time=at(1), event_id="v", strategy="alpha", voids=fills[3].event_id))
        assert parts(strategy(m)) == {("a", "BTCUSDT"): 4, ("b", "BTCUSDT"): 1, ("other", "BTCUSDT"): 7}
    async with monitor(tmp_path / "journal.db") as m:
        await m.handle(quote("100", "100", seconds=2))
        assert parts(strategy(m)) == {("a", "BTCUSDT"): 4, ("b", "BTCUSDT"): 1, ("other", "BTCUSDT"): 7}


async def test_the_oracle_folds_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(component, "MAX_COMPONENTS", 3)
    oracle = Oracle()
    async with monitor() as m:
        fills = await tag_four(m)
        oracle.handle(quote("100", "100"))
        for event in fills:
            oracle.handle(event)
        assert parts(strategy(m)) == oracle_attribution.values(oracle, "alpha", limit=3)


async def test_a_restart_keeps_parts_and_what_they_were_when_the_periods_began(tmp_path: Path) -> None:
    async with monitor(tmp_path / "journal.db") as m:
        await m.handle_batch([quote("100", "100"), tagged("entry", Side.BUY, "1", "90"), quote("104", "104", seconds=DAY)])
        before = strategy(m).attribution
        await m.save_snapshot()
    async with monitor(tmp_path / "journal.db") as m:
        assert strategy(m).attribution == before
        assert of_period(strategy(m), Period.DAY) == {"entry": 4}


async def test_an_equity_that_went_astray_shows_in_the_residual() -> None:
    async with monitor() as m:
        await m.handle_batch([quote("100", "100"), fill(Side.BUY, "1", "90")])
        book = m.accounts.ledger.books["alpha"]  # no event can do what follows
        book.equity += D("1e-24")
        assert strategy(m).attribution.residual == D("1e-24")
        book.equity -= D("2e-24")
        assert strategy(m).attribution.residual == D("-1e-24")


_AMOUNTS = st.decimals("1e-18", "999999999999999.999999999999999999", places=18)
_FILLS = st.tuples(
    st.sampled_from([None, "a", "b"]), st.sampled_from(Side), _AMOUNTS | st.sampled_from([D(1), D(3)]), _AMOUNTS, _AMOUNTS
)


@settings(max_examples=examples(150))
@given(st.lists(_FILLS, max_size=12), _AMOUNTS)
def test_the_parts_of_any_holding_add_up_to_it_to_the_last_digit(
    fills: list[tuple[str | None, Side, Decimal, Decimal, Decimal]], mark: Decimal
) -> None:
    """A basis that is split is rounded; what leaves it is realised, so that the parts know of no rounding."""
    holding = Holding(symbol="BTCUSDT", currency="USDT")
    with exact_arithmetic():
        for number, (component, side, quantity, price, fee) in enumerate(fills):
            made = Fill(
                time=at(number),
                event_id=str(number),
                strategy="a",
                symbol="BTCUSDT",
                side=side,
                quantity=quantity,
                price=price,
                fee=fee,
            )
            holding.fill(made, component)
        whole = holding.realized + holding.unrealized(mark) - holding.fees.get("USDT", ZERO)
        amounts = [one.amounts("USDT", mark)["USDT"] for _, one in holding.parts()]
        assert sum(amounts, ZERO) == whole
        assert sum((one.quantity for _, one in holding.parts()), ZERO) == holding.quantity
