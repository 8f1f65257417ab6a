"""Results as plain JSON values: a new field of a snapshot appears by itself.

Money and quantities are exact strings without an exponent, times ISO 8601 in UTC, statistics numbers; what is not known, and
what JSON has no number for (an infinity), is null.
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

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]


def plain(value: object) -> Plain:
    """A result of the types that snapshots are made of.

    Dataclasses, structs and named tuples become objects, and so do mappings; one with tuples for keys becomes objects in
    objects. Raises TypeError for a type that nobody thought of.
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
    """All digits of a finite number, none that says nothing: 1200, 0.0001, -3.5, 0."""
    digits = f"{number:f}"
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return "0" if digits == "-0" else digits


def _form(kind: type) -> Callable[[Any], Plain]:
    """How values of a type are told."""
    names = _names(kind)
    if names is not None:
        return _object(names)
    for base, form in _BASES:
        if issubclass(kind, base):
            return form
    raise TypeError(f"{kind.__name__} has no form in JSON: add one to {__name__}")


def _names(kind: type) -> tuple[str, ...] | None:
    if is_dataclass(kind):
        return tuple(field.name for field in fields(kind))
    if issubclass(kind, msgspec.Struct):
        return kind.__struct_fields__
    names: tuple[str, ...] | None = vars(kind).get("_fields")  # of a named tuple
    return names


def _object(names: tuple[str, ...]) -> Callable[[Any], Plain]:
    readers = [(name, attrgetter(name)) for name in names]
    return lambda value: {name: plain(read(value)) for name, read in readers}


def _mapping(value: Mapping[object, object]) -> Plain:
    told: dict[str, Plain] = {}
    for key, item in value.items():
        if isinstance(key, tuple):
            inner = told
            for part in key[:-1]:
                inner = inner.setdefault(_key(part), {})  # type: ignore[assignment]  # what is there is such an object
            inner[_key(key[-1])] = plain(item)
        else:
            told[_key(key)] = plain(item)
    return told


def _key(key: object) -> str:
    if isinstance(key, str):
        return key
    told = plain(key)
    return told if isinstance(told, str) else msgspec.json.encode(told).decode()


def _float(value: float) -> Plain:
    return float(value) if isfinite(value) else None


_BASES: tuple[tuple[type | tuple[type, ...], Callable[[Any], Plain]], ...] = (
    (enum.Enum, lambda value: plain(value.value)),
    (str, str),
    (Decimal, text),
    ((bool, np.bool_), bool),
    ((int, np.integer), int),
    ((float, np.floating), _float),
    (datetime, lambda value: value.isoformat().replace("+00:00", "Z")),
    (timedelta, timedelta.total_seconds),
    (Mapping, _mapping),
    (np.ndarray, lambda value: plain(value.tolist())),
    ((set, frozenset), lambda value: [plain(item) for item in sorted(value, key=str)]),
    (Collection, lambda value: [plain(item) for item in value]),
)
_FORMS: dict[type, Callable[[Any], Plain]] = {type(None): lambda _: None}
