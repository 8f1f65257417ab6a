"""The generated reference in docs/, as Markdown: alerts with their runbooks, metrics, configuration keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, TypeAdapter

from genesis.alerts.alert import ConfiguredAlert
from genesis.alerts.documents import DO_NOT_EDIT
from genesis.alerts.settings import AlertSettings
from genesis.core.duration import duration_text
from genesis.metrics.catalog import CATALOG
from genesis.metrics.metric import Kind, Metric, Process
from genesis.settings.monitor import MonitorSettings
from genesis.settings.rotation import RotationSettings
from genesis.settings.strategies import StrategiesSettings
from genesis.settings.trading_rules import TradingRules

FILES: Mapping[str, type[BaseModel]] = {
    "trading_rules.yaml": TradingRules,
    "monitor.yaml": MonitorSettings,
    "strategies.yaml": StrategiesSettings,
    "alerts.yaml": AlertSettings,
    "rotation.yaml": RotationSettings,
}


_PROCESSES: Mapping[Process, str] = {
    Process.MONITOR: "The monitor",
    Process.ROTATION: "The rotation controller",
}


def metrics() -> str:
    """docs/metrics.md: every metric of the catalogue."""
    lines: list[str] = []
    for process, title in _PROCESSES.items():
        exported = [metric for metric in CATALOG if metric.process is process]
        rows = [(f"`{metric.name}`", metric.kind.value, _labels(metric), _unit(metric), metric.help) for metric in exported]
        lines += [f"## {title}", "", *_table(("Metric", "Type", "Labels", "Unit", "Meaning"), rows), ""]
    return _page(
        "Metrics",
        "genesis/metrics/families/",
        "Every metric, by the process that exports it. Base units; ratios from 0 to 1; money in the account's reporting "
        "currency (`genesis_portfolio_info`). Losses, costs and drawdowns are positive numbers, P&L is signed. A figure that "
        "cannot be computed is left out, and `genesis_strategy_undefined_info` or `genesis_portfolio_undefined_info` says "
        "why. An info is a gauge with the value 1; its labels hold the information. A histogram has `_bucket`, `_sum` and "
        "`_count`. In addition, both processes export their resource usage, as every Prometheus client does: "
        "`process_resident_memory_bytes`, `process_cpu_seconds_total`, `process_open_fds` and so on.",
        *lines[:-1],
    )


def configuration() -> str:
    """docs/configuration.md: every key of every file, from the models that read them."""
    lines: list[str] = []
    for file, model in FILES.items():
        schema = model.model_json_schema()
        rows = [(f"`{key}`", *cells) for key, *cells in _keys(schema, schema.get("$defs", {}))]
        lines += [f"## {file}", "", schema["description"], ""]
        lines += [*_table(("Key", "Value", "Default", "Meaning"), rows), ""]
    return _page(
        "Configuration",
        "genesis/settings/ and genesis/alerts/",
        "The files in `config/`. `<name>` stands for a name of your choice, `[]` for each entry of a list. An unknown or "
        "duplicate key is a fault; all faults of all files are reported at once, before anything starts. Amounts and ratios "
        "are read as exact decimals. A duration is a text such as `250ms`, `30s` or `1h30m`.",
        *lines[:-1],
    )


def alerts(settings: AlertSettings, limits: TradingRules) -> str:
    """docs/alerts.md: what each alert means and what to do, with the rules as they are configured."""
    configured = settings.configured(limits).values()
    rows = [
        (
            f"[{alert.name}](#{alert.name.lower()})",
            ", ".join(rule.severity for rule in alert.rules()),
            _first_sentence(alert.alert.runbook.meaning),
        )
        for alert in configured
    ]
    lines = [*_table(("Alert", "Severity", "When"), rows), ""]
    for alert in configured:
        lines += _alert(alert)
    lines += ["## Recorded figures", "", "Computed by Prometheus at every evaluation, for the rules and for queries.", ""]
    for record in (record for alert in configured for record in alert.records()):
        lines += [f"`{record.name}`", "", *_code(record.expr), ""]
    return _page(
        "Alerts",
        "config/alerts.yaml",
        "What each alert means, what to look at, what to do. A threshold fires when it is reached. An absent figure does not "
        "reach a threshold; DrawdownUnknown, CollectorFailing and MonitorDown fire in that case. In the URL of a board, "
        "STRATEGY stands for the alert's strategy.",
        *lines[:-1],
    )


def _alert(configured: ConfiguredAlert[Any]) -> Iterator[str]:
    runbook = configured.alert.runbook
    yield from (f"## {configured.name}", "", runbook.meaning, "")
    for rule in configured.rules():
        ends = (
            f", and continues for {duration_text(rule.keep_firing_for)} after its condition has ended"
            if rule.keep_firing_for
            else ""
        )
        since = f"after {duration_text(rule.hold)}" if rule.hold else "at once"
        yield from (f"Severity {rule.severity}: fires {since}{ends}.", "", *_code(rule.expr), "")
    yield from ("### What to look at", "", f"The board: <{configured.board()}>", "")
    for query in runbook.queries:
        yield from (query.question, "", *_code(query.query), "")
    yield from ("### What to do", "", runbook.action, "", "### When it is a false alarm", "", runbook.false_alarm, "")


def _page(title: str, source: str, introduction: str, *lines: str) -> str:
    header = f"<!-- {DO_NOT_EDIT}: made from {source} by `genesis generate`. -->"
    return "\n".join([header, "", f"# {title}", "", introduction, "", *lines, ""])


def _table(head: tuple[str, ...], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    yield _row(head)
    yield _row(["---"] * len(head))
    yield from map(_row, rows)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _code(text: str) -> Iterator[str]:
    yield from ("```promql", text, "```")


def _labels(metric: Metric) -> str:
    return ", ".join(f"`{label}`" for label in metric.labels) or "–"


def _unit(metric: Metric) -> str:
    return "–" if metric.kind is Kind.INFO else metric.unit.value


def _first_sentence(text: str) -> str:
    """The first sentence."""
    return text.partition(". ")[0].rstrip(".") + "."


def _keys(schema: Mapping[str, Any], defs: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Key, value, default and meaning of every property of an object's schema, followed by those of nested objects."""
    for name, field in schema.get("properties", {}).items():
        required = name in schema.get("required", ())
        default = "required" if required else _default(field)
        yield f"{prefix}{name}", _value(field, defs), default, " ".join(field.get("description", "").split())
        yield from _nested_keys(field, defs, f"{prefix}{name}")


def _nested_keys(field: Mapping[str, Any], defs: Mapping[str, Any], key: str) -> Iterator[tuple[str, str, str, str]]:
    for part in field.get("anyOf", [field]):
        if "$ref" in part:
            yield from _keys(_resolved(part, defs), defs, f"{key}.")
        elif isinstance(part.get("additionalProperties"), Mapping):
            yield from _nested_keys(part["additionalProperties"], defs, f"{key}.<name>")
        elif "items" in part:
            yield from _nested_keys(part["items"], defs, f"{key}[]")


def _resolved(field: Mapping[str, Any], defs: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = defs[field["$ref"].rpartition("/")[2]]
    return found


def _default(field: Mapping[str, Any]) -> str:
    if "default" not in field:
        return "none"
    if isinstance(field["default"], Mapping) and field["default"]:
        return "as below"
    return "none" if field["default"] is None else f"`{_as_in_file(field['default'], field)}`"


def _as_in_file(value: object, field: Mapping[str, Any]) -> str:
    """A default as written in YAML; in the schema, decimals are strings and durations are ISO 8601."""
    if isinstance(value, list):
        return f"[{', '.join(_as_in_file(item, field['items']) for item in value)}]"
    return duration_text(_DURATION.validate_python(value)) if field.get("format") == "duration" else str(value)


def _value(field: Mapping[str, Any], defs: Mapping[str, Any]) -> str:
    """The allowed values, in words."""
    # A decimal may also be written as a string; the reference does not mention it.
    parts = field.get("anyOf", [field])
    numeric = any(part.get("type") == "number" for part in parts)
    return " or ".join(_type(part, defs) for part in parts if not (numeric and part.get("type") == "string"))


def _type(part: Mapping[str, Any], defs: Mapping[str, Any]) -> str:
    if "enum" in part or "const" in part:
        return " or ".join(f"`{value}`" for value in part.get("enum", [part.get("const")]))
    if "$ref" in part or part.get("type") == "object":
        return "keys" if "$ref" in part else f"name → {_entry(part, defs)}"
    if part.get("type") == "array":
        return f"list of {_value(part['items'], defs)}"
    return _TYPES.get(part.get("format", ""), _TYPES[part["type"]]) + "".join(
        f", {sign} {part[bound]:g}" if isinstance(part[bound], int | float) else f", {sign} {part[bound]}"
        for bound, sign in _BOUNDS.items()
        if bound in part
    )


def _entry(part: Mapping[str, Any], defs: Mapping[str, Any]) -> str:
    names = part.get("propertyNames", {}).get("enum")
    value = _value(part["additionalProperties"], defs)
    return f"{value} (names: {', '.join(names)})" if names else value


_DURATION = TypeAdapter(timedelta)
_TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "null": "null",
    "duration": "duration",
    "path": "path",
}
_BOUNDS = {
    "exclusiveMinimum": "above",
    "minimum": "at least",
    "exclusiveMaximum": "below",
    "maximum": "at most",
    "maxLength": "characters at most",
}
