"""The settings of the statistics, and of the baselines: what is refused, and why."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from genesis.settings.statistics import StatisticsSettings
from genesis.settings.strategies import BaselineSettings


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"risk_window": "90s"}, "must be a whole number of steps of 1m"),
        ({"windows": ["29m"]}, "must hold min_observations steps of 1m: 30m at least"),
        ({"step": "1s", "risk_window": "2d"}, "must be at most 100000 steps of 1s"),
        ({"windows": ["1d", "24h"]}, "must not hold the same value twice [type=wrong_reference, input_value=['1d', '1d']"),
        ({"confidence": ["0.95", "0.950"]}, "input_value=['0.95', '0.950']"),
        ({"degradation": {"false_alarm_interval": "599s"}}, "must hold ten steps of 1m: 10m at least"),
        ({"degradation": {"kept_sharpe": 1}}, "less than 1"),
        ({"degradation": {"confidence": 0.5}}, "greater than 0.5"),
        ({"correlation": {"min_overlap": 2}}, "greater than or equal to 3"),
    ],
)
def test_what_the_statistics_cannot_be_worked_out_with_is_refused(given: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError) as error:
        StatisticsSettings.model_validate(given)
    assert complaint in str(error.value)


def test_ten_steps_between_false_alarms_are_enough() -> None:
    settings = StatisticsSettings.model_validate({"degradation": {"false_alarm_interval": "10m"}})
    assert settings.degradation.false_alarm_interval == 10 * settings.step


@pytest.mark.parametrize(
    "given",
    [
        *({"mean": 1.0}, {"mean": -1}, {"mean": "nan"}),
        *({"volatility": 0}, {"volatility": 1e-13}, {"volatility": 10}),
        *({"observations": 1}, {"step": "0s"}),
    ],
)
def test_a_baseline_that_no_returns_make_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        BaselineSettings.model_validate({"step": "1d", "observations": 2, "mean": 0.001, "volatility": 0.01} | given)
