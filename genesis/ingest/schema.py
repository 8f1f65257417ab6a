"""The JSON Schema of the events, made from the models.

It says what to send. The monitor accepts slightly more: for example, a number may also have an exponent.
"""

from __future__ import annotations

from typing import Any

import msgspec

from genesis.core.models import MAX_TEXT
from genesis.ingest.codec import EVENT_KINDS

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DIGITS = r"[0-9]{1,15}(\.[0-9]{1,18})?"
_TIME = "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$"

ABOVE_ZERO = frozenset({"price", "quantity", "bid", "ask", "fee_rate", "rate", "decision_price", "arrival_price"})
NOT_BELOW_ZERO = frozenset({"bid_size", "ask_size", "arrival_spread"})


def event_schema() -> dict[str, Any]:
    """One event: an object of one of the kinds. Its `$defs` hold each kind by name."""
    kinds, parts = msgspec.json.schema_components(EVENT_KINDS.values(), ref_template="#/$defs/{name}")
    for part in parts.values():
        part["description"] = " ".join(part["description"].split())
        part.get("properties", {}).update(
            {name: _property(name, schema) for name, schema in part.get("properties", {}).items()}
        )
        if part["type" if "type" in part else "enum"] == "array":
            part["prefixItems"] = [_decimal("price")] * len(part["prefixItems"])
            part["items"] = False
    return {"$schema": _DIALECT, "title": "Event", "oneOf": list(kinds), "$defs": parts}


def _property(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """msgspec's schema of a field, with the limits that the models check themselves."""
    if name == "time":
        return schema | {"format": "date-time", "pattern": _TIME}
    if schema.get("format") == "decimal":
        return {key: value for key, value in schema.items() if key not in {"type", "format"}} | _decimal(name)
    if "anyOf" in schema:
        return schema | {"anyOf": [_property(name, part) for part in schema["anyOf"]]}
    if schema.get("type") == "string":
        return schema | {"minLength": 1, "maxLength": MAX_TEXT, "pattern": "^[^\\u0000]+$"}
    return schema


def _decimal(name: str) -> dict[str, Any]:
    """A number, or the same as a string: many languages keep all digits only in a string."""
    number: dict[str, Any] = {"type": "number", "exclusiveMaximum": 10**15}
    if name in ABOVE_ZERO:
        return {"anyOf": [number | {"exclusiveMinimum": 0}, {"type": "string", "pattern": f"^(?=.*[1-9]){_DIGITS}$"}]}
    if name in NOT_BELOW_ZERO:
        return {"anyOf": [number | {"minimum": 0}, {"type": "string", "pattern": f"^{_DIGITS}$"}]}
    return {"anyOf": [number | {"exclusiveMinimum": -(10**15)}, {"type": "string", "pattern": f"^-?{_DIGITS}$"}]}
