"""The generated rules: names from the catalogue, every strategy under exactly one threshold, texts that say what is needed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from genesis.alerts.catalog import ALERTS
from genesis.alerts.catalog.execution import LONGEST_FILL_DELAY, SLIPPAGE_HIGH
from genesis.alerts.catalog.journal import LONGEST_APPEND
from genesis.alerts.documents import HEADER
from genesis.alerts.promql import any_of, number, string
from genesis.alerts.runbook_page import runbook_page
from genesis.core.duration import parse_duration
from genesis.metrics.catalog import BY_NAME
from genesis.metrics.groups import GROUPS
from genesis.metrics.metric import Kind, Process
from genesis.metrics.telemetry import _APPEND_BOUNDS
from genesis.monitoring.accounts import _DELAY_BOUNDS
from genesis.monitoring.alert_manager import prometheus_config, rule_files, thresholds
from tests.unit.alerts.alert_tree import changed, limits, settings

PROMETHEUS_LABELS = {"instance", "job"}
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_SUFFIX = re.compile(r"_(bucket|sum|count)$")


def rules() -> Iterator[dict[str, Any]]:
    for text in rule_files(settings(), limits()).values():
        for group in yaml.safe_load(text)["groups"]:
            yield from group["rules"]


def alerts() -> list[dict[str, Any]]:
    return [rule for rule in rules() if "alert" in rule]


def without_strings(expr: str) -> str:
    return re.sub(r'"(?:\\.|[^"\\])*"', '""', expr)


def queries() -> list[str]:
    return [rule["expr"] for rule in rules()] + [look.query for alert in ALERTS.values() for look in alert.runbook.queries]


def test_every_metric_of_rules_and_runbooks_is_in_the_catalogue() -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    for query in queries():
        for name in _NAME.findall(without_strings(query)):
            if name.startswith("genesis_"):
                known = BY_NAME.get(name) or BY_NAME.get(_SUFFIX.sub("", name))
                assert known is not None, f"{name} of {query}"
                assert (name != known.name) == (known.kind is Kind.HISTOGRAM), f"{name} of {query}: suffix of a histogram"
            elif ":" in name:
                assert name in recorded, f"{name} of {query}"


def test_every_label_that_a_selector_asks_for_is_one_of_its_metric() -> None:
    for query in queries():
        for name, braces in re.findall(r"(genesis_\w+)\{([^}]*)\}", without_strings(query)):
            metric = BY_NAME.get(name) or BY_NAME[_SUFFIX.sub("", name)]
            asked = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", braces))
            assert asked <= {*metric.labels, *PROMETHEUS_LABELS, "le"}, f"{name} of {query}"


def test_labels_that_join_are_on_both_sides() -> None:
    assert "symbol" in BY_NAME["genesis_mark_timestamp_seconds"].labels
    assert {"symbol", "strategy"} <= set(BY_NAME["genesis_strategy_position_quantity"].labels)
    assert BY_NAME["genesis_strategy_slippage_ratio"].labels == ("strategy", "direction")


def test_every_alert_has_a_rule_and_a_runbook() -> None:
    assert {rule["alert"] for rule in alerts()} == set(ALERTS)


def test_an_alert_says_what_why_and_where() -> None:
    page = runbook_page(settings(), limits())
    for rule in alerts():
        name, texts = rule["alert"], rule["annotations"]
        which = f"{name} ({rule['labels']['severity']})"
        assert rule["labels"].keys() == {"severity"}, f"{which}: a label that changes makes a new alert at every evaluation"
        assert texts.keys() == {"summary", "description", "runbook_url", "dashboard_url"}, which
        assert texts["runbook_url"].endswith(f"/runbooks#{name.lower()}"), which
        assert f'<section id="{name.lower()}">' in page, which
        assert not re.search(r"\{[a-z]", " ".join(texts.values())), f"{which}: a word was not filled in"


def test_every_rule_waits_and_outlives_its_condition_as_its_own_section_says() -> None:
    """No two sections are alike, so that a rule with the times of another one is seen."""
    named = [name for name, section in changed({})["alerts"].items() if "for" in section]
    times = {name: (f"{10 + place}s", f"{100 + place}s") for place, name in enumerate(named)}
    times["AlertmanagerUnreachable"] = ("3m", "99s")  # it must wait longer than its window
    changes = {f"alerts.{name}.for": hold for name, (hold, _) in times.items()}
    changes |= {f"alerts.{name}.keep_firing_for": kept for name, (_, kept) in times.items()}
    for text in rule_files(settings(changes), limits()).values():
        for rule in yaml.safe_load(text)["groups"][0]["rules"]:
            if (name := rule.get("alert")) in times:
                made = [parse_duration(rule[key]) for key in ("for", "keep_firing_for")]
                assert made == [parse_duration(one) for one in times[name]], name


def test_an_alert_is_muted_by_groups_that_the_exporter_has() -> None:
    assert {group for alert in ALERTS.values() for group in alert.groups} <= set(GROUPS)


def test_alerts_on_money_fire_at_once() -> None:
    assert not [rule for rule in alerts() if rule["alert"] in {"StrategyDrawdown", "DailyLoss"} and "for" in rule]


def test_groups_are_evaluated_at_the_configured_interval() -> None:
    for text in rule_files(settings({"evaluation_interval": "250ms"}), limits()).values():
        assert [group["interval"] for group in yaml.safe_load(text)["groups"]] == ["250ms"]


def test_without_overrides_no_strategy_is_left_out() -> None:
    text = rule_files(settings({"alerts.StrategyDrawdown.overrides": {}}), limits())["losses.yml"]
    exprs = [rule["expr"] for rule in yaml.safe_load(text)["groups"][0]["rules"] if rule.get("alert") == "StrategyDrawdown"]
    assert exprs == ["genesis_strategy_drawdown_ratio >= 0.05", "genesis_strategy_drawdown_ratio >= 0.1"]


def test_an_overridden_strategy_is_kept_out_of_the_common_threshold() -> None:
    overrides = {"a.b": {"warning": 0.02, "critical": 0.2}, "c": {"critical": 0.3}}
    text = rule_files(settings({"alerts.StrategyDrawdown.overrides": overrides}), limits())["losses.yml"]
    warning, critical = (
        rule["expr"] for rule in yaml.safe_load(text)["groups"][0]["rules"] if rule.get("alert") == "StrategyDrawdown"
    )
    metric = "genesis_strategy_drawdown_ratio"
    others = metric + r'{strategy!~"a\\.b|c"}'
    assert warning.split("\nor\n") == [
        f"{others} >= 0.05", f'{metric}{{strategy="a.b"}} >= 0.02', f'{metric}{{strategy="c"}} >= 0.05'
    ]  # fmt: skip
    assert critical.split("\nor\n") == [
        f"{others} >= 0.1", f'{metric}{{strategy="a.b"}} >= 0.2', f'{metric}{{strategy="c"}} >= 0.3'
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        ("plain", '"plain"'),
        ('a"b', r'"a\"b"'),
        ("a\\b", r'"a\\b"'),
        ("a\nb", r'"a\U0000000ab"'),
        ("größe", '"größe"'),
        ("a\u2028b", r'"a\U00002028b"'),
        ("{{ $value }}", '"{{ $value }}"'),
    ],
)
def test_a_name_cannot_break_out_of_its_quotes(value: str, literal: str) -> None:
    assert string(value) == literal


def test_a_regular_expression_takes_names_literally() -> None:
    assert any_of(["a.b", "c|d", "x"]) == r'"a\\.b|c\\|d|x"'


def test_a_threshold_is_written_without_an_exponent() -> None:
    config = settings().alerts.of(SLIPPAGE_HIGH)
    assert [number(config.warning), number(config.warning / 1000), number(config.warning * 10000)] == [
        "0.001",
        "0.000001",
        "10",
    ]


def test_every_threshold_is_told_with_its_overrides() -> None:
    lines = thresholds(settings({"scrape_interval": "1s"}), limits({"correlation_alert_ratio": "0.65"}))
    told = {(line.alert, line.severity, line.strategy): line.value for line in lines if not line.part}
    assert told["StrategyDrawdown", "warning", ""] == 0.05
    assert told["StrategyDrawdown", "critical", "spread_capture"] == 0.06
    assert [told["DailyLoss", severity, ""] for severity in ("info", "warning", "critical")] == [0.5, 0.8, 1.0]
    assert told["MarketDataStale", "critical", ""] == 120.0
    assert told["SlippageHigh", "warning", "spread_capture"] == 0.0005
    assert (told["EventsRejected", "warning", ""], told["EventsRejected", "critical", ""]) == (1, 20)
    assert told["ValueAtRiskExceeded", "critical", ""] == 0.0001
    assert told["WinRateLow", "warning", "multi_pair"] == 0.25
    assert told["SharpeDegraded", "critical", ""] == 1.0
    assert told["FillDelayHigh", "critical", "spread_capture"] == 60.0
    assert told["CapacityNearlyUsed", "critical", "multi_pair"] == 4.0
    assert told["CorrelationHigh", "warning", ""] == 0.65
    assert (told["EventsLate", "warning", ""], told["RequestsRefused", "critical", ""]) == (5, 300)
    assert (told["JournalSlow", "critical", ""], told["ScrapeSlow", "warning", ""]) == (0.5, 0.5)
    assert (told["RotationStuck", "critical", ""], told["RotationDisagrees", "critical", ""]) == (10, 0.02)
    assert told["RulesMissed", "warning", ""] == 0.1
    assert told["PortfolioDrawdown", "critical", ""] == 0.06
    assert (told["StrategySilent", "warning", ""], told["StrategySilent", "critical", "spread_capture"]) == (900, 600)
    assert told["PortfolioExpectedShortfallHigh", "warning", ""] == 0.08
    parts = {(line.alert, line.severity, line.strategy, line.part): line.value for line in lines if line.part}
    assert parts == {
        ("BetaOutOfBand", "warning", "", "low"): -0.5,
        ("BetaOutOfBand", "warning", "", "high"): 0.5,
        ("PeriodLoss", "warning", "", "week"): 0.06,
        ("PeriodLoss", "warning", "", "month"): 0.1,
        ("PeriodLoss", "critical", "", "week"): 0.12,
        ("PeriodLoss", "critical", "", "month"): 0.2,
        ("PortfolioPeriodLoss", "warning", "", "week"): 0.04,
        ("PortfolioPeriodLoss", "warning", "", "month"): 0.06,
        ("PortfolioPeriodLoss", "critical", "", "week"): 0.08,
        ("PortfolioPeriodLoss", "critical", "", "month"): 0.12,
    }
    assert len(told) + len(parts) == len(lines)


def test_every_alert_with_thresholds_tells_them() -> None:
    told = {line.alert for line in thresholds(settings(), limits())}
    for name, alert in ALERTS.items():
        levels = set(alert.settings.model_fields) & {"warning", "critical", "week", "month", "low", "high", "tolerance"}
        assert (name in told) is bool(levels or alert.trading_rule), name


def test_the_limit_of_correlations_is_that_of_the_trading_rules() -> None:
    text = rule_files(settings(), limits({"correlation_alert_ratio": "0.65"}))["risk.yml"]
    (expr,) = [rule["expr"] for rule in yaml.safe_load(text)["groups"][0]["rules"] if rule.get("alert") == "CorrelationHigh"]
    assert expr == 'genesis_strategy_correlation{estimator="pearson"} >= 0.65'


def test_a_slow_scrape_is_one_that_is_slow_for_its_interval() -> None:
    lines = thresholds(settings({"scrape_interval": "250ms"}), limits())
    told = {line.severity: line.value for line in lines if line.alert == "ScrapeSlow"}
    assert told == {"warning": 0.125, "critical": 0.2}
    text = rule_files(settings({"scrape_interval": "250ms"}), limits())["monitor.yml"]
    exprs = [rule["expr"] for rule in yaml.safe_load(text)["groups"][0]["rules"] if rule.get("alert") == "ScrapeSlow"]
    assert [expr.partition(" >= ")[2] for expr in exprs] == ["0.125", "0.2"]


def test_the_longest_append_of_a_threshold_is_the_last_bucket_of_the_histogram() -> None:
    assert LONGEST_APPEND.total_seconds() == _APPEND_BOUNDS[-1]


def test_alerts_on_rotation_stand_on_figures_of_its_controller_alone() -> None:
    for rule in yaml.safe_load(rule_files(settings(), limits())["rotation.yml"])["groups"][0]["rules"]:
        for name in re.findall(r"genesis_\w+", rule["expr"]):
            assert BY_NAME[name].process is Process.ROTATION, rule["alert"]
        assert 'job="rotation"' in rule["expr"] or "genesis_rotation_" in rule["expr"]


def test_the_longest_delay_of_a_threshold_is_the_last_bucket_of_the_histogram() -> None:
    assert LONGEST_FILL_DELAY.total_seconds() == _DELAY_BOUNDS[-1]


def test_prometheus_is_told_its_targets_rules_and_intervals() -> None:
    text = prometheus_config(
        settings({"scrape_interval": "500ms"}), monitor="m:1", alertmanager="a:2", prometheus="p:3", rule_files=["x/*.yml"]
    )
    assert text.startswith(HEADER)
    tree = yaml.safe_load(text)
    assert tree["global"] == {"scrape_interval": "500ms", "evaluation_interval": "1s"}
    assert tree["rule_files"] == ["x/*.yml"]
    assert tree["alerting"]["alertmanagers"] == [{"static_configs": [{"targets": ["a:2"]}]}]
    targets = {job["job_name"]: job["static_configs"][0]["targets"] for job in tree["scrape_configs"]}
    assert targets == {"genesis": ["m:1"], "prometheus": ["p:3"], "alertmanager": ["a:2"]}


def test_prometheus_reads_the_rotation_controller_where_there_is_one() -> None:
    text = prometheus_config(settings(), monitor="m:1", alertmanager="a:2", rotation="r:4", rule_files=["x/*.yml"])
    jobs = {job["job_name"]: job for job in yaml.safe_load(text)["scrape_configs"]}
    assert jobs["rotation"]["static_configs"] == [{"targets": ["r:4"], "labels": {"instance": "rotation"}}]


def test_no_generated_yaml_has_anchors(tmp_path: Path) -> None:
    for text in rule_files(settings(), limits()).values():
        assert not [line for line in text.splitlines() if re.search(r"(: |- )[&*]\w+", line)]


def test_a_runbook_leads_to_the_board_and_to_the_strategy_where_there_is_one() -> None:
    made = settings({"links.grafana": "https://boards/g/?orgId=1&kiosk"})
    page = runbook_page(made, limits())
    for alert, board, strategy in (
        ("strategydrawdown", "genesis-strategy", "&amp;var-strategy=STRATEGY"),
        ("portfoliodrawdown", "genesis-portfolio", ""),
        ("monitordown", "genesis-service", ""),
    ):
        section = page.partition(f'id="{alert}"')[2].partition("</section>")[0]
        assert f'<a href="https://boards/g/d/{board}?orgId=1&amp;kiosk{strategy}">' in section
