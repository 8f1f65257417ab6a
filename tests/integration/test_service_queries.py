"""The queries of the board Genesis itself that compute, as real PromQL."""

from pathlib import Path

import pytest

from tests.integration.test_board_queries import expect
from tests.unit.boards.made import BOARDS, targets

pytestmark = pytest.mark.usefixtures("real_programs")

ACCOUNTS = 'genesis_collector_success{job="genesis",group="accounts"}'
UP = 'up{job="genesis",instance="monitor"}'


def query(title: str, ref: str = "A") -> str:
    found = [
        target["expr"] for panel, target in targets(BOARDS["service.json"]) if (panel["title"], target["refId"]) == (title, ref)
    ]
    return str(found[0])


@pytest.mark.parametrize(
    ("series", "state"),
    [
        pytest.param({}, 0, id="not scraped"),
        pytest.param({UP: "0+0x10"}, 1, id="down"),
        pytest.param({UP: "1+0x10"}, 2, id="restoring"),
        pytest.param({UP: "1+0x10", ACCOUNTS: "1+0x10"}, 3, id="up"),
        pytest.param({UP: "1x4 0x5", ACCOUNTS: "1x4 stale"}, 1, id="down again"),
    ],
)
def test_the_monitor_is_up_only_once_it_tells_of_the_strategies(tmp_path: Path, series: dict[str, str], state: int) -> None:
    expect(tmp_path, query("Programs"), series, {"{}": state})


@pytest.mark.parametrize(("up", "state"), [("_x10", 0), ("0+0x10", 1), ("1+0x10", 3)])
def test_another_program_is_up_or_down_or_no_target(tmp_path: Path, up: str, state: int) -> None:
    expect(tmp_path, query("Programs", "B"), {'up{job="rotation",instance="rotation"}': up}, {"{}": state})


def test_evaluations_left_out_are_a_share_by_the_name_of_the_group_alone(tmp_path: Path) -> None:
    labels = '{job="prometheus",rule_group="/etc/prometheus/rules/risk.yml;genesis_risk"}'
    expect(
        tmp_path,
        query("Evaluations left out"),
        {
            f"prometheus_rule_group_iterations_missed_total{labels}": "0+1x10",
            f"prometheus_rule_group_iterations_total{labels}": "0+4x10",
            'prometheus_rule_group_iterations_missed_total{rule_group="well.yml;genesis_well"}': "0+0x10",
            'prometheus_rule_group_iterations_total{rule_group="well.yml;genesis_well"}': "0+4x10",
        },
        {'{group="risk"}': 0.25},
    )


def test_a_position_and_cash_of_the_same_name_are_two_breaks(tmp_path: Path) -> None:
    labels = 'job="genesis",scope="all",strategy=""'
    expect(
        tmp_path,
        query("Breaks"),
        {
            f'genesis_reconciliation_break{{{labels},symbol="BTC"}}': "2+0x10",
            f'genesis_reconciliation_cash_break{{{labels},currency="BTC"}}': "-3+0x10",
        },
        {'{scope="all",item="position BTC"}': 2, '{scope="all",item="cash BTC"}': -3},
    )


def test_only_alerts_on_genesis_itself_are_counted_and_none_is_0_while_rules_are_evaluated(tmp_path: Path) -> None:
    watchdog = {'ALERTS{alertname="Watchdog",alertstate="firing"}': "1+0x10"}
    others = {'ALERTS{alertname="StrategyDrawdown",alertstate="firing",strategy="a"}': "1+0x10"}
    own = {'ALERTS{alertname="JournalSlow",alertstate="firing"}': "1+0x10"}
    expect(tmp_path, query("Firing"), watchdog | others, {"{}": 0})
    expect(tmp_path, query("Firing"), watchdog | others | own, {"{}": 1})
    expect(tmp_path, query("Firing"), {}, {})


@pytest.mark.parametrize(("up", "share"), [("1+0x10", {"{}": 0.5}), ("0+0x10", {})])
def test_the_time_of_scrapes_that_were_refused_is_not_that_of_scrapes(tmp_path: Path, up: str, share: dict[str, float]) -> None:
    took = 'scrape_duration_seconds{job="genesis",instance="monitor"}'
    expect(tmp_path, query("Scrapes"), {UP: up, took: "0.5+0x10"}, share)
