"""The rules made from tests/rules/alerts.yaml do what the hand-written cases say, and the cases leave nothing out."""

from __future__ import annotations

import os
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from genesis import programs
from genesis.core.duration import parse_duration
from genesis.monitoring.alert_manager import rule_files
from tests.rules.loader import Case, all_cases, cases, settings, trading_rules, write

HEARTBEAT = "Watchdog"
"""It always fires: there is no case in which it does not."""


def test_promtool_finds_every_case_right(tmp_path: Path) -> None:
    program = programs.require([programs.PROMTOOL], os.environ)[programs.PROMTOOL]
    tests = write(tmp_path, all_cases())
    done = subprocess.run([program, "test", "rules", *tests], check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_and_severity_waits_fires_ends_and_stays_silent_in_some_case() -> None:
    by_rule: dict[tuple[str, str], list[Case]] = defaultdict(list)
    for case in all_cases():
        for severity in {one.severity for firing in case.expected.values() for one in firing}:
            by_rule[case.alert, severity].append(case)
    rules = {
        (rule["alert"], rule["labels"]["severity"])
        for text in rule_files(settings(), trading_rules()).values()
        for rule in yaml.safe_load(text)["groups"][0]["rules"]
        if "alert" in rule
    }
    assert by_rule.keys() == rules
    silent = {case.alert for case in all_cases() if not any(case.expected.values())}
    missing = [f"{alert}: a case in which nothing fires" for alert, _ in sorted(rules) if alert not in {*silent, HEARTBEAT}]
    for (alert, severity), found in by_rule.items():
        if alert == HEARTBEAT:
            continue
        lives = [_life(case, severity) for case in found]
        missing += [f"{alert} ({severity}): a case that {what}" for what, sign in _TURNS.items() if not any(map(sign, lives))]
    assert not missing


_TURNS = {"waits before it fires": lambda life: "-F" in life, "ends": lambda life: "F-" in life}
"""What a case must show → whether it does; a life is a letter for each time: `F` where it fires, `-` where it does not."""


def _life(case: Case, severity: str) -> str:
    times = sorted(case.expected, key=parse_duration)
    return "".join("F" if severity in {one.severity for one in case.expected[time]} else "-" for time in times)


def test_every_message_is_spelled_out_in_some_case() -> None:
    spelled = {case.alert for case in all_cases() if case.spelled_out()}
    assert spelled == {case.alert for case in all_cases()}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("A: {case: {0s: , up: 1, up: 2}}", "up: given twice"),
        ("A: {case: {up: 1}}", "must have a series and a time"),
        ("A: {case: {0s: }}", "must have a series and a time"),
        ("A: {case: {up: 1, 0s: [{warning: x, sais: y}]}}", "sais"),
    ],
)
def test_a_case_that_cannot_be_meant_is_refused(text: str, fault: str) -> None:
    with pytest.raises((ValueError, TypeError), match=fault):
        list(cases(text, "topic"))
