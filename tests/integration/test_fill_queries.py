"""The queries of the boards Execution and Rotation that compute, as real PromQL."""

from pathlib import Path

import pytest

from genesis.boards import queries
from genesis.boards.execution import fills
from genesis.boards.rotation import controller, history
from tests.integration.test_board_queries import expect

pytestmark = pytest.mark.usefixtures("real_programs")

SLIPPAGE = "genesis_strategy_slippage_ratio"
FILLS = {
    "favourable": {"0.0001": 1, "0.00025": 3, "+Inf": 4},
    "adverse": {"0.0001": 2, "0.00025": 5, "+Inf": 6},
}
"""Direction → cumulative buckets of one strategy's fills."""
WATCHDOG = {'ALERTS{alertname="Watchdog",alertstate="firing"}': "1+0x10"}


def slippage(strategy: str = "a") -> dict[str, str]:
    of = f'strategy="{strategy}",job="x"'
    told = {
        f'{SLIPPAGE}_bucket{{{of},direction="{direction}",le="{le}"}}': f"{count}+0x10"
        for direction, buckets in FILLS.items()
        for le, count in buckets.items()
    }
    counts = {f'{SLIPPAGE}_count{{{of},direction="{direction}"}}': f"{FILLS[direction]['+Inf']}+0x10" for direction in FILLS}
    sums = {"adverse": 1.5, "favourable": 0.25}
    return told | counts | {f'{SLIPPAGE}_sum{{{of},direction="{name}"}}': f"{value}+0x10" for name, value in sums.items()}


def test_slippage_is_one_histogram_that_reaches_below_zero_in_basis_points(tmp_path: Path) -> None:
    expect(
        tmp_path,
        fills.in_basis_points(fills.slippage_buckets()),
        slippage("a") | slippage("b"),
        {f'{{le="{le}"}}': 2 * count for le, count in {"-2.5": 1, "-1": 3, "0": 4, "1": 6, "2.5": 9, "+Inf": 10}.items()},
    )


def test_a_quantile_of_slippage_has_the_sign_of_most_fills_and_none_is_told_without_a_fill(tmp_path: Path) -> None:
    idle = {
        f'{SLIPPAGE}_{part}{{strategy="idle",direction="{direction}"{le}}}': "0+0x10"
        for direction in FILLS
        for part, le in (("count", ""), ("bucket", ',le="0.0001"'), ("bucket", ',le="+Inf"'))
    }
    expect(
        tmp_path,
        fills.slippage_quantile(0.2, "strategy"),
        slippage() | idle,
        {'{strategy="a"}': -1.75},  # the second of ten, halfway between -2.5 and -1
    )


def test_mean_slippage_takes_what_was_saved_off(tmp_path: Path) -> None:
    expect(tmp_path, fills.mean_slippage("strategy"), slippage(), {'{strategy="a"}': 1250})


def test_a_level_stands_on_the_strategys_own_threshold_and_else_on_the_default(tmp_path: Path) -> None:
    threshold, used = "genesis_alert_threshold", "genesis_strategy_capacity_used_ratio"
    limits = {("warning", ""): 0.8, ("critical", ""): 1, ("warning", "own"): 5, ("critical", "own"): 10}
    expect(
        tmp_path,
        queries.level(f"max by (strategy) ({used})", "CapacityNearlyUsed"),
        {
            f'{threshold}{{alert="CapacityNearlyUsed",severity="{severity}",strategy="{strategy}"}}': f"{value}+0x10"
            for (severity, strategy), value in limits.items()
        }
        | {f'{used}{{strategy="{name}"}}': f"{value}+0x10" for name, value in (("own", 6), ("low", 0.5), ("full", 1))},
        {'{strategy="own"}': 1, '{strategy="low"}': 0, '{strategy="full"}': 2},
    )


def test_a_kind_of_change_that_is_new_counts_from_none_once_a_controller_was_read(tmp_path: Path) -> None:
    decisions = "genesis_rotation_decisions_total"
    kinds = {
        'action="raise",reason="score"': "5x60 7x60",
        'action="pause",reason="drawdown"': "_x100 1x20",
        'action="lower",reason="score"': "3x120",
        'action="hold",reason="settled"': "0+1x120",
    }
    told = {f"{decisions}{{{kind}}}": values for kind, values in kinds.items()}
    changed = {'{action="raise",reason="score"}': 2, '{action="pause",reason="drawdown"}': 1}
    expect(tmp_path, controller.changes_of_last_minute(), told, {}, at="2m")
    read = {"genesis_rotation_last_decision_timestamp_seconds": "1x120"}
    expect(tmp_path, controller.changes_of_last_minute(), told | read, changed, at="2m")


def test_what_blocks_is_each_reason_and_nothing_while_there_is_none(tmp_path: Path) -> None:
    leading = {"genesis_rotation_leading": "1+0x10"}
    blocked = {'genesis_rotation_blocked_info{reason="tier"}': "1+0x10"}
    expect(tmp_path, controller.blocked(), {}, {'{reason="no controller"}': -1})
    expect(tmp_path, controller.blocked(), leading, {'{reason="nothing"}': 0})
    expect(tmp_path, controller.blocked(), leading | blocked, {'{reason="tier"}': 1})


def test_an_alert_that_fires_at_two_severities_is_as_severe_as_the_higher(tmp_path: Path) -> None:
    name = 'alertname="StrategyDrawdown",strategy="a"'
    expect(
        tmp_path,
        history.raised_levels(),
        WATCHDOG
        | {
            f'ALERTS{{{name},alertstate="firing",severity="warning"}}': "1+0x10",
            f'ALERTS{{{name},alertstate="firing",severity="critical"}}': "1+0x10",
            'ALERTS{alertname="StrategySilent",strategy="b",alertstate="pending",severity="warning"}': "1+0x10",
        },
        {f"{{{name}}}": 4, '{alertname="StrategySilent",strategy="b"}': 1},
    )


def test_no_severity_has_alerts_while_the_rules_are_not_evaluated_and_else_each_has_a_number(tmp_path: Path) -> None:
    known = {
        f'genesis_alert_threshold{{alert="DailyLoss",severity="{severity}"}}': "1+0x10" for severity in ("warning", "critical")
    }
    firing = {'ALERTS{alertname="DailyLoss",alertstate="firing",severity="warning"}': "1+0x10"}
    expect(tmp_path, history.firing_by_severity(), known | firing, {})
    expect(
        tmp_path,
        history.firing_by_severity(),
        known | firing | WATCHDOG,
        {'{severity="warning"}': 1, '{severity="critical"}': 0},
    )
