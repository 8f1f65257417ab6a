"""The catalogue: what is derived from the alerts of the topics."""

from __future__ import annotations

from pathlib import Path

import pytest

import genesis.alerts.catalog
from genesis.alerts.catalog import ALERTS, TOPICS, alerts_by_name
from genesis.alerts.catalog.losses import DAILY_LOSS, STRATEGY_DRAWDOWN
from tests.unit.alerts.alert_tree import changed, settings


def test_every_file_of_the_catalogue_is_a_topic_with_alerts() -> None:
    files = {file.stem for file in Path(str(genesis.alerts.catalog.__file__)).parent.glob("*.py")} - {"__init__"}
    assert set(TOPICS) == files
    assert all(TOPICS.values())
    assert next(iter(TOPICS)) == "losses", "what loses money comes first in docs/alerts.md"


def test_a_name_that_two_alerts_have_is_refused() -> None:
    with pytest.raises(ValueError, match=r"catalog/b\.py: there is an alert DailyLoss already"):
        alerts_by_name({"a": (STRATEGY_DRAWDOWN, DAILY_LOSS), "b": (DAILY_LOSS,)})


def test_an_alert_finds_its_own_settings() -> None:
    made = settings({"alerts.DailyLoss.info": 0.25}).alerts
    assert str(made.of(DAILY_LOSS).info) == "0.25"
    quicker = made.changed(DAILY_LOSS, info=made.of(DAILY_LOSS).warning)
    assert (quicker.of(DAILY_LOSS).info, made.of(DAILY_LOSS).info) == (made.of(DAILY_LOSS).warning, made.of(DAILY_LOSS).info)
    assert quicker.of(STRATEGY_DRAWDOWN) == made.of(STRATEGY_DRAWDOWN)


def test_alerts_yaml_has_the_alerts_in_the_order_of_the_catalogue() -> None:
    assert list(changed({})["alerts"]) == list(ALERTS)
