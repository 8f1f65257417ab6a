"""docs/numbers.md: its example is a configuration, and its metrics, reasons and fields exist."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from genesis.core.config import MonitorSettings
from genesis.core.models import Fill, Funding
from genesis.ledger.currency import NO_CONVERSION, NO_MARK
from genesis.monitoring.catalog import BY_NAME

PAGE = (Path(__file__).parents[2] / "docs" / "numbers.md").read_text(encoding="utf-8")


def test_the_example_is_a_configuration() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    settings = MonitorSettings.model_validate(yaml.safe_load(example))
    assert settings.conversions["BTC"] == "BTCUSDT"
    assert settings.symbol_currencies == {"ETHBTC": "BTC"}


def test_every_metric_that_it_names_exists() -> None:
    named = set(re.findall(r"genesis_\w+", PAGE))
    assert len(named) > 5
    assert named <= BY_NAME.keys()


def test_the_reasons_and_fields_that_it_names_exist() -> None:
    for name in (NO_MARK, NO_CONVERSION, *({"fee_currency", "fee_rate"} & set(Fill.__struct_fields__)), "currency", "rate"):
        assert f"`{name}`" in PAGE
    assert {"currency", "rate"} <= set(Funding.__struct_fields__)
    assert {"fee_currency", "fee_rate"} <= set(Fill.__struct_fields__)
