"""JSON Schemas of the files in `config/`, for editors: completion, explanations and faults while writing.

They are generated from the models that read the files, and check every single value as the models do. Relations between values
(the order of thresholds, a receiver that exists) are checked only by `genesis check`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter

from genesis.alerts.catalog import ALERTS
from genesis.alerts.documents import DO_NOT_EDIT
from genesis.alerts.notify.settings import URGENCIES
from genesis.commands.reference import FILES
from genesis.core.duration import duration_text

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_COUNT = "[0-9]{1,9}"
_DURATION = "^(?=.){}$".format("".join(f"({_COUNT}{unit})?" for unit in ("w", "d", "h", "m", "s", "ms")))
_INTERVAL = _DURATION.replace("(?=.)", "(?=.*[1-9])")
_NUMBER = r"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$"
_ISO_DURATION = TypeAdapter(timedelta)

Schema = dict[str, Any]


def schemas() -> dict[str, str]:
    """Name of the schema's file, such as `alerts.json` → its text."""
    made = {}
    for file, model in FILES.items():
        head = {
            "$schema": DIALECT,
            "$comment": f"{DO_NOT_EDIT}: made from genesis/settings/ and genesis/alerts/ by `genesis generate`.",
            "title": file,
        }
        tree = head | _plain(model.model_json_schema())
        made[file.replace(".yaml", ".json")] = json.dumps(_matching(tree), indent=2, ensure_ascii=False) + "\n"
    return made


def _plain(schema: Any) -> Any:
    """The schema with only the keywords of the draft: durations are strings with a pattern, decimals are numbers."""
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "default" in schema:
        schema = {**schema, "default": _default(schema)}
    if schema.get("format") == "duration":
        pattern = _INTERVAL if "exclusiveMinimum" in schema else _DURATION
        kept = {key: value for key, value in schema.items() if key not in {"format", "exclusiveMinimum", "title"}}
        return {**kept, "pattern": pattern}
    return _decimal({key: _part(key, value) for key, value in schema.items() if key != "title"})


def _part(key: str, value: Any) -> Any:
    if key in {"default", "enum", "const"}:
        return value
    if key in {"properties", "$defs"}:  # keyed by names, which may equal a keyword of the draft
        return {name: _plain(part) for name, part in value.items()}
    return _plain(value)


def _decimal(schema: Schema) -> Schema:
    """A decimal may also be written as a string, which must be a number."""
    parts = schema.get("anyOf")
    if parts is None or not any(part.get("type") == "number" for part in parts):
        return schema
    return {**schema, "anyOf": [{**part, "pattern": _NUMBER} if part == {"type": "string"} else part for part in parts]}


def _default(schema: Mapping[str, Any]) -> Any:
    """The default as written in YAML; in pydantic's schema, decimals are strings and durations are ISO 8601."""
    value = schema["default"]
    if isinstance(value, list):
        return [_default({**schema.get("items", {}), "default": item}) for item in value]
    if not isinstance(value, str):
        return value
    if schema.get("format") == "duration":
        return duration_text(_ISO_DURATION.validate_python(value))
    numeric = any(part.get("type") == "number" for part in schema.get("anyOf", ()))
    return float(value) if numeric else value


def _matching(tree: Schema) -> Schema:
    """Restrict the labels that a route matches to the existing alerts and severities."""
    known = {"alertname": ALERTS, "severity": URGENCIES}
    for section in tree.get("$defs", {}).values():
        if (labels := section.get("properties", {}).get("match")) is not None:
            labels["properties"] = {label: {"type": "string", "enum": list(values)} for label, values in known.items()}
    return tree
