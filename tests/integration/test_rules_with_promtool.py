"""The generated rules as the real promtool reads and runs them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from genesis.alerts.catalog import ALERTS, TOPICS
from genesis.commands.check import check_files
from genesis.configuration import load_settings
from genesis.core.models import MAX_TEXT
from genesis.monitoring.alert_manager import prometheus_config, rule_files, rule_tests
from genesis.stack import programs
from tests.unit.alerts.alert_tree import limits, settings

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("real_programs")


def promtool(*words: str | Path) -> subprocess.CompletedProcess[str]:
    program = programs.require([programs.PROMTOOL], os.environ)[programs.PROMTOOL]
    return subprocess.run([program, *words], check=False, capture_output=True, text=True, timeout=120)


def write(root: Path, changes: Mapping[str, object]) -> list[Path]:
    """Rules and their tests below `root`, as `genesis generate` lays them out; returns the tests."""
    for directory, files in made(json.dumps(changes)).items():
        (root / directory).mkdir(exist_ok=True)
        for name, text in files.items():
            (root / directory / name).write_text(text)
    return sorted((root / "tests").iterdir())


@cache
def made(changes: str) -> dict[str, dict[str, str]]:
    """Folder → file → text, of the repository's configuration with `changes`, a JSON object."""
    changed = settings(json.loads(changes))
    return {"rules": rule_files(changed, limits()), "tests": rule_tests(changed, limits())}


def assert_tests_pass(tests: list[Path]) -> None:
    done = promtool("test", "rules", *tests)
    assert done.returncode == 0, done.stdout + done.stderr


_FIGURES = (
    "ValueAtRiskExceeded",
    "ExpectedShortfallHigh",
    "WinRateLow",
    "ProfitFactorLow",
    "SharpeDegraded",
    "CorrelationHigh",
    "BetaOutOfBand",
    "CapacityNearlyUsed",
    "FiguresUndefined",
    "PortfolioValueAtRiskExceeded",
    "PortfolioExpectedShortfallHigh",
)
_SERVICE = (
    "EventsLate",
    "RequestsRefused",
    "JournalSlow",
    "MonitorFlapping",
    "ScrapeSlow",
    "RotationDown",
    "RotationStuck",
    "RotationBlocked",
    "RotationDisagrees",
    "RotationHalted",
    "RotationLeaderless",
    "RulesFailing",
    "RulesMissed",
    "AlertmanagerUnreachable",
)
_QUICKER = (*_FIGURES, *_SERVICE, "SlippageAboveExpected", "FillDelayHigh", "PeriodLoss")
SHORT_WINDOW: dict[str, object] = {
    **{f"alerts.{alert}.for": "5s" for alert in _FIGURES},
    **{f"alerts.{alert}.keep_firing_for": "11s" for alert in _FIGURES},
    "alerts.SlippageAboveExpected.window": "35s",
    "alerts.SlippageAboveExpected.keep_firing_for": "5s",
    "alerts.FillDelayHigh.window": "35s",
    "alerts.FillDelayHigh.keep_firing_for": "5s",
    "alerts.SlippageHigh.window": "35s",
    "alerts.SlippageHigh.keep_firing_for": "5s",
    "alerts.EventsConflicting.window": "20s",
    "alerts.EventsRejected.window": "20s",
    "alerts.JournalFailing.window": "20s",
    "alerts.EventsLate.window": "20s",
    "alerts.RequestsRefused.window": "20s",
    "alerts.JournalSlow.window": "20s",
    "alerts.JournalSlow.for": "5s",
    "alerts.JournalSlow.keep_firing_for": "5s",
    "alerts.MonitorFlapping.window": "20s",
    "alerts.ScrapeSlow.window": "20s",
    "alerts.ScrapeSlow.for": "5s",
    "alerts.ScrapeSlow.keep_firing_for": "5s",
    "alerts.RotationDown.for": "5s",
    "alerts.RotationBlocked.for": "5s",
    "alerts.RotationDisagrees.for": "5s",
    "alerts.RotationHalted.for": "20s",
    "alerts.RotationLeaderless.for": "5s",
    "alerts.RotationDown.keep_firing_for": "6s",
    **{f"alerts.{name}.keep_firing_for": "6s" for name, alert in ALERTS.items() if alert.muted_by == "RotationDown"},
    "alerts.RulesFailing.window": "20s",
    "alerts.RulesMissed.window": "20s",
    "alerts.RulesMissed.for": "5s",
    "alerts.RulesMissed.keep_firing_for": "5s",
    "alerts.AlertmanagerUnreachable.window": "20s",
    "alerts.AlertmanagerUnreachable.for": "25s",
    "alerts.EventsMissing.for": "10s",
    "alerts.StorageBelowTier.for": "10s",
    "alerts.StorageBelowTier.keep_firing_for": "11s",
}
"""Fewer steps to run through."""

CONFIGURATIONS: dict[str, dict[str, object]] = {
    "as it is": {},
    "no overrides": {
        "alerts.StrategyDrawdown.overrides": {},
        "alerts.SlippageHigh.overrides": {},
        "alerts.ExpectedShortfallHigh.overrides": {},
        "alerts.WinRateLow.overrides": {},
        "alerts.ProfitFactorLow.overrides": {},
        "alerts.FillDelayHigh.overrides": {},
        "alerts.CapacityNearlyUsed.overrides": {},
        "alerts.StrategySilent.overrides": {},
        **SHORT_WINDOW,
    },
    "one threshold overridden": {
        "alerts.StrategyDrawdown.overrides": {"a": {"warning": 0.01}, "b": {"critical": 0.9}},
        "alerts.SlippageHigh.overrides": {"a": {"critical": 0.0011}},
        "alerts.ValueAtRiskExceeded.overrides": {"a": {"warning": 0.02}, "b": {"critical": 0.0005}},
        "alerts.ExpectedShortfallHigh.overrides": {"a": {"warning": 0.01}},
        "alerts.WinRateLow.overrides": {"a": {"warning": 0.9}, "b": {"critical": 0.01}},
        "alerts.ProfitFactorLow.overrides": {"a": {"warning": 3}},
        "alerts.SharpeDegraded.overrides": {"a": {"warning": 0.2}, "b": {"critical": 3}},
        "alerts.SlippageAboveExpected.overrides": {"a": {"critical": 16}},
        "alerts.FillDelayHigh.overrides": {"a": {"warning": "250ms"}, "b": {"critical": "59s"}},
        "alerts.BetaOutOfBand.overrides": {"a": {"high": 1.5}, "b": {"low": -0.1, "high": 0.1}},
        "alerts.StrategySilent.overrides": {"a": {"warning": "1500ms"}, "b": {"critical": "1d2h"}},
        "alerts.CapacityNearlyUsed.overrides": {"a": {"critical": 1.5}},
        "alerts.PeriodLoss.week": {
            "warning": 0.06,
            "critical": 0.12,
            "overrides": {"one": {"warning": 0.11}, "b": {"critical": 0.5}},
        },
        **SHORT_WINDOW,
    },
    "quick": {"scrape_interval": "250ms", "evaluation_interval": "250ms", **SHORT_WINDOW},
    "slow": {"scrape_interval": "15s", "evaluation_interval": "15s", "alerts.DrawdownUnknown.for": "20s"},
    "waiting": {
        **SHORT_WINDOW,
        "alerts.StrategyDrawdown.for": "5s",
        "alerts.DailyLoss.for": "7s",
        "alerts.MarketDataStale.for": "3s",
        "alerts.SlippageHigh.for": "0s",
        "alerts.NotificationsFailing.for": "5s",
        "alerts.ReconciliationBreak.for": "3s",
        "alerts.EventsConflicting.for": "2s",
        "alerts.EventsRejected.for": "4s",
        "alerts.EventsMissing.for": "5s",
        "alerts.JournalFailing.for": "1s",
        "alerts.EventsLate.for": "3s",
        "alerts.RequestsRefused.for": "4s",
        "alerts.JournalSlow.for": "0s",
        "alerts.MonitorFlapping.for": "4s",
        "alerts.ScrapeSlow.for": "0s",
        "alerts.SeriesFolded.for": "3s",
        "alerts.RotationDown.for": "0s",
        "alerts.RotationStuck.for": "4s",
        "alerts.RotationBlocked.for": "1s",
        "alerts.RotationDisagrees.for": "0s",
        "alerts.RotationHalted.for": "0s",
        "alerts.RotationLeaderless.for": "1s",
        "alerts.RulesFailing.for": "3s",
        "alerts.RulesMissed.for": "0s",
        "alerts.AlertmanagerUnreachable.for": "40s",
        "alerts.ConfigurationRefused.for": "0s",
        "alerts.PeriodLoss.for": "3s",
        "alerts.PortfolioDrawdown.for": "2s",
        "alerts.StrategySilent.for": "1s",
        "alerts.PortfolioPeriodLoss.for": "3s",
        "alerts.SharpeDegraded.for": "2s",
        "alerts.FillDelayHigh.for": "0s",
        "alerts.SlippageAboveExpected.for": "0s",
        "alerts.FiguresUndefined.for": "1s",
    },
    "short": {
        "alerts.SlippageHigh.keep_firing_for": "0s",
        "alerts.MarketDataStale.keep_firing_for": "6s",
        "alerts.StrategySilent.for": "0s",
        "alerts.StrategySilent.keep_firing_for": "6s",
        "alerts.MonitorDown.keep_firing_for": "0s",
        "alerts.MonitorDown.for": "0s",
        "alerts.EventsConflicting.keep_firing_for": "0s",
        "alerts.EventsRejected.keep_firing_for": "0s",
        "alerts.EventsMissing.for": "0s",
        "alerts.JournalFailing.keep_firing_for": "0s",
        **{key: value for key, value in SHORT_WINDOW.items() if key.split(".")[1] in _SERVICE},
        "alerts.EventsLate.keep_firing_for": "0s",
        "alerts.RequestsRefused.keep_firing_for": "0s",
        "alerts.JournalSlow.keep_firing_for": "0s",
        "alerts.JournalSlow.min_appends": 1,
        "alerts.JournalSlow.quantile": 0.37,
        "alerts.MonitorFlapping.keep_firing_for": "0s",
        "alerts.MonitorFlapping.times": 1,
        "alerts.MonitorFlapping.severity": "warning",
        "alerts.MonitorFlapping.window": "30s",
        "alerts.ScrapeSlow.keep_firing_for": "0s",
        "alerts.RotationDown.for": "0s",
        "alerts.RotationDown.keep_firing_for": "0s",
        "alerts.RotationStuck.keep_firing_for": "1s",
        "alerts.RotationBlocked.keep_firing_for": "1s",
        "alerts.RotationBlocked.for": "0s",
        "alerts.RotationDisagrees.keep_firing_for": "1s",
        "alerts.RotationHalted.keep_firing_for": "1s",
        "alerts.RotationLeaderless.keep_firing_for": "1s",
        "alerts.RulesFailing.keep_firing_for": "0s",
        "alerts.RulesMissed.keep_firing_for": "0s",
        "alerts.AlertmanagerUnreachable.keep_firing_for": "0s",
        "alerts.ConfigurationRefused.keep_firing_for": "0s",
        "alerts.StorageBelowTier.for": "0s",
        "alerts.StorageBelowTier.keep_firing_for": "6s",
        "alerts.SlippageAboveExpected.window": "35s",
        "alerts.FillDelayHigh.window": "35s",
        "alerts.SlippageHigh.window": "40s",
        "alerts.SlippageHigh.min_fills": 1,
        "alerts.SlippageAboveExpected.min_fills": 1,
        "alerts.FillDelayHigh.min_fills": 1,
        "alerts.FillDelayHigh.quantile": 0.37,
        "alerts.WinRateLow.min_trades": 1,
        "alerts.ValueAtRiskExceeded.min_forecasts": 1,
        "alerts.ExpectedShortfallHigh.min_observations": 1,
        "alerts.PortfolioValueAtRiskExceeded.min_forecasts": 1,
        "alerts.PortfolioExpectedShortfallHigh.min_observations": 1,
        "alerts.SharpeDegraded.min_observations": 1,
        "alerts.CapacityNearlyUsed.min_trades": 1,
        **{f"alerts.{alert}.for": "0s" for alert in _FIGURES},
        **{f"alerts.{alert}.keep_firing_for": "6s" for alert in _FIGURES},
    },
    "other thresholds": {
        "alerts.StrategyDrawdown.warning": 0.0333,
        "alerts.StrategyDrawdown.critical": 0.0777,
        "alerts.SlippageHigh.warning": 0.00037,
        "alerts.SlippageHigh.critical": 0.00113,
        "alerts.DailyLoss.info": 0.17,
        "alerts.DailyLoss.warning": 0.33,
        "alerts.DailyLoss.critical": 1.7,
        "alerts.EventsRejected.warning": 3,
        "alerts.EventsRejected.critical": 4,
        "alerts.EventsLate.warning": 1,
        "alerts.EventsLate.critical": 2,
        "alerts.RequestsRefused.warning": 7,
        "alerts.RequestsRefused.critical": 9,
        "alerts.JournalSlow.warning": "37ms",
        "alerts.JournalSlow.critical": "1s",
        "alerts.JournalSlow.quantile": 0.99,
        "alerts.ScrapeSlow.warning": 0.37,
        "alerts.ScrapeSlow.critical": 1,
        "alerts.MonitorFlapping.times": 7,
        "alerts.RotationStuck.warning": 1.7,
        "alerts.RotationStuck.critical": 3.3,
        "alerts.RotationDisagrees.tolerance": 0.137,
        "alerts.RotationDown.severity": "critical",
        "alerts.RotationBlocked.severity": "critical",
        "alerts.RotationHalted.severity": "info",
        "alerts.RotationLeaderless.severity": "critical",
        "alerts.RulesMissed.warning": 0.0037,
        "alerts.RulesMissed.critical": 0.77,
        "alerts.ConfigurationRefused.severity": "critical",
        "alerts.StrategySilent.warning": "17m",
        "alerts.StrategySilent.quoted_within": "7s",
        "alerts.PortfolioDrawdown.warning": 0.0123,
        "alerts.PortfolioPeriodLoss.week": {"warning": 0.017, "critical": 0.071},
        "alerts.PortfolioPeriodLoss.month": {"warning": 0.019, "critical": 0.73},
        "alerts.PortfolioValueAtRiskExceeded.critical": 0.0037,
        "alerts.PortfolioValueAtRiskExceeded.method": "parametric",
        "alerts.PortfolioExpectedShortfallHigh.warning": 0.0171,
        "alerts.PortfolioExpectedShortfallHigh.confidence": 0.99,
        "alerts.ValueAtRiskExceeded.warning": 0.037,
        "alerts.ValueAtRiskExceeded.method": "cornish_fisher",
        "alerts.ValueAtRiskExceeded.confidence": 0.99,
        "alerts.ExpectedShortfallHigh.critical": 0.77,
        "alerts.WinRateLow.window": "all",
        "alerts.WinRateLow.critical": 0.123,
        "alerts.ProfitFactorLow.window": "1d",
        "alerts.SharpeDegraded.critical": 1.3,
        "alerts.SlippageAboveExpected.warning": 1.7,
        "alerts.FillDelayHigh.warning": "700ms",
        "alerts.FillDelayHigh.quantile": 0.5,
        "alerts.BetaOutOfBand.low": 0.37,
        "alerts.BetaOutOfBand.standard_errors": 3,
        "alerts.CapacityNearlyUsed.warning": 0.33,
        "alerts.FiguresUndefined.reasons": ["no_mark"],
        **SHORT_WINDOW,
    },
    "links with queries": {
        "links.grafana": "http://127.0.0.1:3000/grafana/?orgId=1",
        "links.runbooks": "https://docs.example/r",
        **SHORT_WINDOW,
    },
}


@pytest.mark.parametrize("changes", CONFIGURATIONS.values(), ids=CONFIGURATIONS.keys())
def test_the_rule_tests_of_any_configuration_pass(tmp_path: Path, changes: dict[str, object]) -> None:
    assert_tests_pass(write(tmp_path, changes))


@pytest.mark.parametrize(
    ("right", "wrong", "failing"),
    [
        ("drawdown_ratio{strategy!~", "drawdown_ratio{strategy=~", "StrategyDrawdown"),
        ('{strategy="spread_capture"} >= 0.03', '{strategy="spread_capture"} > 0.03', "StrategyDrawdown"),
        (">= 0.1\n", "> 0.1\n", "StrategyDrawdown"),
        ("keep_firing_for: 30s", "keep_firing_for: 5s", "StrategyDrawdown"),
        ("used_ratio >= 0.5", "used_ratio > 0.5", "DailyLoss"),
        ("used_ratio >= 0.8", "used_ratio >= 0.81", "DailyLoss"),
        ("used_ratio >= 1", "used_ratio > 1", "DailyLoss"),
        (":fills >= 20", ":fills >= 19", "SlippageHigh"),
        ("\n            -\n", "\n            +\n", "SlippageHigh"),
        ("[5m]", "[4m]", "SlippageHigh"),
        ("position_quantity != 0", "position_quantity > 0", "MarketDataStale"),
        ("and on (instance, symbol)", "and on (instance)", "MarketDataStale"),
        ("seconds >= 120", "seconds >= 121", "MarketDataStale"),
        ("humanizeDuration", "humanize", "MarketDataStale"),
        ("undefined_info", "info", "DrawdownUnknown"),
        ("unless on (instance, strategy)", "and on (instance, strategy)", "DrawdownUnknown"),
        ("portfolio_capital == 0", "portfolio_capital < 0", "DailyLossUnknown"),
        ("used_ratio|all", "used_ratio", "DailyLossUnknown"),
        ("residual != 0", "residual > 0", "AttributionResidual"),
        ("residual|all", "residual", "AttributionResidual"),
        ("attribution_residual|all", ".+", "AttributionResidual"),
        ("total{method", "total{other", "ValueAtRiskExceeded"),
        ("> 0.05 *", "< 0.05 *", "ValueAtRiskExceeded"),
        ("> 0.05 *", "> 0.06 *", "ValueAtRiskExceeded"),
        (">= 500", ">= 499", "ValueAtRiskExceeded"),
        (":exceeded <= 0.001\n", ":exceeded < 0.001\n", "ValueAtRiskExceeded"),
        (":exceeded <= 0.0001", ":exceeded <= 0.0002", "ValueAtRiskExceeded"),
        ("observations >= 600", "observations >= 599", "ExpectedShortfallHigh"),
        ('ratio{method="historical",', 'ratio{method=~"h.*",confidence=~".*"} or x{', "ExpectedShortfallHigh"),
        ('"} >= 0.15', '"} > 0.15', "ExpectedShortfallHigh"),
        (">= 50", ">= 49", "WinRateLow"),
        ('win_rate_ratio{window="1h"}', 'win_rate_ratio{window="1d"}', "WinRateLow"),
        ('"} <= 0.4', '"} < 0.4', "WinRateLow"),
        ('"} <= 0.25', '"} <= 0.26', "WinRateLow"),
        ("window_trades", "streak", "ProfitFactorLow"),
        ('"} <= 0.6', '"} >= 0.6', "ProfitFactorLow"),
        ("track_record_seconds >=", "track_record_seconds >", "SharpeDegraded"),
        ("track_record_seconds >=", "track_record_seconds !=", "SharpeDegraded"),
        ("limit_ratio >= 1", "limit_ratio > 1", "SharpeDegraded"),
        ("enough_observations <= 0.0001", "enough_observations < 0.0001", "SharpeDegraded"),
        ("observations >= 1000", "observations >= 999", "SharpeDegraded"),
        ("expected_slippage_ratio > 0", "expected_slippage_ratio >= 0", "SlippageAboveExpected"),
        ("\n            -\n", "\n            +\n", "SlippageAboveExpected"),
        (") >= 20", ") >= 19", "SlippageAboveExpected"),
        ("expected_ratio >= 2", "expected_ratio > 2", "SlippageAboveExpected"),
        ("seconds_count[35s]) >= 20", "seconds_count[35s]) >= 19", "FillDelayHigh"),
        ("histogram_quantile(0.95", "histogram_quantile(0.99", "FillDelayHigh"),
        ('"} >= 2\n', '"} > 2\n', "FillDelayHigh"),
        (">= 0.7", "> 0.7", "CorrelationHigh"),
        ('estimator="pearson"', 'estimator=~".+"', "CorrelationHigh"),
        ("> 0.5 + 2 *", "> 0.5 - 2 *", "BetaOutOfBand"),
        ("> 0.5 + 2 *", "> 0.5 + 3 *", "BetaOutOfBand"),
        ("< -0.5 - 2 *", "< -0.5 + 2 *", "BetaOutOfBand"),
        ('"} >= 0.8', '"} > 0.8', "CapacityNearlyUsed"),
        (">= 100", ">= 99", "CapacityNearlyUsed"),
        ('{window="all"}', '{window=~".+"}', "CapacityNearlyUsed"),
        (
            'used_ratio{strategy="multi_pair"} >= 4',
            'used_ratio{strategy="multi_pair"} >= 5',
            "CapacityNearlyUsed",
        ),
        ("-genesis_strategy_period_pnl", "genesis_strategy_period_pnl", "PeriodLoss"),
        ("equity - ignoring", "equity + ignoring", "PeriodLoss"),
        ('{period="month"} >= 0.1', '{period="month"} > 0.1', "PeriodLoss"),
        ('=~"week|month"', '="week"', "PeriodLoss"),
        ("seconds < 30", "seconds > 30", "StrategySilent"),
        ("(instance, symbol)\n              time()", "(instance)\n              time()", "StrategySilent"),
        ("[5m]", "[1s]", "StrategySilent"),
        ("weight_ratio == 0", "weight_ratio == 1", "StrategySilent"),
        ("allowed == 0", "allowed == 1", "StrategySilent"),
        ('{strategy="spread_capture"} >= 120', '{strategy="spread_capture"} > 121', "StrategySilent"),
        ("time() - strategy:silent_since", "time() + strategy:silent_since", "StrategySilent"),
        ("drawdown_ratio >= 0.03", "drawdown_ratio > 0.03", "PortfolioDrawdown"),
        ("portfolio_drawdown_ratio", "strategy_drawdown_ratio", "PortfolioDrawdown"),
        ("equity - ignoring", "equity + ignoring", "PortfolioPeriodLoss"),
        ('{period="week"} >= 0.04', '{period="week"} > 0.04', "PortfolioPeriodLoss"),
        (">= 500", ">= 499", "PortfolioValueAtRiskExceeded"),
        ("> 0.05 *", "> 0.06 *", "PortfolioValueAtRiskExceeded"),
        ("observations >= 240", "observations >= 239", "PortfolioExpectedShortfallHigh"),
        ("enough_observations >= 0.08", "enough_observations > 0.08", "PortfolioExpectedShortfallHigh"),
        ("count without (figure)", "count without (reason)", "FiguresUndefined"),
        ("too_many_trips|error", "too_many_trips|error|no_edge", "FiguresUndefined"),
        ("for: 5s", "for: 4s", "FiguresUndefined"),
        ("open_breaks > 0", "open_breaks > 3", "ReconciliationBreak"),
        ("{{ $labels.scope }}{{ else", "x{{ else", "ReconciliationBreak"),
        ('outcome="conflict"', 'outcome=~"conflict|rejected"', "EventsConflicting"),
        ('outcome="rejected"', 'outcome=~"conflict|rejected"', "EventsRejected"),
        ("sum without (outcome)", "sum by (instance, job)", "EventsRejected"),
        (">= 20", ">= 21", "EventsRejected"),
        (">= 1\n", "> 1\n", "EventsRejected"),
        ("[5m]", "[4m]", "EventsConflicting"),
        ("late_total[20s]) >= 5\n", "late_total[20s]) > 5\n", "EventsLate"),
        ("late_total[20s]) >= 200", "late_total[20s]) >= 201", "EventsLate"),
        ("late_total[20s])", "late_total[15s])", "EventsLate"),
        ("sum without (path)", "max without (path)", "RequestsRefused"),
        ("|429|", "|", "RequestsRefused"),
        ("401|403", "400|401|403", "RequestsRefused"),
        ("])) >= 20\n", "])) >= 21\n", "RequestsRefused"),
        ("histogram_quantile(0.95", "histogram_quantile(0.99", "JournalSlow"),
        ("seconds_count[20s]) >= 20", "seconds_count[20s]) >= 19", "JournalSlow"),
        (">= 0.1\n", "> 0.1\n", "JournalSlow"),
        (">= 0.5\n", ">= 0.49\n", "JournalSlow"),
        ("missing_events > 0", "missing_events > 1", "EventsMissing"),
        ("for: 1m", "for: 50s", "EventsMissing"),
        ("commit_errors_total[1m]", "commit_errors_total[2m]", "JournalFailing"),
        ('storage="postgresql"', 'storage=~".+"', "StorageBelowTier"),
        ('backend="sqlite"', 'backend=~".+"', "StorageBelowTier"),
        ("collector_success == 0", "collector_success == 1", "CollectorFailing"),
        ('collector_success{group="accounts"}', "collector_success", "MonitorDown"),
        ('collector_success{group="accounts"}', 'collector_success{group="accounts"} == 1', "MonitorDown"),
        ("absent(up", "absent(down", "MonitorDown"),
        ('up{job="genesis"} == 0', "vector(0) == 1", "MonitorDown"),
        ('resets(up{job="genesis"}[20s]) >= 3', 'resets(up{job="genesis"}[20s]) >= 4', "MonitorFlapping"),
        ('resets(up{job="genesis"}[20s]) >= 3', 'changes(up{job="genesis"}[20s]) >= 3', "MonitorFlapping"),
        ("[20s]", "[15s]", "MonitorFlapping"),
        ('scrape_duration_seconds{job="genesis"}', "scrape_duration_seconds", "ScrapeSlow"),
        (">= 0.5", "> 0.5", "ScrapeSlow"),
        (">= 0.8", ">= 0.81", "ScrapeSlow"),
        ("folded > 0", "folded > 1", "SeriesFolded"),
        ("for: 30s", "for: 29s", "SeriesFolded"),
        ('up{job="rotation"} == 0', "up == 0", "RotationDown"),
        ('up{job="rotation"} == 0', 'absent(up{job="rotation"}) or up{job="rotation"} == 0', "RotationDown"),
        (">= 3\n", "> 3\n", "RotationStuck"),
        (">= 10\n", ">= 11\n", "RotationStuck"),
        ("(genesis_rotation_interval_seconds > 0)", "30", "RotationStuck"),
        ('blocked_info{reason!="warming_up"} == 1', 'blocked_info{reason!="warming_up"} == 0', "RotationBlocked"),
        ('{reason!="warming_up"}', "", "RotationBlocked"),
        ("for: 5s", "for: 4s", "RotationBlocked"),
        ("abs(", "(", "RotationDisagrees"),
        (">= 0.02", "> 0.02", "RotationDisagrees"),
        ("enforcing == 1", "enforcing >= 0", "RotationDisagrees"),
        ("and on (instance)", "or on (instance)", "RotationDisagrees"),
        ("halted == 1", "halted >= 0", "RotationHalted"),
        ("for: 20s", "for: 19s", "RotationHalted"),
        ("leading == 1", "leading == 2", "RotationLeaderless"),
        ("unless on ()", "unless", "RotationLeaderless"),
        ("failures_total[20s]", "failures_total[15s]", "RulesFailing"),
        ("max without (rule_group)", "sum without (rule_group)", "RulesMissed"),
        (">= 0.1", "> 0.1", "RulesMissed"),
        (">= 0.5", ">= 0.51", "RulesMissed"),
        ("discovered < 1", "discovered < 0", "AlertmanagerUnreachable"),
        ("for: 25s", "for: 20s", "AlertmanagerUnreachable"),
        ("errors_total[20s]) > 0", "errors_total[20s]) > 200", "AlertmanagerUnreachable"),
        ("prometheus_config_last_reload_successful == 0", "vector(1) == 0", "ConfigurationRefused"),
        ("alertmanager_config_last_reload_successful == 0", "vector(1) == 0", "ConfigurationRefused"),
        ("[2m]", "[3m]", "NotificationsFailing"),
        ("vector(1)", "vector(1) > 1", "Watchdog"),
    ],
)
def test_a_broken_rule_fails_its_test(tmp_path: Path, right: str, wrong: str, failing: str) -> None:
    write(tmp_path, {"scrape_interval": "1s", **(SHORT_WINDOW if failing in _QUICKER else {})})
    (path,) = (tmp_path / "rules" / f"{topic}.yml" for topic, alerts in TOPICS.items() if ALERTS[failing] in alerts)
    text = path.read_text()
    assert right in text
    path.write_text(text.replace(right, wrong))
    done = promtool("test", "rules", tmp_path / "tests" / f"{failing}.yml")
    assert done.returncode != 0, done.stdout


# Any name that an engine may send; the empty one is refused, and a lone surrogate is no Unicode.
names = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=MAX_TEXT),
    st.text(st.sampled_from("ab\"\\'`{}$|.*+?()[]^\n\r\t\0 \x7f\x85\u2028\ufeff%<>&;,=~!#-é漢😀"), min_size=1, max_size=12),
)


@given(found=st.lists(names, min_size=1, max_size=8, unique=True))
@hypothesis_settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_any_name_of_a_strategy_may_be_overridden(tmp_path: Path, found: list[str]) -> None:
    overrides = {name: {"warning": 0.2 + place / 100, "critical": 0.5} for place, name in enumerate(found)}
    write(tmp_path, {"alerts.StrategyDrawdown.overrides": overrides})
    assert_tests_pass([tmp_path / "tests" / "StrategyDrawdown.yml"])


def test_the_repositorys_rules_and_configuration_are_accepted(tmp_path: Path) -> None:
    write(tmp_path, {})
    text = prometheus_config(settings(), monitor="monitor:9108", alertmanager="alertmanager:9093", rule_files=["rules/*.yml"])
    (tmp_path / "prometheus.yml").write_text(text)
    done = promtool("check", "config", "--lint-fatal", tmp_path / "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(TOPICS)} rule files found" in done.stdout


def test_every_query_of_the_runbooks_is_promql(tmp_path: Path) -> None:
    records: list[dict[str, Any]] = [
        {"record": f"look:{name}:{place}", "expr": look.query}
        for name, alert in ALERTS.items()
        for place, look in enumerate(alert.runbook.looks)
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
