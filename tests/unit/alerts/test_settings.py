"""alerts.yaml: every fault at once, with its key, its value, and what would be right."""

from __future__ import annotations

import re
import shutil
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from genesis.alerts.catalog import ALERTS, TOPICS
from genesis.alerts.catalog.losses import STRATEGY_DRAWDOWN
from genesis.alerts.kinds import Timing
from genesis.alerts.settings import AlertSettings
from genesis.configuration import load_settings
from genesis.core.duration import duration_text, parse_duration
from genesis.core.errors import ConfigError, Fault
from tests.unit.alerts.alert_tree import CONFIG, changed, settings

D = Decimal

# A window of fills outlives the monitor by its own length.
OUTLIVE_IT = {"SlippageHigh", "SlippageAboveExpected", "FillDelayHigh"}


def faults_of(directory: Path, changes: dict[str, object]) -> tuple[Fault, ...]:
    config = shutil.copytree(CONFIG, directory / "config", dirs_exist_ok=True)
    (config / "alerts.yaml").write_text(yaml.safe_dump(changed(changes), sort_keys=False))
    with pytest.raises(ConfigError) as caught:
        load_settings(config)
    return caught.value.faults


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("alerts.StrategyDrawdown.warning", 0.1, "must be above warning, which is 0.1"),
        ("alerts.StrategyDrawdown.warning", 0.2, "must be above warning, which is 0.2"),
        ("alerts.StrategyDrawdown.warning", 5, "less than or equal to 1"),
        ("alerts.StrategyDrawdown.warning", 0, "greater than 0"),
        ("alerts.StrategyDrawdown.warning", float("nan"), "finite"),
        ("alerts.StrategyDrawdown.warning", "a lot", "valid decimal"),
        ("alerts.StrategyDrawdown.for", 30, "must be a duration with its unit"),
        ("alerts.StrategyDrawdown.for", "half an hour", "must be a duration with its unit"),
        ("alerts.StrategyDrawdown.for", "-5s", "must be a duration with its unit"),
        ("alerts.StrategyDrawdown.for", "400d", "must be at most 366d"),
        ("alerts.StrategyDrawdown.keep_firing_for", "10s", "must be longer than alerts.MonitorDown.for, which is 10s"),
        ("alerts.DailyLoss.keep_firing_for", "5s", "must be longer than alerts.CollectorFailing.for, which is 5s"),
        ("alerts.StrategyDrawdown.overrides", {"a": {}}, "must give warning, critical or both"),
        ("alerts.StrategyDrawdown.overrides", {"a": {"warning": 0.1}}, "critical 0.1 must be above warning 0.1"),
        ("alerts.StrategyDrawdown.overrides", {"a": {"critical": 0.04}}, "critical 0.04 must be above warning 0.05"),
        ("alerts.StrategyDrawdown.overrides", {"": {"critical": 0.4}}, "at least 1 character"),
        ("alerts.DailyLoss.critical", 0.8, "must be above warning, which is 0.8"),
        ("alerts.DailyLoss.info", 0.8, "must be above info, which is 0.8"),
        ("alerts.DailyLoss.overrides", {"a": {"warning": 0.1}}, "there is no such key"),
        ("alerts.SlippageHigh.min_fills", 0, "greater than or equal to 1"),
        ("alerts.SlippageHigh.min_fills", True, "valid integer"),
        ("alerts.MonitorFlapping.times", True, "valid integer"),
        ("alerts.MonitorFlapping.times", 10**400, "less than or equal to 1000000000"),
        ("alerts.SlippageHigh.window", "3s", "must be at least 4s, four times scrape_interval"),
        ("alerts.SlippageHigh.window", "30s", "must be shorter than window, which is 30s"),
        ("alerts.EventsRejected.warning", 20, "must be above warning, which is 20"),
        ("alerts.EventsRejected.warning", 0, "greater than or equal to 1"),
        ("alerts.EventsRejected.window", "1s", "must be at least 4s, four times scrape_interval"),
        ("alerts.EventsConflicting.window", "3s", "must be at least 4s, four times scrape_interval"),
        ("alerts.JournalFailing.window", "0s", "must be longer than 0s"),
        ("alerts.JournalFailing.severity", "page", "'info', 'warning' or 'critical'"),
        ("alerts.EventsMissing.keep_firing_for", "10s", "must be longer than alerts.MonitorDown.for, which is 10s"),
        ("alerts.ReconciliationBreak.keep_firing_for", "5s", "must be longer than alerts.CollectorFailing.for, which is 5s"),
        ("alerts.EventsLate.critical", 5, "must be above warning, which is 5"),
        ("alerts.EventsLate.window", "3s", "must be at least 4s, four times scrape_interval"),
        ("alerts.RequestsRefused.warning", 0, "greater than or equal to 1"),
        ("alerts.RequestsRefused.for", "5m", "must be shorter than window, which is 5m"),
        ("alerts.JournalSlow.critical", "100ms", "must be above warning, which is 100ms"),
        ("alerts.JournalSlow.critical", "2s", "must be at most 1s: the histogram has no longer appends"),
        ("alerts.JournalSlow.for", "6m", "must be shorter than window, which is 5m"),
        ("alerts.JournalSlow.quantile", 0, "greater than 0"),
        ("alerts.MonitorFlapping.window", "6s", "must be longer than 6s: it takes two scrapes to see one of the 3 times"),
        ("alerts.MonitorFlapping.times", 0, "greater than or equal to 1"),
        ("alerts.ScrapeSlow.critical", 1.5, "less than or equal to 1"),
        ("alerts.ScrapeSlow.warning", 0.8, "must be above warning, which is 0.8"),
        ("alerts.ScrapeSlow.window", "1s", "must be at least 4s, four times scrape_interval"),
        ("alerts.SeriesFolded.keep_firing_for", "10s", "must be longer than alerts.MonitorDown.for, which is 10s"),
        ("alerts.RotationStuck.keep_firing_for", "1m", "must be longer than alerts.RotationDown.for, which is 1m"),
        ("alerts.RotationDisagrees.keep_firing_for", "1m", "must be longer than alerts.RotationDown.for, which is 1m"),
        ("alerts.RotationStuck.warning", 1, "greater than 1"),
        ("alerts.RotationStuck.critical", 3, "must be above warning, which is 3"),
        ("alerts.RotationDisagrees.tolerance", 0, "greater than 0"),
        ("alerts.RulesFailing.window", "19s", "must be at least 20s: Prometheus reads itself every five seconds"),
        ("alerts.RulesMissed.window", "10s", "must be at least 20s: Prometheus reads itself every five seconds"),
        ("alerts.RulesMissed.critical", 0.1, "must be above warning, which is 0.1"),
        ("alerts.AlertmanagerUnreachable.for", "2m", "must be longer than window, which is 2m: otherwise one failed attempt"),
        ("alerts.MarketDataStale.keep_firing_for", "10s", "must be longer than alerts.MonitorDown.for, which is 10s"),
        ("alerts.DrawdownUnknown.keep_firing_for", "10s", "must be longer than alerts.MonitorDown.for, which is 10s"),
        ("alerts.MarketDataStale.warning", "2m", "must be above warning, which is 2m"),
        ("alerts.ValueAtRiskExceeded.critical", 0.001, "must be below warning, which is 0.001"),
        ("alerts.ValueAtRiskExceeded.method", "guess", "'historical', 'parametric' or 'cornish_fisher'"),
        (
            "alerts.ValueAtRiskExceeded.confidence",
            0.975,
            "is not in statistics.confidence in monitor.yaml; there are 0.95, 0.99",
        ),
        ("alerts.ValueAtRiskExceeded.min_forecasts", 0, "greater than or equal to 1"),
        ("alerts.ExpectedShortfallHigh.confidence", 0.9, "is not in statistics.confidence in monitor.yaml"),
        ("alerts.ExpectedShortfallHigh.min_observations", 1441, "is more than risk_window in monitor.yaml holds: 1440 steps"),
        ("alerts.SharpeDegraded.min_observations", 1441, "is more than risk_window in monitor.yaml holds: 1440 steps"),
        ("alerts.CapacityNearlyUsed.min_trades", 0, "greater than or equal to 1"),
        ("alerts.WinRateLow.window", "2h", "is none of statistics.windows in monitor.yaml; there are 1h, 1d, all"),
        ("alerts.ProfitFactorLow.window", "5m", "is none of statistics.windows in monitor.yaml; there are 1h, 1d, all"),
        ("alerts.WinRateLow.critical", 0.4, "must be below warning, which is 0.4"),
        ("alerts.WinRateLow.overrides", {"a": {"critical": 0.5}}, "critical 0.5 must be below warning 0.4"),
        ("alerts.WinRateLow.keep_firing_for", "10s", "must be longer than alerts.MonitorDown.for, which is 10s"),
        ("alerts.SharpeDegraded.warning", 1.5, "less than or equal to 1"),
        ("alerts.SlippageAboveExpected.window", "3s", "must be at least 4s, four times scrape_interval"),
        ("alerts.FillDelayHigh.window", "30s", "must be shorter than window, which is 30s"),
        ("alerts.FillDelayHigh.critical", "2s", "must be above warning, which is 2s"),
        ("alerts.FillDelayHigh.overrides", {"a": {"critical": "61s"}}, "thresholds of a must be at most 1m, not 61.0s"),
        ("alerts.FillDelayHigh.overrides", {"a": {"warning": "10s"}}, "critical 10s must be above warning 10s"),
        ("alerts.FillDelayHigh.quantile", 1, "less than 1"),
        ("alerts.SharpeDegraded.overrides", {"a": {"warning": 2}}, "less than or equal to 1"),
        ("alerts.BetaOutOfBand.high", "1e400", "less than or equal to 1000"),
        ("alerts.BetaOutOfBand.overrides", {"a": {"low": "-1e400"}}, "greater than or equal to -1000"),
        ("alerts.BetaOutOfBand.low", 0.5, "low 0.5 must be below high 0.5"),
        ("alerts.BetaOutOfBand.overrides", {"a": {"low": 1}}, "low 1 must be below high 0.5 (a)"),
        ("alerts.PeriodLoss.week.critical", 0.06, "must be above warning, which is 0.06"),
        ("alerts.PeriodLoss.month.overrides", {"a": {"warning": 0.2}}, "critical 0.2 must be above warning 0.2 (a)"),
        ("alerts.PortfolioDrawdown.critical", 0.03, "must be above warning, which is 0.03"),
        ("alerts.PortfolioDrawdown.overrides", {"a": {"warning": 0.01}}, "there is no such key"),
        ("alerts.PortfolioDrawdown.keep_firing_for", "10s", "must be longer than alerts.MonitorDown.for, which is 10s"),
        ("alerts.PortfolioPeriodLoss.month.critical", 0.06, "must be above warning, which is 0.06"),
        ("alerts.PortfolioPeriodLoss.week.overrides", {}, "there is no such key"),
        ("alerts.PortfolioValueAtRiskExceeded.critical", 0.01, "must be below warning, which is 0.01"),
        ("alerts.PortfolioValueAtRiskExceeded.confidence", 0.9, "is not in statistics.confidence in monitor.yaml"),
        ("alerts.PortfolioExpectedShortfallHigh.min_observations", 1441, "is more than risk_window in monitor.yaml holds"),
        ("alerts.StrategySilent.critical", "15m", "must be above warning, which is 15m"),
        ("alerts.StrategySilent.overrides", {"a": {"critical": "10m"}}, "critical 10m must be above warning 15m"),
        ("alerts.StrategySilent.warning", 900, "must be a duration with its unit"),
        ("alerts.StrategySilent.quoted_within", "1s", "must be at least 2s, twice scrape_interval"),
        ("alerts.StrategySilent.keep_firing_for", "10s", "must be longer than alerts.MonitorDown.for, which is 10s"),
        ("alerts.FiguresUndefined.reasons", [], "at least 1 item"),
        ("alerts.FiguresUndefined.reasons", ['no_mark"'], "should match pattern"),
        ("alerts.MarketDataStale.warning", 30, "must be a duration with its unit"),
        ("alerts.MonitorDown.severity", "urgent", "'info', 'warning' or 'critical'"),
        ("alerts.Drawdown", {}, "there is no such key"),
        ("alerts.Watchdog.receiver", "nobody", "this receiver does not exist; there are page, desk, heartbeat"),
        ("alerts.Watchdog.receiver", "desk", "is the Watchdog's receiver"),
        ("default_route.receiver", "nobody", "this receiver does not exist; there are page, desk, heartbeat"),
        ("routes.0.receiver", "nobody", "this receiver does not exist; there are page, desk, heartbeat"),
        ("routes.0.receiver", "heartbeat", "is the Watchdog's receiver"),
        ("routes.0.match", {}, "at least 1 item"),
        ("routes.0.match", {"severity": "fatal"}, "matches nothing; there are critical, warning, info"),
        ("routes.0.match", {"alertname": "Drawdown"}, "matches nothing; there are StrategyDrawdown, DrawdownUnknown"),
        ("routes.0.match", {"team": "a"}, "'alertname', 'severity', 'strategy' or 'symbol'"),
        ("routes.0.repeat_interval", "0s", "must be longer than 0s"),
        ("receivers.page.slack.api_url_file", "slack_url", "must be an absolute path"),
        ("receivers.page.slack.api_url", "https://hooks.example", "there is no such key"),
        ("receivers.heartbeat", {"webhook": {"url": "hooks.example"}}, "must be a URL that begins with http:// or https://"),
        ("receivers", {}, "at least 1 item"),
        ("scrape_interval", "0s", "must be longer than 0s"),
        ("evaluation_interval", "2m", "must be at most 1m"),
        ("links.grafana", "/grafana", "must be a URL that begins with http:// or https://"),
    ],
)
def test_a_wrong_value_is_refused_and_says_what_is_right(tmp_path: Path, key: str, value: object, expected: str) -> None:
    faults = faults_of(tmp_path, {"scrape_interval": "1s", key: value})
    assert {fault.file for fault in faults} == {"alerts.yaml"}
    assert [fault for fault in faults if expected in fault.expected], faults


def test_every_fault_is_reported_at_once_also_those_between_the_parts(tmp_path: Path) -> None:
    wrong: dict[str, object] = {
        "scrape_interval": "1 s",
        "evaluation_interval": "2m",
        "alerts.StrategyDrawdown.for": "soon",
        "alerts.EventsLate.for": "1h",
        "alerts.RulesFailing.window": "10s",
        "alerts.SeriesFolded.keep_firing_for": "1s",
        "alerts.StrategyDrawdown.critical": 0.01,
        "alerts.DailyLoss.warning": 2,
        "alerts.Colour": "blue",
        "alerts.SlippageHigh.overrides": {"x": {"critical": 0.0001}, "y": {"warning": 0.9}},
        "receivers.page.pagerduty.routing_key_file": "key",
        "routes.0.receiver": "nobody",
        "routes.1.match": {"severity": "mild"},
    }
    faults = faults_of(tmp_path, wrong)
    assert sorted(fault.key for fault in faults) == [
        "alerts.Colour",
        "alerts.DailyLoss.critical",
        "alerts.EventsLate.for",
        "alerts.RulesFailing.window",
        "alerts.SeriesFolded.keep_firing_for",
        "alerts.SeriesFolded.keep_firing_for",
        "alerts.SlippageHigh.overrides.x",
        "alerts.SlippageHigh.overrides.y",
        "alerts.StrategyDrawdown.critical",
        "alerts.StrategyDrawdown.for",
        "evaluation_interval",
        "receivers.page.pagerduty.routing_key_file",
        "routes.0.receiver",
        "routes.1.match.severity",
        "scrape_interval",
    ]
    assert {fault.key: fault.value for fault in faults}["routes.0.receiver"] == "nobody"
    assert {fault.key: fault.value for fault in faults}["alerts.SlippageHigh.overrides.x"] == {"critical": "0.0001"}


def test_windows_too_short_for_the_scrapes_are_reported_together(tmp_path: Path) -> None:
    wrong: dict[str, object] = {"alerts.StrategySilent.quoted_within": "1s", "alerts.ScrapeSlow.window": "1s"}
    assert {fault.key for fault in faults_of(tmp_path, {"scrape_interval": "1s", **wrong})} == {
        "alerts.ScrapeSlow.window",
        "alerts.StrategySilent.quoted_within",
    }


def test_a_window_that_monitor_yaml_lacks_is_told_beside_the_faults_of_other_files(tmp_path: Path) -> None:
    config = shutil.copytree(CONFIG, tmp_path / "config")
    (config / "alerts.yaml").write_text(yaml.safe_dump(changed({"alerts.WinRateLow.window": "2h"})))
    (config / "strategies.yaml").write_text("strategies: none")
    with pytest.raises(ConfigError) as caught:
        load_settings(config)
    assert [fault.key for fault in caught.value.faults] == ["strategies", "alerts.WinRateLow.window"]


def test_a_missing_alert_is_a_fault_that_names_it(tmp_path: Path) -> None:
    tree = changed({})
    del tree["alerts"]["DailyLoss"]
    config = shutil.copytree(CONFIG, tmp_path / "config")
    (config / "alerts.yaml").write_text(yaml.safe_dump(tree))
    with pytest.raises(ConfigError, match=r"alerts\.DailyLoss: got '\(nothing\)'; this key is required"):
        load_settings(config)


@pytest.mark.parametrize("wrong", [[], "words", 7, {"routes": "all", "receivers": ["a"], "alerts": 3}, {"routes": [1, None]}])
def test_a_tree_of_another_shape_is_faults_and_no_crash(tmp_path: Path, wrong: object) -> None:
    config = shutil.copytree(CONFIG, tmp_path / "config")
    (config / "alerts.yaml").write_text(yaml.safe_dump(wrong))
    with pytest.raises(ConfigError):
        load_settings(config)


def test_a_key_that_stands_twice_is_a_fault(tmp_path: Path) -> None:
    config = shutil.copytree(CONFIG, tmp_path / "config")
    text = (config / "alerts.yaml").read_text()
    (config / "alerts.yaml").write_text(text.replace("    warning: 0.05", "    warning: 0.05\n    warning: 0.06"))
    with pytest.raises(ConfigError, match="the key 'warning' appears twice"):
        load_settings(config)


def test_an_override_replaces_only_what_it_names() -> None:
    overrides = {"low": {"warning": "0.02"}, "high": {"critical": "0.3"}, "both": {"warning": "0.2", "critical": "0.4"}}
    alert = settings({"alerts.StrategyDrawdown.overrides": overrides}).alerts.of(STRATEGY_DRAWDOWN)
    assert alert.levels() == (D("0.05"), D("0.1"))
    assert alert.levels("anybody") == (D("0.05"), D("0.1"))
    assert alert.levels("low") == (D("0.02"), D("0.1"))
    assert alert.levels("high") == (D("0.05"), D("0.3"))
    assert alert.levels("both") == (D("0.2"), D("0.4"))


def test_every_alert_whose_end_a_crash_mutes_must_outlive_the_crash_until_it_is_muted() -> None:
    """Else the end is told before MonitorDown fires, as a recovery."""
    on_figures = {name for name, alert in ALERTS.items() if alert.groups} - OUTLIVE_IT
    of_rotation = {alert.name for alert in TOPICS["rotation"]} - {"RotationDown"}
    assert len(on_figures) >= 25
    assert len(of_rotation) >= 5
    too_soon: dict[str, object] = {
        f"alerts.{name}.keep_firing_for": "0s" for name, alert in ALERTS.items() if issubclass(alert.settings, Timing)
    }
    with pytest.raises(ValidationError) as caught:
        settings(too_soon)
    told = {(fault["loc"][1], fault["msg"].partition("longer than ")[2].partition(",")[0]) for fault in caught.value.errors()}
    assert told == {
        *((name, f"alerts.{muting}.for") for name in on_figures for muting in ("MonitorDown", "CollectorFailing")),
        *((name, "alerts.RotationDown.for") for name in of_rotation),
    }


def test_the_file_has_every_alert_of_the_catalogue_and_no_other() -> None:
    assert changed({})["alerts"].keys() == ALERTS.keys() == set(AlertSettings.model_validate(changed({})).alerts.by_name())


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0s", 0), ("250ms", 0.25), ("1s", 1), ("1m30s", 90), ("1h", 3600), ("1d2h", 93600), ("2w", 1209600), ("90s", 90)],
)
def test_a_duration_is_read_as_prometheus_reads_it(text: str, seconds: float) -> None:
    assert parse_duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "1", "s", "1s1m", "1.5s", "1 s", "1S", " 1s", "1s\n", "١s", 1, 1.5, None, True, [], "1y"])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@given(st.integers(0, 366 * 86_400_000))
def test_a_duration_survives_its_text(milliseconds: int) -> None:
    duration = timedelta(milliseconds=milliseconds)
    assert parse_duration(duration_text(duration)) == duration


@pytest.mark.parametrize("text", ["0s", "90d", "30d", "2w", "1d10h48m", "8d", "52w", "365d", "1h30m", "250ms"])
def test_a_duration_is_told_as_prometheus_tells_it(text: str) -> None:
    assert duration_text(parse_duration(text)) == text


def test_no_window_is_too_short_for_its_scrapes() -> None:
    """That of round trips is one of the monitor's own, and is compared with monitor.yaml."""
    windows = [name for name, alert in ALERTS.items() if "window" in alert.settings.model_fields]
    assert len(windows) == 16
    for name in (name for name in windows if name not in {"WinRateLow", "ProfitFactorLow"}):
        fault = faults({"scrape_interval": "1s", f"alerts.{name}.window": "3s", f"alerts.{name}.for": "0s"})
        assert re.search(rf"alerts\.{name}\.window\s+must be (at least|longer than)", fault), f"{name}: {fault}"


def faults(changes: dict[str, object]) -> str:
    """What is wrong with the file, with these changes; empty if nothing is."""
    try:
        settings(changes)
    except ValidationError as error:
        return str(error)
    return ""
