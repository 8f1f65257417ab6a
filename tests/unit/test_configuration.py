"""config/*.yaml: every fault of every file at once, and what the house's own files say."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from genesis.configuration import Settings, load_settings
from genesis.core.errors import ConfigError, Fault

CONFIG = Path(__file__).parents[2] / "config"
D = Decimal


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A copy of the repository's own configuration, to be spoilt."""
    return Path(shutil.copytree(CONFIG, tmp_path / "config"))


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_settings(CONFIG)


def change(path: Path, keys: str, value: object) -> None:
    """Set the key at the dotted path `keys` of a YAML file."""
    tree = yaml.safe_load(path.read_text())
    node: Any = tree
    *parents, last = keys.split(".")
    for key in parents:
        node = node[key]
    node[last] = value
    path.write_text(yaml.safe_dump(tree, sort_keys=False))


def faults_of(directory: Path) -> list[Fault]:
    with pytest.raises(ConfigError) as caught:
        load_settings(directory)
    return list(caught.value.faults)


@pytest.mark.parametrize(
    ("capital", "tier"),
    [
        ("0", None),
        ("499.99", None),
        ("500", "SNIPER"),
        ("1999.99", "SNIPER"),
        ("1999.999999999999999999", "SNIPER"),
        ("2000", "HUNTER"),
        ("9999.99", "HUNTER"),
        ("10000", "STRATEGIST"),
        ("49999.99", "STRATEGIST"),
        ("50000", "ARCHITECT"),
        ("1e14", "ARCHITECT"),
        ("-1", None),
    ],
)
def test_a_tier_begins_at_its_first_dollar_and_ends_before_the_next(settings: Settings, capital: str, tier: str | None) -> None:
    found = settings.rules.tier_of(D(capital))
    assert (found.name if found else None) == tier


@pytest.mark.parametrize(
    ("name", "limits", "allowed", "refused"),
    [
        ("SNIPER", (25, 1), {"simple_arb", "spread_capture"}, {"multi_pair", "market_making"}),
        ("HUNTER", (100, 3), {"simple_arb", "spread_capture", "multi_pair", "mean_reversion"}, {"statistical_arb"}),
        ("STRATEGIST", (500, 5), {"statistical_arb", "market_making", "simple_arb"}, {"anything_else"}),
        ("ARCHITECT", (1000, 10), {"anything_else", "simple_arb"}, set()),
    ],
)
def test_the_limits_of_each_tier(
    settings: Settings, name: str, limits: tuple[int, int], allowed: set[str], refused: set[str]
) -> None:
    tier = next(tier for tier in settings.rules.all_tiers() if tier.name == name)
    assert (tier.max_daily_loss, tier.max_positions) == (D(limits[0]), limits[1])
    assert (tier.stop_loss_ratio, tier.position_risk_ratio) == (D("0.02"), D("0.05"))
    assert tier.storage == ("sqlite" if name == "SNIPER" else "postgresql")
    assert all(tier.allows(strategy) for strategy in allowed)
    assert not any(tier.allows(strategy) for strategy in refused)


def test_decimals_of_the_files_are_exact(settings: Settings) -> None:
    assert settings.rules.correlation_alert_ratio == D("0.7")


def test_settings_cannot_be_changed_after_the_start(settings: Settings) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        settings.monitor.port = 1  # type: ignore[misc]


def test_all_faults_of_all_files_are_listed_at_once_with_file_key_and_value(directory: Path) -> None:
    change(directory / "trading_rules.yaml", "tiers.SNIPER.max_daily_loss", -25)
    change(directory / "trading_rules.yaml", "tiers.HUNTER.max_positions", "three")
    change(directory / "monitor.yaml", "port", 70000)
    change(directory / "monitor.yaml", "time_zone", "Mars/Olympus")
    change(directory / "strategies.yaml", "strategies.multi_pair.capital", 0)
    found = faults_of(directory)
    assert [fault[:3] for fault in found] == [
        ("trading_rules.yaml", "tiers.SNIPER.max_daily_loss", -25),
        ("trading_rules.yaml", "tiers.HUNTER.max_positions", "three"),
        ("monitor.yaml", "time_zone", "Mars/Olympus"),
        ("monitor.yaml", "port", 70000),
        ("strategies.yaml", "strategies.multi_pair.capital", 0),
    ]
    with pytest.raises(ConfigError) as caught:
        load_settings(directory)
    message = str(caught.value)
    for right in ("greater than 0", "valid integer", "IANA time zone", "less than or equal to 65535"):
        assert right in message
    assert "monitor.yaml: port: got 70000; " in message


@pytest.mark.parametrize(
    ("file", "key", "value", "expected"),
    [
        ("trading_rules.yaml", "tiers.SNIPER.stop_loss_ratio", 1.5, "less than or equal to 1"),
        ("trading_rules.yaml", "tiers.SNIPER.stop_loss_ratio", 0, "greater than 0"),
        ("trading_rules.yaml", "tiers.SNIPER.max_positions", 0, "greater than or equal to 1"),
        ("trading_rules.yaml", "tiers.SNIPER.max_positions", 1.5, "integer"),
        ("trading_rules.yaml", "tiers.SNIPER.min_capital", -1, "greater than or equal to 0"),
        ("trading_rules.yaml", "tiers", {}, "at least 1"),
        ("trading_rules.yaml", "correlation_alert_ratio", "high", "valid decimal"),
        ("trading_rules.yaml", "correlation_alert_ratio", float("nan"), "finite"),
        ("monitor.yaml", "host", "", "at least 1 character"),
        ("monitor.yaml", "time_zone", "../etc/passwd", "IANA time zone"),
        ("monitor.yaml", "time_zone", "", "IANA time zone"),
        ("monitor.yaml", "snapshot_seconds", 0, "greater than 0"),
        ("monitor.yaml", "snapshot_seconds", float("inf"), "finite"),
        ("monitor.yaml", "snapshot_seconds", float("nan"), "finite"),
        ("monitor.yaml", "max_strategies", 0, "greater than or equal to 1"),
        ("monitor.yaml", "reporting_currency", "x" * 129, "at most 128 characters"),
        ("strategies.yaml", "strategies.multi_pair.capital", 1e15, "less than"),
        ("strategies.yaml", "strategies.multi_pair.capital", "1e-19", "18 decimal places"),
        ("strategies.yaml", "strategies.multi_pair.expected_slippage_ratio", -0.1, "greater than or equal to 0"),
        ("strategies.yaml", "strategies", [], "valid dictionary"),
    ],
)
def test_a_wrong_value_is_refused_and_says_what_is_right(
    directory: Path, file: str, key: str, value: object, expected: str
) -> None:
    change(directory / file, key, value)
    ((got_file, got_key, _, got_expected),) = faults_of(directory)
    assert (got_file, got_key) == (file, key)
    assert expected in got_expected


@pytest.mark.parametrize("file", ["trading_rules.yaml", "monitor.yaml", "strategies.yaml"])
def test_an_unknown_key_is_a_fault(directory: Path, file: str) -> None:
    change(directory / file, "colour", "blue")
    assert faults_of(directory) == [(file, "colour", "blue", "there is no such key; docs/configuration.md lists the keys")]


def test_a_missing_key_is_a_fault_that_names_it(directory: Path) -> None:
    path = directory / "strategies.yaml"
    path.write_text("strategies:\n  multi_pair:\n    expected_slippage_ratio: 0.1\n")
    assert faults_of(directory) == [("strategies.yaml", "strategies.multi_pair.capital", "(nothing)", "this key is required")]


def test_a_key_that_stands_twice_is_a_fault_and_no_silent_overwrite(directory: Path) -> None:
    (directory / "monitor.yaml").write_text("port: 9108\nport: 9109\n")
    ((file, _, _, expected),) = faults_of(directory)
    assert file == "monitor.yaml"
    assert "the key 'port' appears twice" in expected


@pytest.mark.parametrize("text", ["port: [", "\tport: 1", "port: 1: 2", "{[1]: 2}: 3", "!!python/object:os.system x"])
def test_text_that_is_no_yaml_is_a_fault_of_the_file(directory: Path, text: str) -> None:
    (directory / "monitor.yaml").write_text(text)
    ((file, _, _, _),) = faults_of(directory)
    assert file == "monitor.yaml"


@pytest.mark.parametrize("text", ["[" * 3000 + "]" * 3000, "a: " + "{a: " * 2000 + "1" + "}" * 2000])
def test_a_file_nested_without_end_is_a_fault_of_the_file(directory: Path, text: str) -> None:
    (directory / "monitor.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"monitor\.yaml: .* is nested too deeply"):
        load_settings(directory)


@pytest.mark.parametrize("text", ["- 1\n- 2\n", "just words\n", "42\n"])
def test_a_file_that_is_no_mapping_is_a_fault_of_the_file(directory: Path, text: str) -> None:
    (directory / "monitor.yaml").write_text(text)
    ((file, key, _, _),) = faults_of(directory)
    assert (file, key) == ("monitor.yaml", "(file)")


def test_a_missing_file_is_a_fault_that_names_it(directory: Path) -> None:
    (directory / "strategies.yaml").unlink()
    ((file, key, _, expected),) = faults_of(directory)
    assert (file, key) == ("strategies.yaml", "(file)")
    assert "cannot be read" in expected


def test_a_file_that_is_not_utf8_is_a_fault_that_names_it(directory: Path) -> None:
    (directory / "monitor.yaml").write_bytes(b"host: \xff\xfe\n")
    ((file, _, _, expected),) = faults_of(directory)
    assert file == "monitor.yaml"
    assert "cannot be read" in expected


def test_an_empty_monitor_file_means_the_defaults(directory: Path) -> None:
    (directory / "monitor.yaml").write_text("# nothing\n")
    assert load_settings(directory).monitor.host == "127.0.0.1"


def test_tiers_without_a_gap_are_demanded(directory: Path) -> None:
    change(directory / "trading_rules.yaml", "tiers.SNIPER.max_capital", 1500)
    ((_, _, _, expected),) = faults_of(directory)
    assert "tiers.SNIPER.max_capital 1500 must equal tiers.HUNTER.min_capital 2000" in expected


def test_the_highest_tier_has_no_end(directory: Path) -> None:
    change(directory / "trading_rules.yaml", "tiers.ARCHITECT.max_capital", 1000000)
    ((_, _, _, expected),) = faults_of(directory)
    assert "tiers.ARCHITECT.max_capital of the highest tier must be null, not 1000000" in expected


def test_a_tier_below_the_highest_has_an_end(directory: Path) -> None:
    change(directory / "trading_rules.yaml", "tiers.HUNTER.max_capital", None)
    ((_, _, _, expected),) = faults_of(directory)
    assert "tiers.HUNTER.max_capital None must equal tiers.STRATEGIST.min_capital 10000" in expected


def test_a_tier_that_ends_before_it_begins_is_refused(directory: Path) -> None:
    change(directory / "trading_rules.yaml", "tiers.SNIPER.min_capital", 3000)
    ((_, key, _, expected),) = faults_of(directory)
    assert key == "tiers.SNIPER"
    assert "max_capital 2000 must be above min_capital 3000" in expected
