"""The boards' queries, as real PromQL: each parses, and those that compute give the right figure."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from genesis.boards import queries
from genesis.core.allocation import Action
from genesis.core.models import StrategyState
from genesis.metrics import catalog
from tests.unit.boards.made import BOARDS, expressions

pytestmark = pytest.mark.usefixtures("real_programs")


def filled_in(expr: str, strategies: str = ".+", confidence: str = "0.95", chosen: str = "all") -> str:
    filled = {"${strategy:regex}": strategies, "${strategy:raw}": strategies, "$lines": "8"}
    for variable, value in (filled | {"${confidence}": confidence, "$confidence": confidence}).items():
        expr = expr.replace(variable, value)
    return re.sub(r"\$__\w+", "4s", re.sub(r"\$(?!__)[a-z]\w*", chosen, expr))


def promtool(tmp_path: Path, what: str, document: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "test.yml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    return subprocess.run(["promtool", what, "rules", str(file)], capture_output=True, text=True, check=False)


def expect(tmp_path: Path, expr: str, series: Mapping[str, str], samples: Mapping[str, float], at: str = "10s") -> None:
    """Fail unless `expr` gives exactly `samples` over `series`, one value of which is a second."""
    document = {
        "evaluation_interval": "1s",  # promtool reads no sample past the last whole one
        "tests": [
            {
                "interval": "1s",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "promql_expr_test": [
                    {
                        "expr": filled_in(expr),
                        "eval_time": at,
                        "exp_samples": [{"labels": labels, "value": value} for labels, value in samples.items()],
                    }
                ],
            }
        ],
    }
    done = promtool(tmp_path, "test", document)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("strategies", [".+", "a", r"(a|b\.c)", 'a "quoted" one\'s'])
def test_every_query_of_every_board_parses(tmp_path: Path, strategies: str) -> None:
    assert_promql(tmp_path, [filled_in(expr, strategies) for board in BOARDS.values() for expr in expressions(board)])


def test_every_query_parses_while_there_is_nothing_to_choose_yet(tmp_path: Path) -> None:
    nothing = {"strategies": "", "confidence": "", "chosen": ""}
    assert_promql(tmp_path, [filled_in(expr, **nothing) for board in BOARDS.values() for expr in expressions(board)])


def assert_promql(tmp_path: Path, found: list[str]) -> None:
    rules = [{"record": f"query_{number}", "expr": expr} for number, expr in enumerate(found)]
    done = promtool(tmp_path, "check", {"groups": [{"name": "boards", "rules": rules}]})
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(found)} rules found" in done.stdout


def test_a_chart_has_the_strategies_that_are_furthest_from_zero_at_its_end_and_no_others(tmp_path: Path) -> None:
    pnl = "genesis_strategy_net_pnl"
    many = {f'{pnl}{{strategy="s{number}",job="x"}}': f"{number}+0x10" for number in range(1, 9)}
    expect(
        tmp_path,
        queries.furthest(catalog.STRATEGY_NET_PNL).replace(queries.AT_END, ""),  # a test of promtool has no end
        many | {f'{pnl}{{strategy="loser",job="x"}}': "-9+0x10"},
        {'{strategy="loser"}': -9} | {f'{{strategy="s{number}"}}': number for number in range(2, 9)},
    )


def test_lines_are_chosen_by_what_is_at_the_end_and_where_that_is_gone_by_what_was_last(tmp_path: Path) -> None:
    pnl = "genesis_strategy_net_pnl"
    chosen_by = queries.at_end(lambda at: queries.each(catalog.STRATEGY_NET_PNL, at=at))
    expect(
        tmp_path,
        chosen_by.replace(queries.AT_END, ""),
        {f'{pnl}{{strategy="here"}}': "1+1x60", f'{pnl}{{strategy="gone"}}': "1+1x40 stale"},
        {'{strategy="here"}': 46, '{strategy="gone"}': 31},
        at="45s",
    )


def test_a_state_is_the_code_of_the_one_that_is_told(tmp_path: Path) -> None:
    told = "genesis_rotation_state"
    of = {"a": "paused", "b": "active"}
    expect(
        tmp_path,
        queries.states(queries.PICKED),
        {
            f'{told}{{strategy="{name}",state="{state.value}",job="x"}}': f"{int(state.value == of[name])}+0x10"
            for name in of
            for state in StrategyState
        },
        {'{strategy="a"}': 3, '{strategy="b"}': 1},
    )


def test_firing_alerts_are_unknown_and_not_none_where_the_rules_are_not_evaluated(tmp_path: Path) -> None:
    watchdog = {'ALERTS{alertname="Watchdog",alertstate="firing"}': "1+0x10"}
    fires = {'ALERTS{alertname="StrategyDrawdown",alertstate="firing",strategy="a"}': "1+0x10"}
    capital = {f'genesis_strategy_capital{{strategy="{name}"}}': "1+0x10" for name in "ab"}
    expect(tmp_path, queries.firing_alerts(), {}, {})
    expect(tmp_path, queries.firing_alerts(), watchdog, {"{}": 0})
    expect(tmp_path, queries.firing_alerts(), watchdog | fires, {"{}": 1})
    expect(tmp_path, queries.firing_alerts_of_each(), capital, {})
    expect(tmp_path, queries.firing_alerts_of_each(), capital | watchdog | fires, {'{strategy="a"}': 1, '{strategy="b"}': 0})


def test_alerts_of_the_account_are_those_of_no_strategy_before_there_is_one_to_choose(tmp_path: Path) -> None:
    down = {
        'ALERTS{alertname="MonitorDown",alertstate="firing"}': "1+0x10",
        'ALERTS_FOR_STATE{alertname="MonitorDown"}': "0+0x10",
    }
    shown = (
        queries.firing_alerts_of_each(),
        queries.raised_alerts(queries.THIS_NAMED),
        queries.alert_starts(queries.THIS_NAMED),
    )
    for expr in shown:
        expect(tmp_path, re.sub(r"\$\{strategy:\w+}", "", expr), down, {})


def test_threshold_lines_hang_below_zero_with_the_default_and_the_overrides(tmp_path: Path) -> None:
    threshold = "genesis_alert_threshold"
    expect(
        tmp_path,
        f"-{queries.threshold('StrategyDrawdown', 'critical')}",
        {
            f'{threshold}{{alert="StrategyDrawdown",severity="critical",strategy=""}}': "0.1+0x10",
            f'{threshold}{{alert="StrategyDrawdown",severity="critical",strategy="a"}}': "0.06+0x10",
            f'{threshold}{{alert="StrategyDrawdown",severity="warning",strategy=""}}': "0.05+0x10",
            f'{threshold}{{alert="DailyLoss",severity="critical",strategy=""}}': "1+0x10",
        },
        {"{}": -0.1, '{strategy="a"}': -0.06},
    )


def test_raised_alerts_tell_for_how_long_and_leave_the_watchdog_out(tmp_path: Path) -> None:
    drawdown = 'alertname="StrategyDrawdown",severity="critical",strategy="a"'
    daily = 'alertname="DailyLoss",severity="warning"'
    expect(
        tmp_path,
        queries.raised_alerts(queries.PICKED_OR_NONE),
        {
            f'ALERTS{{{drawdown},alertstate="firing"}}': "1+0x10",
            f"ALERTS_FOR_STATE{{{drawdown}}}": "4+0x10",
            f'ALERTS{{{daily},alertstate="pending"}}': "1+0x10",
            f"ALERTS_FOR_STATE{{{daily}}}": "9+0x10",
            'ALERTS{alertname="Watchdog",alertstate="firing"}': "1+0x10",
            'ALERTS_FOR_STATE{alertname="Watchdog"}': "0+0x10",
        },
        {f'{{{drawdown},alertstate="firing"}}': 6, f'{{{daily},alertstate="pending"}}': 1},
    )


def test_raised_alerts_of_one_name_have_a_row_each_as_many_as_are_counted(tmp_path: Path) -> None:
    week, month, pair = (
        'alertname="PeriodLoss",severity="warning",strategy="a",period="week"',
        'alertname="PeriodLoss",severity="warning",strategy="a",period="month"',
        'alertname="CorrelationHigh",severity="warning",strategy="a",other="b",estimator="pearson"',
    )
    raised = {f'ALERTS{{{labels},alertstate="firing"}}': "1+0x10" for labels in (week, month, pair)}
    raised |= {f"ALERTS_FOR_STATE{{{labels}}}": "4+0x10" for labels in (week, month, pair)}
    expect(tmp_path, f"count({queries.raised_alerts(queries.PICKED_OR_NONE)})", raised, {"{}": 3})
    expect(tmp_path, queries.firing_alerts(), raised, {"{}": 3})
    for about, labels in {"week": week, "b": pair}.items():
        expect(
            tmp_path,
            f"count({queries.raised_alerts(queries.PICKED_OR_NONE)}) by (about)",
            {name: values for name, values in raised.items() if labels in name},
            {f'{{about="{about}"}}': 1},
        )


def test_a_step_of_rotation_is_marked_once_at_its_time_whatever_controller_tells_it(tmp_path: Path) -> None:
    step, kind = "genesis_rotation_step_timestamp_seconds", 'strategy="a",action="reduce",reason="degraded"'
    weight = 'strategy="a",action="raise",reason="settled"'
    told = {f'{step}{{{kind},instance="one"}}': "4+0x10", f'{step}{{{kind},instance="two"}}': "7+0x10"}
    told[f'{step}{{{weight},instance="one"}}'] = "5+0x10"
    expect(tmp_path, queries.rotation_steps(queries.PICKED, [Action.PAUSE, Action.REDUCE]), told, {f"{{{kind}}}": 7000})
    expect(tmp_path, queries.rotation_steps(queries.PICKED, [Action.RAISE]), told, {f"{{{weight}}}": 5000})


def test_an_alert_is_marked_when_it_fires_at_the_time_its_condition_came_true(tmp_path: Path) -> None:
    firing = 'alertname="StrategyDrawdown",severity="critical",strategy="a"'
    pending = 'alertname="SlippageHigh",severity="warning",strategy="a"'
    expect(
        tmp_path,
        queries.alert_starts(queries.PICKED_OR_NONE),
        {
            f'ALERTS{{{firing},alertstate="firing"}}': "1+0x10",
            f"ALERTS_FOR_STATE{{{firing}}}": "4+0x10",
            f'ALERTS{{{pending},alertstate="pending"}}': "1+0x10",
            f"ALERTS_FOR_STATE{{{pending}}}": "9+0x10",
        },
        {f"{{{firing}}}": 4000},
    )


def test_undefined_figures_are_counted_over_the_strategies_and_told_of_the_account(tmp_path: Path) -> None:
    figure = 'figure="profit_factor_ratio",reason="no_losses"'
    of_the_account = 'figure="last_recovery_seconds",reason="no_closed_drawdown"'
    expect(
        tmp_path,
        queries.undefined_figures_counted(),
        {
            f'genesis_strategy_undefined_info{{strategy="a",{figure},job="x"}}': "1+0x10",
            f'genesis_strategy_undefined_info{{strategy="b",{figure},job="x"}}': "1+0x10",
            f'genesis_portfolio_undefined_info{{{of_the_account},job="x"}}': "1+0x10",
        },
        {f'{{of="strategies",{figure}}}': 2, f'{{of="account",{of_the_account}}}': 1},
    )


def test_silence_is_the_time_since_the_last_event(tmp_path: Path) -> None:
    expect(
        tmp_path,
        queries.silence(),
        {'genesis_strategy_last_event_timestamp_seconds{strategy="a",job="x"}': "3+0x10"},
        {'{strategy="a"}': 7},
    )
