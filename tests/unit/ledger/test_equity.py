"""The grid of event time: when a point is taken, and what its returns are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import isnan
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.core.models import AnyEvent, CapitalFlow, Fill, MarketEvent, Quote, Side
from genesis.core.money import exact_arithmetic
from genesis.ledger.currency import Currencies
from genesis.ledger.equity import MOST_QUIET_STEPS, EquityGrid, GridState, GridStep
from genesis.ledger.ledger import Ledger

START = datetime(2026, 1, 7, 12, tzinfo=UTC)
STEP = timedelta(seconds=60)


class Account:
    """A ledger with a grid, and the steps that the grid told of."""

    def __init__(self, *, watch: bool = True, benchmark: str | None = None) -> None:
        self.steps: list[GridStep] = []
        self.grid = EquityGrid(STEP, benchmark, self.steps.append)
        self.ledger = Ledger(ZoneInfo("UTC"), Currencies("USDT"), self.grid)
        if watch:
            self.ledger.watch()

    def take(self, *events: AnyEvent) -> None:
        with exact_arithmetic():
            for event in events:
                if isinstance(event, Quote):
                    self.ledger.quote(event)
                elif not isinstance(event, MarketEvent):
                    self.ledger.apply(event)

    @property
    def points(self) -> list[float]:
        """Seconds from START of each point."""
        return [(self.grid.time_of(step.point) - START).total_seconds() for step in self.steps]

    def returns(self, strategy: str = "alpha") -> list[float | None]:
        return [None if isnan(step.returns[strategy]) else step.returns[strategy] for step in self.steps]


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def flow(amount: str, seconds: float, strategy: str = "alpha") -> CapitalFlow:
    return CapitalFlow(time=at(seconds), event_id=f"c{strategy}{seconds}", strategy=strategy, amount=Decimal(amount))


def buy(seconds: float, quantity: str = "1", price: str = "100", strategy: str = "alpha") -> Fill:
    return Fill(
        time=at(seconds),
        event_id=f"f{strategy}{seconds}",
        strategy=strategy,
        symbol="BTC",
        side=Side.BUY,
        quantity=Decimal(quantity),
        price=Decimal(price),
    )


def quote(price: str, seconds: float, symbol: str = "BTC") -> Quote:
    return Quote(time=at(seconds), symbol=symbol, bid=Decimal(price), ask=Decimal(price))


def test_a_point_is_taken_before_the_first_event_at_or_after_it() -> None:
    account = Account()
    account.take(flow("1000", 1), quote("100", 2), buy(3))
    assert account.steps == []
    account.take(quote("110", 59.999))
    account.take(quote("500", 60))  # the point at 60 s holds what came before
    account.take(quote("121", 61))
    account.take(quote("1", 120))
    assert account.points == [60, 120]
    assert account.returns() == [None, pytest.approx(11 / 1010, rel=1e-15)]


def test_a_quiet_step_has_a_point_of_no_return() -> None:
    account = Account()
    account.take(flow("1000", 1), quote("100", 2), buy(3), quote("200", 61), quote("300", 310))
    assert account.points == [60, 120, 180, 240, 300]
    assert account.returns() == [None, 0.1, 0.0, 0.0, 0.0]


def test_capital_that_moves_is_no_return() -> None:
    account = Account()
    account.take(flow("1000", 1), quote("100", 2), buy(3), quote("100", 61))
    account.take(flow("500", 70), quote("150", 80), flow("-250", 90), quote("150", 121), quote("165", 122), quote("1", 181))
    assert account.returns() == [None, 0.05, pytest.approx(15 / 1300, rel=1e-15)]


def test_no_equity_means_no_return() -> None:
    account = Account()
    account.take(
        quote("100", 1), buy(2), quote("90", 61), quote("80", 121), flow("1020", 122), quote("70", 182), quote("1", 242)
    )
    assert account.returns() == [None, None, None, -0.01]  # of equities 0, −10, 1000, and 990 at last


def test_what_was_earned_while_the_equity_was_unknown_is_in_the_first_return_after() -> None:
    account = Account()
    account.take(flow("1000", 1), quote("100", 2), quote("100", 61))
    account.take(buy(62, price="100").__class__(**{**msgspec.structs.asdict(buy(62)), "symbol": "ETH"}))
    account.take(quote("100", 121), quote("100", 181), quote("150", 182, "ETH"), quote("100", 241))
    assert account.returns() == [None, None, None, 0.05]


def test_a_silence_too_long_for_a_quiet_market_has_no_points() -> None:
    account = Account()
    account.take(flow("1000", 1), quote("100", 2), buy(3), quote("110", 61))
    late = 60 * (MOST_QUIET_STEPS + 3) + 1
    account.take(quote("120", late), quote("132", late + 60))
    assert [step.skipped for step in account.steps] == [0, 0, MOST_QUIET_STEPS, 0]
    assert account.points[-1] == late + 59
    assert account.returns() == [None, 0.01, None, pytest.approx(10 / 1010)]


def test_contributions_add_up_to_the_return_of_the_account() -> None:
    account = Account()
    account.take(flow("1000", 1), flow("3000", 1, "beta"), quote("100", 2), buy(3), buy(3, "5", strategy="beta"))
    account.take(quote("90", 61), quote("97", 121), flow("777", 130, "beta"), quote("93", 181))
    for step in account.steps[1:]:
        assert sum(step.contributions.values()) == pytest.approx(step.portfolio, rel=1e-13)
    assert account.steps[1].contributions == {"alpha": -10 / 4000, "beta": -50 / 4000}


def test_symbols_that_were_held_and_the_benchmark_have_returns() -> None:
    account = Account(benchmark="SPX")
    account.take(flow("1000", 1), quote("100", 2), buy(3), quote("5", 4, "ETH"), quote("4000", 5, "SPX"))
    account.take(quote("110", 61), quote("4400", 62, "SPX"), quote("110", 121))
    assert [sorted(step.symbols) for step in account.steps] == [["BTC", "SPX"], ["BTC", "SPX"]]
    assert account.steps[1].symbols == {"BTC": pytest.approx(0.1), "SPX": pytest.approx(0.1)}
    assert account.steps[0].exposures == {}
    assert account.steps[1].exposures == {"alpha": {"BTC": 100.0}}


def test_the_journals_past_has_no_points() -> None:
    account = Account(watch=False)
    account.take(flow("1000", 1), quote("100", 2), buy(3), quote("110", 601))
    assert account.steps == []
    account.ledger.watch()
    account.take(quote("120", 662), quote("132", 722))
    assert account.points == [660, 720]
    assert account.returns() == [None, pytest.approx(10 / 1010)]


def test_a_stop_of_the_monitor_is_no_quiet_market() -> None:
    first = Account()
    first.take(flow("1000", 1), quote("100", 2), buy(3), quote("110", 61))
    second = restored(first)
    second.take(quote("120", 301), quote("132", 361))
    assert second.points == [300, 360]
    assert [step.skipped for step in second.steps] == [3, 0]
    assert second.returns() == [None, pytest.approx(20 / 1000)]  # from the last point that was seen: 100, now 120


def restored(account: Account) -> Account:
    """Its like, as a new process has it."""
    payload = msgspec.json.encode(account.ledger.state())
    new = Account(watch=False)
    with exact_arithmetic():
        assert new.ledger.restore(msgspec.json.decode(payload, type=type(account.ledger.state())))
    new.ledger.watch()
    return new


def test_a_grid_of_another_step_starts_anew() -> None:
    account = Account()
    account.take(flow("1000", 1), quote("100", 61))
    state = account.grid.state()
    assert isinstance(state, GridState)
    assert EquityGrid(STEP).restore(state)
    assert not EquityGrid(timedelta(seconds=30)).restore(state)
    assert not EquityGrid(STEP).restore(None)


# Milliseconds, as sums of seconds would round to another microsecond than the clock's.
MOVE = st.tuples(st.integers(100, 150_000), st.sampled_from(["quote", "buy", "flow"]), st.integers(50, 150))


@given(st.lists(MOVE, max_size=40), st.sets(st.integers(0, 39)))
def test_returns_are_those_of_the_equity_at_the_instants(moves: list[tuple[int, str, int]], restarts: set[int]) -> None:
    """Against the plain reading: the net P&L and equity that stood when each instant came."""
    account, told, noted, milliseconds = Account(), [], [], 0
    account.take(flow("100000", 0), quote("100", 0))
    for number, (gap, kind, size) in enumerate(moves):
        book = account.ledger.books["alpha"]
        noted.append((milliseconds / 1000, book.equity - book.capital, book.equity))
        if number in restarts and milliseconds % 60_000 + gap < 60_000:  # longer, and the instants in between are not known
            told += account.steps
            account = restored(account)
        milliseconds += gap
        seconds = milliseconds / 1000
        event: AnyEvent = quote(str(size), seconds)
        if kind != "quote":
            event = buy(seconds, price=str(size)) if kind == "buy" else flow(str(size), seconds)
        account.take(event)
    told += account.steps
    before: tuple[Decimal, Decimal] | None = None
    assert len(told) == milliseconds // 60_000
    for number, step in enumerate(told, start=1):
        assert account.grid.time_of(step.point) == at(60 * number)
        net, equity = [known for when, *known in noted if when < 60 * number][-1]
        if before is not None:
            assert step.returns["alpha"] == float((net - before[0]) / before[1])
        before = net, equity
