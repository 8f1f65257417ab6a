"""`genesis report`: a journal, told to people."""

from __future__ import annotations

import asyncio
import dataclasses
import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from genesis.analytics.attribution import AttributionFigures
from genesis.analytics.correlation import CorrelationFigures
from genesis.analytics.degradation import DegradationFigures
from genesis.analytics.shortfall import ExecutionFigures
from genesis.cli import main
from genesis.commands.report import report
from genesis.commands.report.layout import WIDTH
from genesis.configuration import Settings, load_settings
from genesis.core.clock import SystemClock
from genesis.core.errors import GenesisError, JournalError
from genesis.core.models import AnyEvent, Side
from genesis.database.address import Address, address
from genesis.ledger.journal import Journal
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.snapshot import AccountSnapshot, MonitorSnapshot, PortfolioSnapshot, StrategySnapshot, TripFigures
from tests.unit.monitoring.account import ROOT, capital, fill, quote, signal

STEPS = 90


def settings() -> Settings:
    loaded = load_settings(ROOT / "config")
    grid = {"step": timedelta(seconds=1), "windows": (timedelta(minutes=1),), "risk_window": timedelta(minutes=1)}
    statistics = loaded.monitor.statistics.model_copy(update=grid)
    return loaded._replace(monitor=loaded.monitor.model_copy(update={"statistics": statistics}))


def events() -> list[AnyEvent]:
    """Two strategies: alpha wins a round trip, loses another and holds; beta, which nobody configured, only holds."""
    made: list[AnyEvent] = [
        capital("6000"),
        capital("5000", "beta"),
        quote("99", "101"),
        signal("s1", Side.BUY, "100"),
        fill(Side.BUY, "2", "100.1", fee="0.2", signal_id="s1", seconds=0.3),
        fill(Side.SELL, "2", "110", fee="0.1", seconds=1),
        fill(Side.BUY, "1", "110", seconds=2),
        fill(Side.SELL, "1", "105", seconds=3),
        fill(Side.BUY, "1", "105", seconds=4),
        fill(Side.SELL, "3", "100", strategy="beta", seconds=4),
    ]
    for step in range(STEPS):
        price = 100 + (step * 7 % 11)
        made.append(quote(str(price), str(price + 1), seconds=5 + step))
    return made


async def written(where: Address) -> MonitorSnapshot:
    chosen = settings()
    async with Journal(where) as journal:
        monitor = StrategyPerformanceMonitor(chosen.monitor, chosen.rules, journal, configured=chosen.strategies.strategies)
        await monitor.restore()
        for event in events():
            await monitor.handle(event)
        await monitor.save_snapshot()
        await report.read(where, chosen, SystemClock())  # while the monitor has it open
        return monitor.snapshot()


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Address:
    made = address(str(tmp_path_factory.mktemp("journal") / "journal.db"))
    asyncio.run(written(made))
    return made


def told(where: Address, *strategies: str) -> list[str]:
    return list(report.lines(asyncio.run(report.read(where, settings(), SystemClock())), where, strategies))


def block(lines: list[str], name: str) -> list[str]:
    """The lines below a title."""
    start = next(i for i, line in enumerate(lines) if line.startswith(name))
    ends = [i for i, line in enumerate(lines) if i > start + 1 and line.startswith("===")]
    return lines[start : ends[0] - 1 if ends else None]


def row(lines: list[str], *begins: str) -> list[str]:
    return next(line.split() for line in lines if line.split()[: len(begins)] == list(begins))


def test_the_account_comes_first_then_each_strategy(where: Address) -> None:
    titles = [line.split("  ")[0] for line in told(where) if line.startswith(("Account", "Strategy"))]
    notes = "not in strategies.yaml, not allowed by the tier"
    assert titles == ["Account in USDT (2 strategies)", f"Strategy alpha ({notes})", f"Strategy beta ({notes})"]


def test_no_line_is_wider_than_a_terminal_or_ends_with_a_space(where: Address) -> None:
    lines = told(where)
    assert max(map(len, lines)) <= WIDTH
    assert all(line == line.rstrip() for line in lines)


def test_it_tells_the_snapshots_figures(where: Address) -> None:
    snapshot = asyncio.run(report.read(where, settings(), SystemClock()))
    alpha = snapshot.strategies[0]
    lines = block(told(where), "Strategy alpha")
    account = alpha.account
    assert account.fees is not None
    assert row(lines, "capital")[1::2] == ["6,000.00", f"{account.equity:,.2f}", "P&L"]
    assert row(lines, "capital")[-1] == f"{account.net_pnl:,.2f}"
    assert row(lines, "realised")[1] == f"{account.realized:,.2f}" == "14.80"
    assert row(lines, "realised")[-1] == f"{-account.fees:,.2f}" == "-0.30"
    assert row(lines, "all")[:5] == ["all", "1", "1", "0", "50.00%"]
    statistics = alpha.statistics
    assert statistics is not None
    sharpe = statistics.performance["1m"].sharpe
    assert sharpe is not None
    ratios = [line.split() for line in lines if line.split()[:1] == ["1m"]]
    assert ratios[1][1] == f"{sharpe:,.3f}"
    assert account.equity is not None
    at_risk = statistics.tails["historical", "0.95"].value_at_risk
    assert row(lines, "historical", "95.00%")[2:4] == [f"{100 * at_risk:,.2f}%", f"{at_risk * float(account.equity):,.2f}"]
    forecasts = statistics.backtests["historical", "0.95"].forecasts
    assert forecasts > 0
    assert float(row(lines, "historical", "95.00%")[7]) == pytest.approx(0.05 * forecasts, abs=0.06)
    assert row(lines, "main", "BTCUSDT")[2] == f"{account.net_pnl:,.2f}"
    assert row(lines, "BTCUSDT", "1")[2] == f"{alpha.holdings[0].value:,.2f}"
    assert row(lines, "slippage")[1] == f"{alpha.execution.slippage:,.4f}" == "0.2000"


def test_component_values_at_risk_add_up_to_the_accounts(where: Address) -> None:
    lines = block(told(where), "Account")
    whole = Decimal(row(lines, "historical", "95.00%")[3].replace(",", ""))
    parts = [Decimal(row(lines, name)[1].replace(",", "")) for name in ("alpha", "beta")]
    assert abs(sum(parts) - whole) <= Decimal("0.02")


def test_an_unknown_figure_is_a_dash_with_its_reason_below(where: Address) -> None:
    lines = block(told(where), "Strategy beta")
    assert row(lines, "all")[4:6] == ["-", "-"]
    reasons = " ".join(lines[lines.index("  Not defined") :])
    assert "no_round_trips: win_rate" in reasons
    assert "no_baseline: " in reasons


@pytest.mark.parametrize(
    ("part", "left_out"),
    [
        (StrategySnapshot, {"slippage_adverse", "slippage_favourable", "fill_delay", "last_event_timestamp"}),
        (PortfolioSnapshot, set()),
        (AccountSnapshot, {"undefined"}),
        (TripFigures, {"unvalued", "winner_holding_seconds", "loser_holding_seconds"}),
        (AttributionFigures, {"undefined", "folded_components"}),
        (ExecutionFigures, {"undefined", "recent_fills"}),
        (DegradationFigures, {"undefined"}),
        (CorrelationFigures, {"undefined", "undefined_pairs", "undefined_strategies", "shrinkage"}),
    ],
)
def test_what_a_snapshot_has_is_told_but_for_what_is_no_figure_of_a_report(part: type, left_out: set[str]) -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "genesis" / "commands" / "report").glob("*.py"))
    names = {field.name for field in dataclasses.fields(part)}
    assert {name for name in names if not re.search(rf"\.{name}\b", source)} == left_out - {"undefined", "unvalued"}
    assert left_out <= names


def test_one_strategy_alone_has_no_account_before_it(where: Address) -> None:
    lines = told(where, "beta")
    assert lines[0].startswith("Strategy beta")
    assert not [line for line in lines if line.startswith(("Account", "Strategy alpha"))]


def test_an_unknown_strategy_is_told_the_known_ones(where: Address) -> None:
    with pytest.raises(GenesisError, match=r"journal\.db: has no strategy 'gamma'; it has: alpha, beta"):
        told(where, "gamma")


def test_a_strategy_whose_books_failed_has_its_error_and_the_account_no_figures(where: Address) -> None:
    snapshot = asyncio.run(report.read(where, settings(), SystemClock()))
    alpha, beta = snapshot.strategies
    broken = type(snapshot)(
        **{name: getattr(snapshot, name) for name in snapshot.__slots__}
        | {"strategies": (alpha,), "failed": {beta.name: "Inexact"}}
    )
    lines = list(report.lines(broken, where))
    assert "a strategy's books failed" in block(lines, "Account")[2]
    assert "books failed: Inexact" in block(lines, "Strategy beta")[2]
    assert not [line for line in block(lines, "Account") if "capital" in line]


def test_an_empty_journal_has_an_empty_account(tmp_path: Path) -> None:
    where = address(str(tmp_path / "journal.db"))

    async def made() -> None:
        async with Journal(where):
            pass

    asyncio.run(made())
    lines = told(where)
    assert lines[0].startswith("Account in USDT (0 strategies)")
    assert lines[0].endswith("no events")
    with pytest.raises(GenesisError, match="it has: none"):
        told(where, "alpha")


def test_a_journal_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"nothing\.db: there is no such file"):
        told(address(str(tmp_path / "nothing.db")))


def test_the_command_prints_it(where: Address, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["report", "--config", str(ROOT / "config"), "--journal", str(where), "--strategy", "alpha"]
    assert main(arguments) == 0
    assert capsys.readouterr().out.startswith("Strategy alpha (not in strategies.yaml")
    assert main([*arguments, "--strategy", "gamma"]) == 1
    assert "has no strategy 'gamma'; it has: alpha, beta" in capsys.readouterr().err
