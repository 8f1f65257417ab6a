"""Every alert of the configuration: its thresholds and what it looks at, its keys, the texts of its test alert."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from genesis.alerts.catalog import ALERTS
from genesis.alerts.live.definitions import AlertDefinitions
from genesis.alerts.live.drill import drill
from genesis.alerts.live.listing import thresholds_text
from genesis.alerts.promql import number
from genesis.core.errors import GenesisError, UnknownError
from genesis.monitoring.alert_manager import thresholds
from tests.rules import loader as rules
from tests.unit.alerts.live.definitions import BOOK, SETTINGS

EVERY = [(name, severity) for name, alert in BOOK.alerts.items() for severity in alert.rules]


def test_every_alert_that_can_be_configured_is_in_the_book() -> None:
    assert sorted(BOOK.alerts) == sorted(ALERTS)


def test_every_threshold_stands_in_its_rule_behind_figure_and_sign() -> None:
    for one in thresholds(SETTINGS.alerts, SETTINGS.rules):
        alert = BOOK.find(one.alert)
        labels = {"strategy": one.strategy} | ({"period": one.part} if one.part in {"week", "month"} else {})
        assert one in alert.levels(one.severity, labels), one
        rule = alert.rules[one.severity]
        compared = f" {alert.sign(one)} {number(Decimal(str(one.value)))}"
        assert re.search(re.escape(rule.figure) + r"(\{[^}]*\})?" + re.escape(compared) + r"( |\n|$)", rule.expr), one


def test_a_rule_has_a_figure_exactly_if_it_has_thresholds() -> None:
    for name, severity in EVERY:
        alert = BOOK.find(name)
        has_thresholds = any(one.severity == severity for one in alert.thresholds)
        assert bool(alert.rules[severity].figure) is has_thresholds, f"{name} ({severity})"


def test_a_strategy_with_its_own_threshold_has_no_other() -> None:
    alert = BOOK.find("StrategyDrawdown")
    assert thresholds_text(alert, "critical") == ">= 10% (+1)"
    assert thresholds_text(alert, "critical", "spread_capture") == ">= 6%"
    assert thresholds_text(alert, "critical", "multi_pair") == ">= 10%"


@pytest.mark.parametrize(
    ("name", "severity", "text"),
    [
        ("DailyLoss", "warning", ">= 80%"),
        ("MarketDataStale", "critical", ">= 2m"),
        ("WinRateLow", "warning", "<= 40% (+1)"),
        ("PeriodLoss", "critical", "week >= 12% or month >= 20%"),
        ("BetaOutOfBand", "warning", "< -0.5 or > 0.5"),
        ("EventsRejected", "critical", ">= 20"),
        ("AttributionResidual", "critical", "-"),
        ("MonitorDown", "critical", "-"),
        ("Watchdog", "none", "-"),
    ],
)
def test_thresholds_are_written_as_messages_write_figures(name: str, severity: str, text: str) -> None:
    assert thresholds_text(BOOK.find(name), severity) == text


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("StrategyDrawdown", 0.0712, "7.12%"),
        ("MarketDataStale", 90.4, "1m30s"),
        ("MarketDataStale", -0.25, "-250ms"),
        ("MarketDataStale", float("inf"), "inf"),
        ("EventsRejected", 19.7, "20"),
        ("BetaOutOfBand", 0.123456, "0.1235"),
    ],
)
def test_a_figure_is_written_as_messages_write_it(name: str, value: float, text: str) -> None:
    alert = BOOK.find(name)
    assert alert.shown(next(iter(alert.rules)), value) == text


def test_a_least_sample_is_known_of_every_alert_that_has_one() -> None:
    for name, alert in BOOK.alerts.items():
        keys = {key.rsplit(".", 1)[1]: value for key, value in BOOK.keys(alert)}
        figures = alert.definition.figures()
        least = {str(figure.sample.least) for figure in figures if figure.sample is not None}
        if figures:
            assert least == {value for key, value in keys.items() if key.startswith("min_")}, name


def test_the_keys_of_an_alert_are_where_it_is_configured() -> None:
    keys = dict(BOOK.keys(BOOK.find("StrategyDrawdown"), "multi_pair"))
    assert keys["alerts.yaml: alerts.StrategyDrawdown.warning"] == "0.05"
    assert keys["alerts.yaml: alerts.StrategyDrawdown.for"] == "0s"
    assert not [key for key in keys if "overrides" in key]
    of_one = dict(BOOK.keys(BOOK.find("StrategyDrawdown"), "spread_capture"))
    assert of_one["alerts.yaml: alerts.StrategyDrawdown.overrides.spread_capture.warning"] == "0.03"
    correlation = dict(BOOK.keys(BOOK.find("CorrelationHigh")))
    assert correlation["trading_rules.yaml: correlation_alert_ratio"] == "0.7"


def test_every_alert_says_where_it_is_configured() -> None:
    for name in BOOK.alerts:
        assert any(key.startswith(f"alerts.yaml: alerts.{name}.") for key, _ in BOOK.keys(BOOK.find(name))), name


@pytest.mark.parametrize(
    ("name", "told"), [("strategydrawdown", "did you mean StrategyDrawdown"), ("x", "there are AlertmanagerUnreachable, ")]
)
def test_a_name_that_does_not_exist_is_told_which_does(name: str, told: str) -> None:
    with pytest.raises(UnknownError, match=told):
        BOOK.find(name)


def test_every_test_alert_has_all_its_texts_and_is_marked_in_them() -> None:
    for name, severity in (each for each in EVERY if each[0] != "Watchdog"):
        which, alert = f"{name} ({severity})", BOOK.find(name)
        sent = drill(alert, 'a "b" & c' if alert.of_strategy else None, severity, {})
        assert sent.annotations.keys() == alert.rules[severity].annotations.keys(), which
        assert not [text for text in sent.annotations.values() if "{" in text], which
        assert not alert.of_strategy or sent.annotations["dashboard_url"].endswith("=a+%22b%22+%26+c"), which
        assert sent.labels["test"] == "true", which
        assert sent.labels["instance"] == "genesis alerts fire", which
        assert sent.annotations["summary"].endswith("(test)"), which
        assert sent.annotations["description"].startswith("This is a test"), which


def test_a_test_alert_says_what_a_real_one_at_its_threshold_says() -> None:
    """The cases of tests/rules hold, by hand, what Prometheus makes of our templates."""
    book = AlertDefinitions(rules.settings(), rules.trading_rules(), SETTINGS.strategies.strategies)
    said: dict[tuple[str, str], bool] = {}
    for case in rules.all_cases():
        if case.alert == "Watchdog":
            continue
        alert = book.find(case.alert)
        for real in (one for firing in case.expected.values() for one in firing):
            given = {key: value for key, value in real.labels.items() if key in alert.labels - {"strategy", "instance"}}
            sent = drill(alert, real.labels.get("strategy") if alert.of_strategy else None, real.severity, given).annotations
            same = _unmarked(sent["summary"]) == real.summary
            if real.says:
                same &= _unmarked(sent["description"]) == real.says
                same &= sent["dashboard_url"] == f"http://grafana.example/d/genesis-{real.board}"
            said[case.alert, real.severity] = said.get((case.alert, real.severity), False) or same
    assert {rule for rule, same in said.items() if not same} == {
        ("BetaOutOfBand", "critical"),  # fires beyond its band, by standard errors
        ("CollectorFailing", "warning"),  # names the instance, which is that of the test
        ("MonitorFlapping", "warning"),  # a number without a threshold is told as 1
        ("ScrapeSlow", "critical"),  # 1s500ms, which Prometheus writes as 1.5s
        ("StrategySilent", "critical"),  # fires when it has been at its threshold for a while
        ("StrategySilent", "warning"),
    }


def _unmarked(text: str) -> str:
    return text.removeprefix("This is a test by `genesis alerts fire`: nothing is wrong. ").removesuffix(" (test)")


@pytest.mark.parametrize(
    ("name", "strategy", "severity", "given", "complaint"),
    [
        ("Watchdog", None, None, {}, "fires all the time"),
        ("StrategyDrawdown", None, None, {}, "name one with --strategy"),
        ("DailyLoss", "a", None, {}, "leave --strategy out"),
        ("DailyLoss", None, "none", {}, "does not fire with severity none: it has critical"),
        ("DailyLoss", None, None, {"alertname": "x"}, "'?alertname'? is set already|alertname is set already"),
        ("DailyLoss", None, None, {"a b": "x"}, "not a valid label name"),
        ("DailyLoss", None, None, {"desk": ""}, "desk has no value"),
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


@pytest.mark.parametrize(("period", "text"), [("week", "12%"), ("month", "20%"), ("year", "1")])
def test_a_period_that_is_given_has_its_own_threshold(period: str, text: str) -> None:
    sent = drill(BOOK.find("PeriodLoss"), "a", None, {"period": period})
    assert sent.annotations["summary"].startswith(f"a: {text} lost this {period}")
