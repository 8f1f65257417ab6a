"""Reads the hand-written cases of the alert rules, and writes them as files for `promtool test rules`.

A file `<topic>.yaml` holds alert → name of a case → what goes in and what must come out:

    StrategyDrawdown:
      fires at 10 %:
        genesis_strategy_drawdown_ratio{strategy="one"}: 0.0999x9 0.1x9
        9s:
        15s: [critical strategy=one: "one: drawdown 10% (threshold 10%)"]

A key that is a time says which alerts fire then, and nothing after it means that none does; `15s to 29s` looks at both ends, at
which the same fires. Every other key is a series with its values, one a second, in promtool's notation: `0.1x9` is 0.1 at ten
steps, `_x10` nothing at ten. What fires is `severity label=value ...: summary`; `says` (its description) and `board` (where its
link leads) may follow.

The labels that Prometheus puts on a series go without saying, by the process that a metric belongs to (`_TARGETS`); an alert's
are those of `target` in its section, the monitor's without it. `instance=` in what fires takes one away.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from genesis.alerts.settings import AlertSettings
from genesis.monitoring.alert_manager import rule_files
from genesis.settings.trading_rules import TradingRules
from tests.unit.alerts.alert_tree import limits

HERE = Path(__file__).parent
SETTINGS = "alerts.yaml"
_TIMES = re.compile(r"[0-9]+[smh0-9]*( to [0-9]+[smh0-9]*)?")

_TARGETS = {
    "monitor": {"instance": "monitor:9108", "job": "genesis"},
    "rotation": {"instance": "rotation", "job": "rotation"},
    "prometheus": {"instance": "localhost:9090", "job": "prometheus"},
    "alertmanager": {"instance": "alertmanager:9093", "job": "alertmanager"},
}
_PREFIXES = {"genesis_rotation_": "rotation", "prometheus_": "prometheus", "alertmanager_": "alertmanager"}
"""Beginning of a metric's name → whose it is; all others are the monitor's."""


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert that must fire; `says` and `board` are empty where a case does not look at them."""

    severity: str
    labels: Mapping[str, str]
    summary: str
    says: str = ""
    board: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One case: series → values, and time → what fires then, and nothing else."""

    topic: str
    alert: str
    name: str
    series: Mapping[str, str]
    expected: Mapping[str, tuple[Firing, ...]]

    def spelled_out(self) -> Mapping[str, tuple[Firing, ...]]:
        """The times at which the case gives the whole message of all that fires."""
        return {time: firing for time, firing in self.expected.items() if firing and all(one.says for one in firing)}


def settings() -> AlertSettings:
    """The thresholds that the cases stand on."""
    return AlertSettings.model_validate(yaml.safe_load((HERE / SETTINGS).read_text()))


def trading_rules() -> TradingRules:
    """The trading rules that the cases stand on."""
    return limits({"correlation_alert_ratio": "0.5"})


def cases(text: str, topic: str) -> Iterator[Case]:
    """The cases of one topic.

    Raises:
        ValueError: a case has no series, or looks at no time.
    """
    for alert, section in yaml.load(text, _Loader).items():  # noqa: S506 - a SafeLoader
        target = _TARGETS[section.pop("target", "monitor")]
        for name, body in section.items():
            times = {key: value for key, value in body.items() if _TIMES.fullmatch(key)}
            series = {_with_target(key): value for key, value in body.items() if key not in times}
            if not times or not series:
                raise ValueError(f"{topic}.yaml: {alert}: {name}: must have a series and a time")
            expected = {
                time: tuple(_firing(one, target) for one in firing or ())
                for key, firing in times.items()
                for time in key.split(" to ")
            }
            yield Case(topic, alert, name, series, expected)


def all_cases() -> list[Case]:
    """The cases of all files."""
    paths = sorted(path for path in HERE.glob("*.yaml") if path.name != SETTINGS)
    return [case for path in paths for case in cases(path.read_text(), path.stem)]


def write(folder: Path, found: list[Case], rules: Mapping[str, str] | None = None) -> list[Path]:
    """Write the rules, and the cases as files for promtool, whose paths are returned.

    promtool compares all annotations. So each case runs on rules with nothing but a summary, and where it spells the messages
    out, on whole rules, too.
    """
    rules = rules or rule_files(settings(), trading_rules())
    tests = []
    for topic in dict.fromkeys(case.topic for case in found):
        text = rules[f"{topic}.yml"]
        ours = [case for case in found if case.topic == topic]
        whole = [(case, case.spelled_out()) for case in ours if case.spelled_out()]
        short = yaml.safe_dump(_summaries_alone(yaml.safe_load(text)))
        for kind, made, chosen in (("summary", short, [(case, case.expected) for case in ours]), ("whole", text, whole)):
            (folder / f"{topic}.{kind}.yml").write_text(made)
            groups = [_group(case, expected, whole=kind == "whole") for case, expected in chosen]
            tree = {"rule_files": [f"{topic}.{kind}.yml"], "evaluation_interval": "1s", "tests": groups}
            path = folder / f"{topic}.{kind}.test.yml"
            path.write_text(yaml.safe_dump(tree, sort_keys=False))
            tests.append(path)
    return tests


def _summaries_alone(tree: dict[str, Any]) -> dict[str, Any]:
    for rule in tree["groups"][0]["rules"]:
        if "alert" in rule:
            rule["annotations"] = {"summary": rule["annotations"]["summary"]}
    return tree


def _group(case: Case, expected: Mapping[str, tuple[Firing, ...]], *, whole: bool) -> dict[str, object]:
    return {
        "name": f"{case.alert}: {case.name}",
        "interval": "1s",
        "input_series": [{"series": name, "values": values} for name, values in case.series.items()],
        "alert_rule_test": [
            {
                "eval_time": time,
                "alertname": case.alert,
                "exp_alerts": [_expected(case.alert, one, whole=whole) for one in firing],
            }
            for time, firing in expected.items()
        ],
    }


def _expected(alert: str, firing: Firing, *, whole: bool) -> dict[str, object]:
    annotations = {"summary": firing.summary}
    if whole:
        annotations["description"] = firing.says
        annotations["runbook_url"] = f"http://runbooks.example/#{alert.lower()}"
        annotations["dashboard_url"] = f"http://grafana.example/d/genesis-{firing.board}"
    return {"exp_labels": {**firing.labels, "severity": firing.severity}, "exp_annotations": annotations}


def _firing(given: dict[str, str], target: Mapping[str, str]) -> Firing:
    (what, summary), *more = given.items()
    severity, *words = shlex.split(what)
    labels = {**target, **dict(word.split("=", 1) for word in words)}
    return Firing(severity, {label: value for label, value in labels.items() if value}, summary, **dict(more))


def _with_target(series: str) -> str:
    """The series with the labels of its process, but for those that it has."""
    name, _, given = series.partition("{")
    target = next((whose for prefix, whose in _PREFIXES.items() if name.startswith(prefix)), "monitor")
    added = [f'{label}="{value}"' for label, value in _TARGETS[target].items() if f"{label}=" not in given]
    return f"{name}{{{','.join([*filter(None, [given.removesuffix('}')]), *added])}}}"


class _Loader(yaml.SafeLoader):
    """Refuses a key that is there twice, which YAML would take for the last one alone; keeps values as they are written."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise ValueError(f"{node.start_mark}: {', '.join(sorted(twice))}: given twice")
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in found if tag == "tag:yaml.org,2002:null"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
