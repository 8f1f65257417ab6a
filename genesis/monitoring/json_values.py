"""Results as JSON values; a new field of a snapshot needs no code here.

Money and quantities are exact strings without an exponent, times are ISO 8601 in UTC, statistics are numbers. An unknown value,
or one that is not a number in JSON (an infinity), is null.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import isfinite
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def to_json(value: object) -> Json:
    """`value` as a JSON value; it has one of the types that snapshots are made of.

    Dataclasses, structs, named tuples and mappings become objects; a mapping with tuples for keys becomes nested objects.
    Raises TypeError for any other type.
    """
    kind = type(value)
    form = _FORMS.get(kind)
    if form is None:
        form = _FORMS[kind] = _form(kind)
    return form(value)


def members(value: object) -> Iterator[tuple[str, object]]:
    """The fields of a dataclass, a struct or a named tuple, with their values."""
    for name in _names(type(value)) or ():
        yield name, attrgetter(name)(value)


def text(number: Decimal) -> str:
    """All digits of a finite number, without an exponent or trailing zeros: 1200, 0.0001, -3.5, 0."""
    digits = f"{number:f}"
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return "0" if digits == "-0" else digits


def _form(kind: type) -> Callable[[Any], Json]:
    """How values of a type become JSON."""
    names = _names(kind)
    if names is not None:
        return _object(names)
    for base, form in _BASES:
        if issubclass(kind, base):
            return form
    raise TypeError(f"{kind.__name__} has no JSON form: add one to {__name__}")


def _names(kind: type) -> tuple[str, ...] | None:
    if is_dataclass(kind):
        return tuple(field.name for field in fields(kind))
    if issubclass(kind, msgspec.Struct):
        return kind.__struct_fields__
    names: tuple[str, ...] | None = vars(kind).get("_fields")  # of a named tuple
    return names


def _object(names: tuple[str, ...]) -> Callable[[Any], Json]:
    readers = [(name, attrgetter(name)) for name in names]
    return lambda value: {name: to_json(read(value)) for name, read in readers}


def _mapping(value: Mapping[object, object]) -> Json:
    result: dict[str, Json] = {}
    for key, item in value.items():
        if isinstance(key, tuple):
            inner = result
            for part in key[:-1]:
                inner = inner.setdefault(_key(part), {})  # type: ignore[assignment]  # what is there is such an object
            inner[_key(key[-1])] = to_json(item)
        else:
            result[_key(key)] = to_json(item)
    return result


def _key(key: object) -> str:
    if isinstance(key, str):
        return key
    value = to_json(key)
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _float(value: float) -> Json:
    return float(value) if isfinite(value) else None


_BASES: tuple[tuple[type | tuple[type, ...], Callable[[Any], Json]], ...] = (
    (enum.Enum, lambda value: to_json(value.value)),
    (str, str),
    (Decimal, text),
    ((bool, np.bool_), bool),
    ((int, np.integer), int),
    ((float, np.floating), _float),
    (datetime, lambda value: value.isoformat().replace("+00:00", "Z")),
    (timedelta, timedelta.total_seconds),
    (Mapping, _mapping),
    (np.ndarray, lambda value: to_json(value.tolist())),
    ((set, frozenset), lambda value: [to_json(item) for item in sorted(value, key=str)]),
    (Collection, lambda value: [to_json(item) for item in value]),
)
_FORMS: dict[type, Callable[[Any], Json]] = {type(None): lambda _: None}
