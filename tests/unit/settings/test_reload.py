"""A configuration that is read again: refused as a whole, or taken up, with the names of what changed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from genesis.configuration import Settings, load_settings
from genesis.core.errors import ConfigError, Fault
from genesis.settings.reload import changed_keys, reload_settings, values_by_key, warn_of_restart

CONFIG = Path(__file__).parents[3] / "config"


@pytest.fixture(name="settings")
def settings_of_the_repository() -> Settings:
    return load_settings(CONFIG)


async def test_what_was_read_is_followed_and_returned(settings: Settings) -> None:
    followed: list[Settings] = []

    async def follow(read: Settings) -> None:
        followed.append(read)

    assert await reload_settings(lambda: settings, follow) is settings
    assert followed == [settings]


async def test_a_fault_in_the_files_or_in_what_follows_is_logged_and_never_raised(settings: Settings) -> None:
    faults = ConfigError([Fault("a.yaml", "x", 1, "must be 2"), Fault("b.yaml", "y", "z", "must be w")])
    for error, logged in (
        (faults, "a.yaml: x: got 1; must be 2\n  b.yaml: y: got 'z'; must be w"),
        (RuntimeError("odd"), "odd"),
    ):

        def load(error: Exception = error) -> Settings:
            raise error

        async def follow(_: Settings, error: Exception = error) -> None:
            raise error

        async def ignore(_: Settings) -> None:
            pytest.fail("what cannot be read is not followed")

        for given_load, given_follow in ((load, ignore), (lambda: settings, follow)):
            with capture_logs() as logs:
                assert await reload_settings(given_load, given_follow) is None
            (line,) = logs
            assert line["event"] == "configuration refused: the old one stays in force"
            assert line["log_level"] == "error"
            assert logged in str(line.get("reason", error)), error


def test_values_are_named_as_a_fault_names_them(settings: Settings) -> None:
    monitor = values_by_key(settings.monitor, "monitor.yaml")
    assert monitor["monitor.yaml: port"] == 9108
    assert monitor["monitor.yaml: statistics.correlation.min_overlap"] == 30
    assert values_by_key(settings.alerts, "alerts.yaml")["alerts.yaml: alerts.StrategyDrawdown.warning"] == Decimal("0.05")
    strategies = values_by_key(settings.strategies, "strategies.yaml")
    assert "strategies.yaml: strategies.spread_capture.baseline.mean" in strategies


def test_changed_keys_are_those_with_another_value_the_new_and_the_removed() -> None:
    assert changed_keys({"same": 1, "other": 1, "removed": None}, {"same": 1, "other": 2, "new": None}) == [
        "other",
        "removed",
        "new",
    ]


def test_what_wants_a_restart_is_one_warning_and_nothing_is_said_without() -> None:
    with capture_logs() as logs:
        warn_of_restart({"port": 1, "host": "a"}, {"port": 1, "host": "a"})
        warn_of_restart({"port": 1, "host": "a"}, {"port": 2, "host": "b"})
    assert logs == [{"event": "a restart is needed for these", "keys": ["port", "host"], "log_level": "warning"}]
