"""What a rule compares with what: read from its expression, which has each comparison on a line of its own."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

SIGNS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}

_COMPARISON = re.compile(r"(?P<figure>.*\S) (?P<sign>>=|<=|==|!=|>|<) (?P<bound>[^\"]+)")
_NUMBER = re.compile(r"-?[0-9.]+(?:e-?[0-9]+)?")
_BOUND = re.compile(r"(?P<sign>>=|<=|==|!=|>|<) (?:bool )?(?P<bound>[-+]?[0-9.]+(?:e[-+]?[0-9]+)?)(?![0-9a-z.])")
_STRATEGY = re.compile(r"[{,]strategy(?P<sign>=~|!~|!=|=)(?P<value>\"(?:[^\"\\]|\\.)*\")")
_PERIOD = re.compile(r"[{,]period=\"(\w+)\"")
_ESCAPE = re.compile(r"\\(U[0-9a-f]{8}|.)")


@dataclass(frozen=True, slots=True)
class Comparison:
    """A figure, in PromQL, and the bound that it is held against."""

    figure: str
    sign: str
    bound: str
    """A number, or PromQL where the bound is a figure itself."""
    guard: bool = False
    """It is no threshold: what else must hold, such as a least sample."""

    @property
    def level(self) -> float | None:
        """The bound, if it is a number."""
        return float(self.bound) if _NUMBER.fullmatch(self.bound) else None

    @property
    def plain(self) -> bool:
        """Whether it only asks for a state: something is there at all, or is one thing and not another."""
        return self.level == 0 or self.sign in {"==", "!="}

    @property
    def part(self) -> str:
        """What tells the figure from others of its name: `week` of a period; empty if nothing does."""
        found = _PERIOD.search(self.figure)
        return found[1] if found is not None else ""

    def holds(self, value: float, bound: float) -> bool:
        return SIGNS[self.sign](value, bound)

    def covers(self, strategy: str) -> bool:
        """Whether the figure has the series of the strategy; the labels of its selectors decide."""
        return all(_matches(found["sign"], _unquoted(found["value"]), strategy) for found in _STRATEGY.finditer(self.figure))

    @property
    def of_one(self) -> str | None:
        """The strategy that it is for alone; None if it is for several."""
        found = _STRATEGY.search(self.figure)
        return _unquoted(found["value"]) if found is not None and found["sign"] == "=" else None


def comparisons(expr: str) -> Iterator[Comparison]:
    """The comparisons of an expression in their order. One that follows `and` is a guard, and so is one in brackets.

    One from which `unless` takes something away decides nothing by itself, and is left out.
    """
    lines = [line.strip() for line in expr.splitlines()]
    for before, text, after in zip(["", *lines], lines, [*lines[1:], ""], strict=False):
        inner = _without_brackets(text)
        found = _COMPARISON.fullmatch(inner)
        if found is None or after.startswith("unless") or not (balanced(found["figure"]) and balanced(found["bound"])):
            continue
        guard = inner != text or before == "and" or before.startswith("and ")
        yield Comparison(found["figure"], found["sign"], found["bound"], guard=guard)


def bounds(expr: str) -> list[tuple[str, float]]:
    """Every sign and number that something is compared with: the same for an expression however it is laid out."""
    return sorted((found["sign"], float(found["bound"])) for found in _BOUND.finditer(expr))


def balanced(text: str) -> bool:
    """Whether every bracket that is opened is closed, outside of strings."""
    bare = re.sub(r"\"(?:[^\"\\]|\\.)*\"", "", text)
    depth = 0
    for character in bare:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return False
    return depth == 0


def _without_brackets(text: str) -> str:
    inner = text[1:-1]
    return inner if text.startswith("(") and text.endswith(")") and balanced(inner) else text


def _matches(sign: str, value: str, strategy: str) -> bool:
    if sign in {"=", "!="}:
        return (value == strategy) == (sign == "=")
    return (re.fullmatch(value, strategy, re.DOTALL) is not None) == (sign == "=~")


def _unquoted(literal: str) -> str:
    """The text of a string literal, as `promql.string` writes it."""

    def character(found: re.Match[str]) -> str:
        escape = found[1]
        return chr(int(escape[1:], 16)) if len(escape) > 1 else escape

    return _ESCAPE.sub(character, literal[1:-1])
