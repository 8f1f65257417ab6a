"""The Go templates of our annotations, filled in here: for a test alert, which no rule of Prometheus fills in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote_plus

from genesis.core.errors import GenesisError

_ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
_TOKEN = re.compile(r"\"(?:[^\"\\]|\\.)*\"|\S+")
_ESCAPE = re.compile(r"\\(U[0-9a-f]{8}|.)")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400

Value = str | float


class Template:
    """One template; `fill` gives its text for the labels and the value of an alert.

    It knows what our rules write: `$value`, `$labels.name`, functions behind `|`, `if`, `else` and `end`, `eq` and `printf`.
    """

    def __init__(self, text: str) -> None:
        self._parts = _ACTION.split(text)

    @property
    def labels(self) -> frozenset[str]:
        """The labels that it names."""
        return frozenset(name for action in self._parts[1::2] for name in re.findall(r"\$labels\.(\w+)", action))

    @property
    def unit(self) -> str:
        """The function that writes the value: humanizePercentage, humanizeDuration, or nothing."""
        for action in self._parts[1::2]:
            if (found := re.match(r"\$value \| (humanize\w+)", action)) is not None:
                return found[1]
        return ""

    def fill(self, labels: Mapping[str, str], value: float) -> str:
        """The text.

        Raises:
            GenesisError: it has something else in it.
        """
        return "".join(self._filled(labels, value))

    def _filled(self, labels: Mapping[str, str], value: float) -> Iterator[str]:
        taken: list[bool] = []  # of each `if` around, whether its branch is the one that is written
        for place, part in enumerate(self._parts):
            if place % 2 == 0:
                if all(taken):
                    yield part
            elif part.startswith("if "):
                taken.append(bool(evaluate(part.removeprefix("if "), labels, value)))
            elif part == "else" and taken:
                taken[-1] = not taken[-1]
            elif part == "end" and taken:
                taken.pop()
            elif all(taken):
                yield _text(evaluate(part, labels, value))


def evaluate(pipeline: str, labels: Mapping[str, str], value: float) -> Value:
    """What stands between the braces: a value, and functions that it is handed on to."""
    commands: list[list[str]] = [[]]
    for token in _TOKEN.findall(pipeline):
        if token == "|":  # noqa: S105 - Go's pipe
            commands.append([])
        else:
            commands[-1].append(token)
    handed_on: list[Value] = []
    for command in commands:
        operands = [_operand(token, labels, value) for token in command]
        handed_on = [_called(pipeline, [*operands, *handed_on])]
    return handed_on[0]


def _operand(token: str, labels: Mapping[str, str], value: float) -> Value | Callable[..., Value]:
    if token == "$value":  # noqa: S105 - Go's variable
        return value
    if token.startswith("$labels."):
        return labels.get(token.removeprefix("$labels."), "")
    if token.startswith('"'):
        return _ESCAPE.sub(lambda found: chr(int(found[1][1:], 16)) if len(found[1]) > 1 else found[1], token[1:-1])
    if token in _FUNCTIONS:
        return _FUNCTIONS[token]
    raise GenesisError(f"{token!r} is nothing that our templates write")


def _called(pipeline: str, arguments: list[Value | Callable[..., Value]]) -> Value:
    first, *others = arguments
    if callable(first):
        return first(*others)
    if others:
        raise GenesisError(f"{pipeline!r} is nothing that our templates write")
    return first


def _text(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def humanize_percentage(value: float) -> str:
    """0.05 → `5%`."""
    return f"{value * 100:.4g}%"


def humanize_duration(value: float) -> str:
    """Seconds, as Prometheus writes them: `1m 30s`."""
    if value < 0:
        return "-" + humanize_duration(-value)
    if 0 < value < 1:
        return f"{value * 1000:.4g}ms"
    if value < _MINUTE:
        return f"{value:.4g}s"
    whole = int(value)
    days, hours, minutes, left = whole // _DAY, whole // _HOUR % 24, whole // _MINUTE % 60, whole % _MINUTE
    text = f"{minutes}m {left}s"
    if whole >= _HOUR:
        text = f"{hours}h {text}"
    return f"{days}d {text}" if whole >= _DAY else text


_FUNCTIONS: dict[str, Callable[..., Value]] = {
    "humanizePercentage": humanize_percentage,
    "humanizeDuration": humanize_duration,
    "urlquery": quote_plus,
    "printf": lambda form, value: form % value,
    "eq": lambda left, *right: float(left in right),
    "ne": lambda left, right: float(left != right),
}
