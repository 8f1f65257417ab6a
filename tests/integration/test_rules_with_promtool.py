"""The generated rules as the real promtool reads and runs them; the cases that they are tried on lie in tests/rules."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from genesis import programs
from genesis.alerts.catalog import ALERTS, TOPICS
from genesis.alerts.promql import string
from genesis.commands.check import check_files
from genesis.configuration import load_settings
from genesis.core.models import MAX_TEXT
from genesis.monitoring.alert_manager import prometheus_config, rule_files
from tests.rules import loader
from tests.unit.alerts.alert_tree import limits, settings

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("real_programs")


def promtool(*words: str | Path) -> subprocess.CompletedProcess[str]:
    program = programs.require([programs.PROMTOOL], os.environ)[programs.PROMTOOL]
    return subprocess.run([program, *words], check=False, capture_output=True, text=True, timeout=120)


# Alert, what stands in the rules of its topic, and what a slip would make of it.
BROKEN = [
    ("StrategyDrawdown", "drawdown_ratio{strategy!~", "drawdown_ratio{strategy=~"),
    ("StrategyDrawdown", '{strategy="careful"} >= 0.05', '{strategy="careful"} > 0.05'),
    ("StrategyDrawdown", '"} >= 0.1\n', '"} > 0.1\n'),
    ("StrategyDrawdown", "keep_firing_for: 10s", "keep_firing_for: 4s"),
    ("StrategyDrawdown", "\\\\c\\\\.\\\\*", "\\\\c.*"),
    ("StrategyDrawdown", "{{ $labels.strategy | urlquery }}", "{{ $labels.strategy }}"),
    ("StrategyDrawdown", "its peak; the critical", "its peak; the warning"),
    ("DailyLoss", "used_ratio >= 0.25", "used_ratio > 0.25"),
    ("DailyLoss", "used_ratio >= 0.5", "used_ratio >= 0.51"),
    ("DailyLoss", "used_ratio >= 0.75", "used_ratio > 0.75"),
    ("DailyLoss", "for: 5s", "for: 4s"),
    ("DrawdownUnknown", "undefined_info", "info"),
    ("DrawdownUnknown", "unless on (instance, strategy)", "and on (instance, strategy)"),
    ("DrawdownUnknown", "unless on (instance, strategy)", "unless on (instance)"),
    ("DrawdownUnknown", 'figure="all"', 'figure=~".+"'),
    ("DailyLossUnknown", "portfolio_capital == 0", "portfolio_capital < 0"),
    ("DailyLossUnknown", "used_ratio|all", "used_ratio"),
    ("DailyLossUnknown", "daily_loss_used_ratio|all", ".+"),
    ("PeriodLoss", "-genesis_strategy_period_pnl", "genesis_strategy_period_pnl"),
    ("PeriodLoss", "equity - ignoring", "equity + ignoring"),
    ("PeriodLoss", 'period="month",strategy!~"careful"} >= 0.4', 'period="month",strategy!~"careful"} > 0.4'),
    ("PeriodLoss", '=~"week|month"', '="week"'),
    ("PortfolioDrawdown", "drawdown_ratio >= 0.05", "drawdown_ratio > 0.05"),
    ("PortfolioDrawdown", "portfolio_drawdown_ratio", "strategy_drawdown_ratio"),
    ("PortfolioPeriodLoss", "equity - ignoring", "equity + ignoring"),
    ("PortfolioPeriodLoss", '{period="week"} >= 0.05', '{period="week"} > 0.05'),
    ("PortfolioPeriodLoss", "}}5%{{ else }}10%", "}}10%{{ else }}5%"),
    ("PortfolioValueAtRiskExceeded", ">= 200", ">= 199"),
    ("PortfolioValueAtRiskExceeded", "> 0.1 *", "> 0.11 *"),
    ("PortfolioExpectedShortfallHigh", "observations >= 20", "observations >= 19"),
    ("PortfolioExpectedShortfallHigh", "enough_observations >= 0.05", "enough_observations > 0.05"),
    ("ValueAtRiskExceeded", "total{method", "total{other"),
    ("ValueAtRiskExceeded", "> 0.1 *", "< 0.1 *"),
    ("ValueAtRiskExceeded", "> 0.1 *", ">= 0.1 *"),
    ("ValueAtRiskExceeded", "> 0.1 *", "> 0.11 *"),
    ("ValueAtRiskExceeded", ">= 100", ">= 99"),
    ("ValueAtRiskExceeded", '"} <= 0.02\n', '"} < 0.02\n'),
    ("ValueAtRiskExceeded", '"} <= 0.01\n', '"} <= 0.0101\n'),
    ("ExpectedShortfallHigh", "observations >= 10", "observations >= 9"),
    ("ExpectedShortfallHigh", 'ratio{method="parametric",', 'ratio{method=~"p.*",confidence=~".*"} or x{'),
    ("ExpectedShortfallHigh", '"} >= 0.1\n', '"} > 0.1\n'),
    ("CorrelationHigh", ">= 0.5", "> 0.5"),
    ("CorrelationHigh", 'estimator="pearson"', 'estimator=~".+"'),
    ("CorrelationHigh", '"pearson"} >=', '"pearson"} ^ 2 >='),
    ("BetaOutOfBand", "> 2 + 4 *", "> 2 - 4 *"),
    ("BetaOutOfBand", "> 2 + 4 *", "> 2 + 5 *"),
    ("BetaOutOfBand", "> 2 + 4 *", ">= 2 + 4 *"),
    ("BetaOutOfBand", "< -1 - 4 *", "< -1 + 4 *"),
    ("WinRateLow", ">= 10", ">= 9"),
    ("WinRateLow", 'win_rate_ratio{window="1d"}', 'win_rate_ratio{window="1h"}'),
    ("WinRateLow", 'window_trades{window="1d"}', 'window_trades{window="1h"}'),
    ("WinRateLow", '"} <= 0.5\n', '"} < 0.5\n'),
    ("WinRateLow", '"} <= 0.75', '"} <= 0.74'),
    ("ProfitFactorLow", ">= 12", ">= 11"),
    ("ProfitFactorLow", "window_trades", "streak"),
    ("ProfitFactorLow", '"} <= 1\n', '"} >= 1\n'),
    ("SharpeDegraded", "track_record_seconds >=", "track_record_seconds >"),
    ("SharpeDegraded", "track_record_seconds >=", "track_record_seconds =="),
    ("SharpeDegraded", "track_record_seconds >=", "track_record_seconds !="),
    ("SharpeDegraded", '"} >= 2', '"} > 2'),
    ("SharpeDegraded", '"} <= 0.01', '"} < 0.01'),
    ("SharpeDegraded", "observations >= 10", "observations >= 9"),
    ("SharpeDegraded", "cusum_limit > 0", "cusum_limit >= 0"),
    ("SlippageHigh", ":fills >= 4", ":fills >= 3"),
    ("SlippageHigh", "\n            -\n", "\n            +\n"),
    ("SlippageHigh", "[20s]", "[15s]"),
    ("SlippageHigh", '"} >= 0.125', '"} > 0.125'),
    ("SlippageAboveExpected", "expected_slippage_ratio > 0", "expected_slippage_ratio >= 0"),
    ("SlippageAboveExpected", "\n            -\n", "\n            +\n"),
    ("SlippageAboveExpected", ") >= 4", ") >= 3"),
    ("SlippageAboveExpected", '"} >= 3', '"} > 3'),
    ("FillDelayHigh", "seconds_count[20s]) >= 4", "seconds_count[20s]) >= 3"),
    ("FillDelayHigh", "histogram_quantile(0.5", "histogram_quantile(0.7"),
    ("FillDelayHigh", '"} >= 4\n', '"} > 4\n'),
    ("CapacityNearlyUsed", '"} >= 0.5', '"} > 0.5'),
    ("CapacityNearlyUsed", ">= 10", ">= 9"),
    ("CapacityNearlyUsed", '{window="all"}', '{window=~".+"}'),
    ("CapacityNearlyUsed", 'used_ratio{strategy="careful"} >= 0.25', 'used_ratio{strategy="careful"} >= 0.26'),
    ("CapacityNearlyUsed", "on (instance, strategy)", "on (instance)"),
    ("MarketDataStale", "position_quantity != 0", "position_quantity > 0"),
    ("MarketDataStale", "and on (instance, symbol)", "and on (instance)"),
    ("MarketDataStale", "seconds >= 20", "seconds >= 21"),
    ("MarketDataStale", "humanizeDuration", "humanize"),
    ("StrategySilent", "seconds < 4", "seconds > 4"),
    ("StrategySilent", "seconds < 4", "seconds <= 4"),
    ("StrategySilent", "(instance, symbol)\n              time()", "(instance)\n              time()"),
    ("StrategySilent", "[5m]", "[1s]"),
    ("StrategySilent", "weight_ratio == 0", "weight_ratio == 1"),
    ("StrategySilent", "allowed == 0", "allowed == 1"),
    ("StrategySilent", '{strategy="careful"} >= 30', '{strategy="careful"} > 30'),
    ("StrategySilent", "time() - strategy:silent_since", "time() + strategy:silent_since"),
    ("AttributionResidual", "residual != 0", "residual > 0"),
    ("AttributionResidual", "residual|all", "residual"),
    ("AttributionResidual", "attribution_residual|all", ".+"),
    ("ReconciliationBreak", "open_breaks > 0", "open_breaks > 1"),
    ("ReconciliationBreak", "{{ $labels.scope }}{{ else", "x{{ else"),
    ("FiguresUndefined", "count without (figure)", "count without (reason)"),
    ("FiguresUndefined", "no_mark|error", "no_mark|error|no_edge"),
    ("FiguresUndefined", "for: 5s", "for: 4s"),
    ("EventsConflicting", 'outcome="conflict"', 'outcome=~"conflict|rejected"'),
    ("EventsConflicting", "[20s]", "[15s]"),
    ("EventsRejected", 'outcome="rejected"', 'outcome=~"conflict|rejected"'),
    ("EventsRejected", "sum without (outcome)", "sum by (instance, job)"),
    ("EventsRejected", ">= 6", ">= 7"),
    ("EventsRejected", ">= 3\n", "> 3\n"),
    ("EventsLate", "late_total[20s]) >= 2\n", "late_total[20s]) > 2\n"),
    ("EventsLate", "late_total[20s]) >= 5", "late_total[20s]) >= 6"),
    ("EventsLate", "late_total[20s])", "late_total[15s])"),
    ("RequestsRefused", "sum without (path)", "max without (path)"),
    ("RequestsRefused", "|429|", "|"),
    ("RequestsRefused", "401|403", "400|401|403"),
    ("RequestsRefused", "])) >= 4\n", "])) >= 5\n"),
    ("EventsMissing", "missing_events > 0", "missing_events > 1"),
    ("EventsMissing", "for: 5s", "for: 4s"),
    ("JournalFailing", "commit_errors_total[20s]", "commit_errors_total[40s]"),
    ("JournalSlow", "histogram_quantile(0.5", "histogram_quantile(0.7"),
    ("JournalSlow", "seconds_count[20s]) >= 4", "seconds_count[20s]) >= 3"),
    ("JournalSlow", ">= 0.2\n", "> 0.2\n"),
    ("JournalSlow", ">= 1\n", ">= 0.99\n"),
    ("StorageBelowTier", 'storage="postgresql"', 'storage=~".+"'),
    ("StorageBelowTier", 'backend="sqlite"', 'backend=~".+"'),
    ("CollectorFailing", "collector_success == 0", "collector_success == 1"),
    ("MonitorDown", 'collector_success{group="accounts"}', "collector_success"),
    ("MonitorDown", 'collector_success{group="accounts"}', 'collector_success{group="accounts"} == 1'),
    ("MonitorDown", "absent(up", "absent(down"),
    ("MonitorDown", 'up{job="genesis"} == 0', "vector(0) == 1"),
    ("MonitorFlapping", 'resets(up{job="genesis"}[20s]) >= 2', 'resets(up{job="genesis"}[20s]) >= 3'),
    ("MonitorFlapping", 'resets(up{job="genesis"}[20s]) >= 2', 'changes(up{job="genesis"}[20s]) >= 2'),
    ("MonitorFlapping", "[20s]", "[15s]"),
    ("ScrapeSlow", 'scrape_duration_seconds{job="genesis"}', "scrape_duration_seconds"),
    ("ScrapeSlow", ">= 0.5", "> 0.5"),
    ("ScrapeSlow", ">= 1.5", ">= 1.51"),
    ("ScrapeSlow", "avg_over_time", "max_over_time"),
    ("SeriesFolded", "folded > 0", "folded > 1"),
    ("SeriesFolded", "for: 5s", "for: 4s"),
    ("RotationDown", 'up{job="rotation"} == 0', "up == 0"),
    ("RotationDown", 'up{job="rotation"} == 0', 'absent(up{job="rotation"}) or up{job="rotation"} == 0'),
    ("RotationStuck", ">= 2\n", "> 2\n"),
    ("RotationStuck", ">= 4\n", ">= 5\n"),
    ("RotationStuck", "(genesis_rotation_interval_seconds > 0)", "30"),
    ("RotationBlocked", 'blocked_info{reason!="warming_up"} == 1', 'blocked_info{reason!="warming_up"} == 0'),
    ("RotationBlocked", '{reason!="warming_up"}', ""),
    ("RotationBlocked", "for: 5s", "for: 4s"),
    ("RotationDisagrees", "abs(", "("),
    ("RotationDisagrees", ">= 0.125", "> 0.125"),
    ("RotationDisagrees", "enforcing == 1", "enforcing >= 0"),
    ("RotationDisagrees", "and on (instance)", "or on (instance)"),
    ("RotationHalted", "halted == 1", "halted >= 0"),
    ("RotationHalted", "for: 5s", "for: 4s"),
    ("RotationLeaderless", "leading == 1", "leading == 2"),
    ("RotationLeaderless", "unless on ()", "unless"),
    ("RulesFailing", "failures_total[20s]", "failures_total[15s]"),
    ("RulesMissed", "max without (rule_group)", "sum without (rule_group)"),
    ("RulesMissed", ">= 0.25", "> 0.25"),
    ("RulesMissed", ">= 0.5", ">= 0.51"),
    ("AlertmanagerUnreachable", "discovered < 1", "discovered < 0"),
    ("AlertmanagerUnreachable", "for: 25s", "for: 20s"),
    ("AlertmanagerUnreachable", "errors_total[20s]) > 0", "errors_total[20s]) > 200"),
    ("ConfigurationRefused", "prometheus_config_last_reload_successful == 0", "vector(1) == 0"),
    ("ConfigurationRefused", "alertmanager_config_last_reload_successful == 0", "vector(1) == 0"),
    ("NotificationsFailing", "[2m]", "[3m]"),
    ("Watchdog", "vector(1)", "vector(1) > 1"),
]


def test_a_broken_rule_fails_a_case_of_its_alert_that_is_named(tmp_path: Path) -> None:
    rules = rule_files(loader.settings(), loader.trading_rules())
    every, missed = loader.all_cases(), []
    for alert, right, wrong in BROKEN:
        found = [case for case in every if case.alert == alert]
        text = rules[f"{found[0].topic}.yml"]
        assert right in text, f"{alert}: {right!r} is not in its rules"
        broken = {f"{found[0].topic}.yml": text.replace(right, wrong)}
        done = promtool("test", "rules", *loader.write(tmp_path, found, broken))
        if done.returncode == 0 or not any(f"name: {alert}: {case.name}," in done.stderr + done.stdout for case in found):
            missed.append(f"{alert}: {right!r} became {wrong!r}: {done.stdout}{done.stderr}")
    assert not missed, "\n".join(missed)
    assert {alert for alert, *_ in BROKEN} == set(ALERTS)


# Any name that an engine may send; the empty one is refused, and a lone surrogate is no Unicode.
names = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=MAX_TEXT),
    st.text(st.sampled_from("ab\"\\'`{}$|.*+?()[]^\n\r\t\0 \x7f\x85\u2028\ufeff%<>&;,=~!#-é漢😀"), min_size=1, max_size=12),
)


@given(found=st.lists(names, min_size=1, max_size=8, unique=True))
@hypothesis_settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_any_name_of_a_strategy_may_be_overridden(tmp_path: Path, found: list[str]) -> None:
    overrides = {name: {"warning": 0.5, "critical": 0.9} for name in found}
    changed = settings({"alerts.StrategyDrawdown.critical": 0.9, "alerts.StrategyDrawdown.overrides": overrides})
    series = {f"genesis_strategy_drawdown_ratio{{strategy={string(name)}}}": "0.4999 0.5" for name in found}
    fires = [loader.Firing("warning", {"strategy": name}, f"{name}: drawdown 50% (threshold 50%)") for name in found]
    case = loader.Case("losses", "StrategyDrawdown", "names", series, {"0s": (), "1s": tuple(fires)})
    done = promtool("test", "rules", *loader.write(tmp_path, [case], rule_files(changed, limits())))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_repositorys_rules_and_configuration_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    for name, text in rule_files(settings(), limits()).items():
        (tmp_path / "rules" / name).write_text(text)
    text = prometheus_config(settings(), monitor="monitor:9108", alertmanager="alertmanager:9093", rule_files=["rules/*.yml"])
    (tmp_path / "prometheus.yml").write_text(text)
    done = promtool("check", "config", "--lint-fatal", tmp_path / "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(TOPICS)} rule files found" in done.stdout


def test_every_query_of_the_runbooks_is_promql(tmp_path: Path) -> None:
    records: list[dict[str, Any]] = [
        {"record": f"look:{name}:{place}", "expr": look.query}
        for name, alert in ALERTS.items()
        for place, look in enumerate(alert.runbook.queries)
    ]
    (tmp_path / "looks.yml").write_text(yaml.safe_dump({"groups": [{"name": "looks", "rules": records}]}))
    done = promtool("check", "rules", tmp_path / "looks.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_check_names_each_expression_of_rotation_that_is_none_or_comes_to_no_samples_of_one_moment() -> None:
    shipped = load_settings(ROOT / "config")
    right = dict(shipped.rotation.signals)
    wrong = {"open": "sum(((", "range": "up[5m]", "text": "'up'", "one": "1"}
    changed = shipped.rotation.model_copy(update={"signals": right | {"comment": "up # all of them"} | wrong})
    findings = check_files(shipped._replace(rotation=changed), ROOT, os.environ)
    (fault,) = (found.fault for found in findings if found.note == "rotation.yaml: promtool on its expressions")
    assert fault is not None
    assert {name for name in changed.signals if f'"signals.{name}"' in fault} == wrong.keys()
