"""Every alert of the configuration: its thresholds read from the rules, its keys, its texts filled in."""

from __future__ import annotations

import pytest
import yaml

from genesis.alerting.comparison import bounds, comparisons
from genesis.alerting.drill import drill
from genesis.alerting.listing import thresholds_text
from genesis.alerting.template import Template, humanize_duration
from genesis.core.alert_config import ALERT_NAMES
from genesis.core.errors import GenesisError, UnknownError
from genesis.monitoring.alert_manager import rule_tests, thresholds
from tests.unit.alerting.book import BOOK, SETTINGS

EVERY = [(name, severity) for name, alert in BOOK.alerts.items() for severity in alert.rules]


def test_every_alert_that_can_be_configured_is_in_the_book() -> None:
    assert sorted(BOOK.alerts) == sorted(ALERT_NAMES)


def test_every_threshold_of_the_configuration_is_read_from_the_rules() -> None:
    for one in thresholds(SETTINGS.alerts, SETTINGS.rules):
        found = BOOK.find(one.alert).thresholds(one.severity, one.strategy or None)
        with_error = [
            bound for bound in found if bound.bound.startswith(f"{one.value:g} ")
        ]  # a bound and a multiple of its error
        assert with_error or one.value in [bound.level for bound in found], one


def test_a_strategy_with_its_own_threshold_has_no_other() -> None:
    alert = BOOK.find("StrategyDrawdown")
    assert thresholds_text(alert, "critical") == ">= 10% (+1)"
    assert thresholds_text(alert, "critical", "spread_capture") == ">= 6%"
    assert thresholds_text(alert, "critical", "multi_pair") == ">= 10%"


@pytest.mark.parametrize(
    ("name", "severity", "text"),
    [
        ("DailyLoss", "warning", ">= 80%"),
        ("MarketDataStale", "critical", ">= 2m 0s"),
        ("WinRateLow", "warning", "<= 40% (+1)"),
        ("PeriodLoss", "critical", "week >= 12% or month >= 20%"),
        ("EventsRejected", "critical", ">= 20"),
        ("AttributionResidual", "critical", "-"),
        ("MonitorDown", "critical", "-"),
        ("Watchdog", "none", "-"),
    ],
)
def test_thresholds_are_written_as_messages_write_figures(name: str, severity: str, text: str) -> None:
    assert thresholds_text(BOOK.find(name), severity) == text


def test_a_least_sample_is_a_guard_and_no_threshold() -> None:
    expr = BOOK.find("SlippageHigh").rules["warning"].expr
    assert [(one.bound, one.guard) for one in comparisons(expr)] == [("0.001", False), ("0.0005", False), ("20", True)]


def test_the_bounds_of_an_expression_are_the_same_however_it_is_laid_out() -> None:
    ours = 'x{a="b"} >= 0.00001\nor\nx <= 2\nand\ny > 0.5 + 2 * z'
    prometheus = 'x{a="b"} >= 1e-05 or x <= 2 and y > 0.5 + 2 * z'
    assert bounds(ours) == bounds(prometheus) == [("<=", 2.0), (">", 0.5), (">=", 0.00001)]
    assert bounds(ours) != bounds(prometheus.replace("<= 2", "<= 3"))


def test_what_something_is_taken_away_from_decides_nothing_by_itself() -> None:
    expr = BOOK.find("MonitorDown").rules["critical"].expr
    assert [(one.figure, one.sign, one.bound) for one in comparisons(expr)] == [('up{job="genesis"}', "==", "0")]


def test_the_keys_of_an_alert_are_where_it_is_configured() -> None:
    keys = dict(BOOK.keys(BOOK.find("StrategyDrawdown"), "multi_pair"))
    assert keys["alerts.yaml: alerts.StrategyDrawdown.warning"] == "0.05"
    assert keys["alerts.yaml: alerts.StrategyDrawdown.for"] == "0s"
    assert not [key for key in keys if "overrides" in key]
    of_one = dict(BOOK.keys(BOOK.find("StrategyDrawdown"), "spread_capture"))
    assert of_one["alerts.yaml: alerts.StrategyDrawdown.overrides.spread_capture.warning"] == "0.03"
    correlation = dict(BOOK.keys(BOOK.find("CorrelationHigh")))
    assert correlation["trading_rules.yaml: correlation_alert_ratio"] == "0.7"


@pytest.mark.parametrize("name", BOOK.alerts)
def test_every_alert_says_where_it_is_configured(name: str) -> None:
    assert any(key.startswith(f"alerts.yaml: alerts.{name}.") for key, _ in BOOK.keys(BOOK.find(name)))


@pytest.mark.parametrize(
    ("name", "told"), [("strategydrawdown", "did you mean StrategyDrawdown"), ("x", "there are AttributionResidual, ")]
)
def test_a_name_that_does_not_exist_is_told_which_does(name: str, told: str) -> None:
    with pytest.raises(UnknownError, match=told):
        BOOK.find(name)


@pytest.mark.parametrize(("name", "severity"), [each for each in EVERY if each[0] != "Watchdog"])
def test_every_test_alert_has_all_its_texts_and_is_marked_in_them(name: str, severity: str) -> None:
    alert = BOOK.find(name)
    sent = drill(alert, 'a "b" & c' if alert.of_strategy else None, severity, {})
    assert sent.annotations.keys() == alert.rules[severity].annotations.keys()
    for text in sent.annotations.values():
        assert "{{" not in text
    assert sent.labels["test"] == "true"
    assert sent.labels["instance"] == "genesis alerts fire"
    assert sent.annotations["summary"].endswith("(test)")
    assert sent.annotations["description"].startswith("This is a test")


def test_a_text_is_filled_in_as_prometheus_fills_it() -> None:
    """The rule tests hold what promtool says that Prometheus makes of our templates."""
    compared = 0
    for name, text in rule_tests(SETTINGS.alerts, SETTINGS.rules).items():
        alert = BOOK.find(name.removesuffix(".yml"))
        for case in yaml.safe_load(text)["tests"]:
            if not case["name"].startswith(("fires at warning", "fires both at critical")):
                continue
            for expected in (one for check in case["alert_rule_test"] for one in check["exp_alerts"]):
                labels = expected["exp_labels"]
                severity = "warning" if case["name"].startswith("fires at warning") else "critical"
                levels = [one.level for one in alert.thresholds(severity, labels.get("strategy", "")) if one.level is not None]
                rule = alert.rules[labels["severity"]]
                made = [{key: Template(text).fill(labels, level) for key, text in rule.annotations.items()} for level in levels]
                assert expected["exp_annotations"] in made, (name, labels)
                compared += 1
    assert compared > 20


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0s"), (0.25, "250ms"), (30, "30s"), (90, "1m 30s"), (7205, "2h 0m 5s"), (100000, "1d 3h 46m 40s"), (-90, "-1m 30s")],
)
def test_a_duration_is_written_as_prometheus_writes_it(value: float, text: str) -> None:
    assert humanize_duration(value) == text


def test_what_our_templates_do_not_write_is_refused() -> None:
    for text in ("{{ $value | toUpper }}", "{{ query `up` }}", "{{ $labels.a $labels.b }}"):
        with pytest.raises(GenesisError, match="nothing that our templates write"):
            Template(text).fill({}, 1)


@pytest.mark.parametrize(
    ("name", "strategy", "severity", "given", "complaint"),
    [
        ("Watchdog", None, None, {}, "fires all the time"),
        ("StrategyDrawdown", None, None, {}, "name one with --strategy"),
        ("DailyLoss", "a", None, {}, "leave --strategy out"),
        ("DailyLoss", None, "none", {}, "does not fire with severity none: it has critical"),
        ("DailyLoss", None, None, {"alertname": "x"}, "'?alertname'? is set already|alertname is set already"),
        ("DailyLoss", None, None, {"a b": "x"}, "no name of a label"),
    ],
)
def test_a_test_alert_that_makes_no_sense_is_refused(
    name: str, strategy: str | None, severity: str | None, given: dict[str, str], complaint: str
) -> None:
    with pytest.raises(GenesisError, match=complaint):
        drill(BOOK.find(name), strategy, severity, given)


def test_labels_that_are_given_take_the_place_of_made_up_ones() -> None:
    alert = BOOK.find("MarketDataStale")
    assert drill(alert, None, None, {}).labels["symbol"] == "test"
    sent = drill(alert, None, "warning", {"symbol": "BTCUSDT", "team": "x"})
    assert (sent.labels["symbol"], sent.labels["team"], sent.severity) == ("BTCUSDT", "x", "warning")
    assert "BTCUSDT" in sent.annotations["summary"]
