"""Values as PromQL writes them, so that no name of a strategy can break out of its quotes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

_REGEX_SIGNS = re.compile(r"[\\.+*?()|\[\]{}^$]")


def string(value: str) -> str:
    """`value` as a string literal with its quotes: in PromQL, and in Go templates, which share Go's syntax."""
    return '"' + "".join(map(_character, value)) + '"'


def any_of(values: Iterable[str]) -> str:
    """A string literal with the regular expression (RE2) that matches exactly one of `values`."""
    return string("|".join(_REGEX_SIGNS.sub(r"\\\g<0>", value) for value in values))


def number(value: Decimal) -> str:
    """`value` without an exponent."""
    return f"{value.normalize():f}"


def seconds(duration: timedelta) -> str:
    """The duration in seconds."""
    return f"{duration.total_seconds():g}"


def _character(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    return f"\\U{ord(character):08x}"
