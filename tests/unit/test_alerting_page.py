"""docs/alerting.md: its commands are those that there are, and what it shows is what they say."""

from __future__ import annotations

import os
import re
import shlex

import pytest

from genesis.alerts.live.drill import INSTANCE, drill
from genesis.alerts.live.listing import HEAD
from genesis.cli import parser
from tests.code_blocks import ROOT, every_block
from tests.unit.alerts.live.definitions import BOOK

NAME = "docs/alerting.md"
PAGE = (ROOT / NAME).read_text(encoding="utf-8")
BLOCKS = [block.text for block in every_block() if (block.page, block.language) == (NAME, "sh")]
COMMANDS = [line for text in BLOCKS for line in text.splitlines() if line.startswith("genesis ")]


@pytest.mark.parametrize("command", COMMANDS)
def test_its_commands_are_understood(command: str) -> None:
    options = parser(os.environ).parse_args(shlex.split(command, comments=True)[1:])
    strategy = getattr(options, "strategy", None)
    assert strategy is None or strategy in BOOK.strategies
    if isinstance(name := getattr(options, "name", None), str):
        assert name in BOOK.alerts
        assert strategy is None or BOOK.find(name).of_strategy
    if hasattr(options, "severity"):
        drill(BOOK.find(options.name), strategy, options.severity, dict(options.label))


def test_every_command_on_alerts_is_in_it() -> None:
    found = {command.split()[2] for command in COMMANDS if command.startswith("genesis alerts ")}
    assert found == {"list", "test", "explain", "silence", "silences", "unsilence", "fire"}


def test_the_list_that_it_shows_has_the_columns_of_the_real_one() -> None:
    head = next(line for line in PAGE.splitlines() if line.startswith(HEAD[0]))
    assert re.split(r"\s{2,}", head) == list(HEAD)


def test_the_test_alert_that_it_shows_has_the_labels_of_a_real_one() -> None:
    sent = drill(BOOK.find("StrategyDrawdown"), "multi_pair", None, {})
    shown = ", ".join(f"{name}={value}" for name, value in sent.labels.items() if name != "alertname")
    assert f"test alert StrategyDrawdown: {shown}\n" in PAGE
    assert f"the instance `{INSTANCE}`" in PAGE
