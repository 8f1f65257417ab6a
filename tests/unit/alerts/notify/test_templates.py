"""The templates of notifications: whole, and with nothing that Alertmanager 0.25 does not know."""

from __future__ import annotations

import re

from genesis.monitoring.alert_manager import alertmanager_config, templates
from tests.unit.alerts.alert_tree import settings

# Go's own, and Alertmanager 0.25's.
KEYWORDS = {"define", "end", "if", "else", "range", "with", "template"}
FUNCTIONS = {"and", "or", "not", "eq", "ne", "lt", "le", "gt", "len", "index", "slice", "printf", "urlquery"} | {
    *("toUpper", "join", "match", "reReplaceAll", "stringSlice")
}
MAIL = {"to": ["a@b.example"], "from": "c@d.example", "smarthost": "mail:25"}


def defined() -> list[str]:
    return re.findall(r'\{\{-? define "([^"]+)"', templates())


def test_every_template_is_defined_once_and_used() -> None:
    config = alertmanager_config(settings({"receivers.desk": {"email": MAIL}}))
    used = set(re.findall(r'template "([^"]+)"', templates() + config))
    assert len(defined()) == len(set(defined()))
    assert used == set(defined())


def test_only_functions_that_alertmanager_0_25_knows_are_called() -> None:
    text = re.sub(r"/\*.*?\*/", "", templates(), flags=re.DOTALL)
    actions = re.findall(r"\{\{-?(.*?)-?\}\}", text, flags=re.DOTALL)
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", " ".join(actions))
    words = re.findall(r"(?<![.$\w])[A-Za-z_]\w*", bare)
    assert set(words) - KEYWORDS <= FUNCTIONS


def test_no_placeholder_is_left() -> None:
    assert not re.search(r"SHOWN|DESCRIBED|ESCAPED", templates())
    assert templates().startswith("{{/* DO NOT EDIT")
