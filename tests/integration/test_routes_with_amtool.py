"""The generated alertmanager.yml as amtool reads it: every alert, of every severity and team, goes to whom alerts.yaml says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from genesis.monitoring.alert_manager import alertmanager_config
from tests.integration.real_alertmanager import amtool, write_config
from tests.unit.alerts.alert_tree import CONFIG, settings

pytestmark = pytest.mark.usefixtures("real_programs")

DELIVERY = {"group_wait": "0s", "repeat_interval": "1h"}
HOUSES: dict[str, dict[str, object]] = {
    "ours": {},
    "with teams": {
        "receivers": {name: {} for name in ("page", "desk", "heartbeat", "pairs", "night", "risk", "quants")},
        "hours": {
            "day": {"days": ["monday", "friday"], "from": "08:00", "to": "18:00", "time_zone": "Europe/Zurich"},
            "night": {"days": ["sunday"], "from": "22:00", "to": "06:00", "time_zone": "America/New_York"},
        },
        "teams": {
            "multi_pair": "pairs",
            "spread_capture": {"critical": "quants"},
            "odd": {"warning": "quants", "info": "risk"},
        },
        "routes": [
            {"match": {"alertname": "DailyLoss"}, "receiver": "risk", **DELIVERY},
            {"match": {"strategy": "odd", "severity": "critical"}, "receiver": "risk", "group_by": ["strategy"], **DELIVERY},
            {"match": {"severity": "critical"}, "receiver": "page", "active": "day", "otherwise": "night", **DELIVERY},
            {"match": {"severity": "warning"}, "receiver": "desk", "active": "night", **DELIVERY},
        ],
    },
}
Labels = Mapping[str, str]


def expected(tree: Mapping[str, Any], labels: Labels) -> str:
    """Whom alerts.yaml tells of an alert at one time or another, as its comments say it."""
    if labels["alertname"] == "Watchdog":
        return str(tree["alerts"]["Watchdog"]["receiver"])
    taken = (route for route in tree["routes"] if all(labels.get(label) == value for label, value in route["match"].items()))
    route = next(taken, tree["default_route"])
    team = tree["teams"].get(labels.get("strategy"), route["receiver"])
    receiver = team if isinstance(team, str) else team.get(labels["severity"], route["receiver"])
    return ",".join([receiver, *([route["otherwise"]] if "otherwise" in route else [])])


def alerts(tree: Mapping[str, Any]) -> Iterator[Labels]:
    """Every alert in each of its severities, without a strategy and with one; and what is not ours."""
    files = (CONFIG.parent / "prometheus" / "rules").glob("*.yml")
    groups = (group for file in files for group in yaml.safe_load(file.read_text())["groups"])
    rules = {(rule["alert"], rule["labels"]["severity"]) for group in groups for rule in group["rules"] if "alert" in rule}
    for alert, severity in sorted(rules):
        yield {"alertname": alert, "severity": severity}
        for strategy in (*tree["teams"], "anybody"):
            yield {"alertname": alert, "severity": severity, "strategy": strategy}
    yield {"alertname": "DailyLoss", "severity": "info"}
    for strategy in (*tree["teams"], "anybody"):  # on no route in one of the houses
        yield {"alertname": "StrategyDrawdown", "severity": "info", "strategy": strategy}
    yield {"alertname": "SomebodyElses", "severity": "page"}


def misled(config: Path, receivers: str, labels: Labels) -> str | None:
    """What amtool has against the alert's going there."""
    words = [f"{name}={value}" for name, value in labels.items()]
    done = amtool("config", "routes", "test", f"--config.file={config}", f"--verify.receivers={receivers}", *words)
    return None if done.returncode == 0 else f"{dict(labels)}: {receivers} expected, {done.stdout}{done.stderr}"


def all_misled(config: Path, cases: Sequence[tuple[str, Labels]]) -> list[str]:
    with ThreadPoolExecutor(4) as pool:
        return [fault for fault in pool.map(lambda case: misled(config, *case), cases) if fault]


@pytest.mark.parametrize("name", HOUSES)
@pytest.mark.parametrize("sink", [None, "http://127.0.0.1:8080"])
def test_amtool_accepts_the_configuration_and_finds_the_templates(tmp_path: Path, name: str, sink: str | None) -> None:
    done = amtool("check-config", write_config(tmp_path, alertmanager_config(settings(HOUSES[name]), sink)))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 templates" in done.stdout + done.stderr


def test_amtool_accepts_every_kind_of_receiver(tmp_path: Path) -> None:
    file = "/run/secrets/one"
    mail = {"to": ["a@b.example"], "from": "c@d.example", "smarthost": "mail:25"}
    kinds: dict[str, object] = {
        "a": {
            "email": mail | {"username": "u", "password_file": file, "hello": "me.example"},
            "slack": {"api_url_file": file},
        },
        "b": {"email": mail | {"require_tls": False}, "pagerduty": {"routing_key_file": file}},
        "c": {"webhook": {"url": "https://x.example", "credentials_file": file}},
        "d": {"webhook": {"url": "https://x.example", "username": "u", "password_file": file}},
    }
    changes = {f"receivers.{name}": receiver for name, receiver in kinds.items()}
    done = amtool("check-config", write_config(tmp_path, alertmanager_config(settings(changes))))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", HOUSES)
def test_every_alert_of_every_severity_and_team_goes_to_whom_the_file_says(tmp_path: Path, name: str) -> None:
    tree: dict[str, Any] = yaml.safe_load((CONFIG / "alerts.yaml").read_text()) | HOUSES[name]
    config = write_config(tmp_path, alertmanager_config(settings(HOUSES[name])))
    cases = [(expected(tree, labels), labels) for labels in alerts(tree)]
    assert all_misled(config, cases) == []
    # Each receiver of the house is somebody's.
    assert {receiver for receivers, _ in cases for receiver in receivers.split(",")} == set(tree["receivers"])


@pytest.mark.parametrize("name", ["plain", 'quo"te', "back\\slash", "br{a}ce,s", "two words", "ünï", "{{ .x }}", "a|b.*"])
def test_a_route_and_a_team_take_the_strategy_of_any_name_and_no_other(tmp_path: Path, name: str) -> None:
    own = {"match": {"strategy": name, "severity": "critical"}, "receiver": "own", **DELIVERY}
    changes: dict[str, object] = {"receivers.own": {}, "receivers.team": {}, "teams": {name: "team"}, "routes": [own]}
    for teams, receiver in (({}, "own"), ({name: "team"}, "team")):
        config = write_config(tmp_path, alertmanager_config(settings(changes | {"teams": teams})))
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        cases = [(receiver, {"strategy": f'"{escaped}"', "severity": "critical"})]
        cases += [("desk", {"strategy": f'"{escaped}x"', "severity": "critical"})]
        assert all_misled(config, cases) == []
