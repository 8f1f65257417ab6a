"""What a board asks of Prometheus: each query of its panels, variables and annotations, filled in as Grafana does it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal, NamedTuple

from genesis.core.duration import duration_text, parse_duration

Json = dict[str, Any]
Values = Mapping[str, str]
"""Variable → the text that stands for it in a query."""

SCREEN = 1600
"""Pixels of the widest screen that the boards are made for; a chart asks for about a point a pixel."""
COLUMNS = 24
_ROUNDED: tuple[tuple[float, int], ...] = (
    *((10, 1), (15, 10), (35, 20), (75, 50), (150, 100), (350, 200), (750, 500), (1_500, 1_000), (3_500, 2_000)),
    *((7_500, 5_000), (12_500, 10_000), (17_500, 15_000), (25_000, 20_000), (45_000, 30_000), (90_000, 60_000)),
    *((210_000, 120_000), (450_000, 300_000), (750_000, 600_000), (1_050_000, 900_000), (1_500_000, 1_200_000)),
    *((2_700_000, 1_800_000), (5_400_000, 3_600_000), (9_000_000, 7_200_000), (16_200_000, 10_800_000)),
    *((32_400_000, 21_600_000), (86_400_000, 43_200_000), (604_800_000, 86_400_000), (1_814_400_000, 604_800_000)),
    *((3_628_800_000, 2_592_000_000), (float("inf"), 31_536_000_000)),
)
"""Below how many milliseconds Grafana rounds to which step, in milliseconds."""
_LABEL_VALUES = re.compile(r"label_values\((?:(?P<series>.+),\s*)?(?P<label>\w+)\)")
_SPECIAL = re.compile(r"[\\^$.*+?()\[\]{}|/]")


class Query(NamedTuple):
    """One question of a board."""

    board: str
    panel: str
    ref: str
    expr: str
    kind: Literal["range", "instant", "annotation"]
    step: timedelta = timedelta(0)
    """For a range: the time between two points."""

    @property
    def place(self) -> tuple[str, str, str]:
        """What tells it from all others."""
        return (self.board, self.panel, self.ref)


def queries(name: str, board: Json, interval: timedelta) -> Iterator[Query]:
    """The queries of a board's panels, those of folded rows included, and of its annotations; variables are left as they are.

    `interval` is that of the data source.
    """
    span = time_range(board)
    for panel in panels(board):
        for target in panel.get("targets", []):
            kind: Literal["range", "instant"] = "range" if target.get("range") else "instant"
            least = parse_duration(target["interval"]) if target.get("interval") else interval
            step = step_of(span, points(panel), least)
            expr = _with_intervals(target["expr"], step, least, span)
            yield Query(name, panel["title"], target["refId"], expr, kind, step)
    for mark in board["annotations"]["list"]:
        if "expr" in mark:
            step = max(parse_duration(mark.get("step", "60s")), interval)
            yield Query(
                name, f"annotation {mark['name']}", "", _with_intervals(mark["expr"], step, step, span), "annotation", step
            )


def panels(board: Json) -> Iterator[Json]:
    """Every panel, those of folded rows included, without the rows themselves."""
    for panel in board["panels"]:
        if panel["type"] == "row":
            yield from panel.get("panels") or []
        else:
            yield panel


def time_range(board: Json) -> timedelta:
    """What the board shows when it is opened."""
    found = re.fullmatch(r"now-(\w+)", board["time"]["from"])
    assert found is not None, board["time"]
    return parse_duration(found[1])


def points(panel: Json) -> int:
    """How many points a chart asks for at most."""
    return int(panel.get("maxDataPoints") or SCREEN * panel["gridPos"]["w"] // COLUMNS)


def step_of(span: timedelta, most: int, least: timedelta) -> timedelta:
    """Grafana's `$__interval`: the range over the points, rounded to a step that reads well, and never below the least."""
    wanted = span / timedelta(milliseconds=1) / most
    rounded = next(step for below, step in _ROUNDED if wanted < below)
    return max(timedelta(milliseconds=rounded), least)


def _with_intervals(expr: str, step: timedelta, least: timedelta, span: timedelta) -> str:
    """The expression with Grafana's own variables of time filled in."""
    rate = max(step + least, 4 * least)
    own = {
        "__interval_ms": str(step // timedelta(milliseconds=1)),
        "__interval": duration_text(step),
        "__rate_interval": duration_text(rate),
        "__range_ms": str(span // timedelta(milliseconds=1)),
        "__range_s": str(span // timedelta(seconds=1)),
        "__range": duration_text(span),
    }
    return filled(expr, own, partly=True)


def filled(expr: str, values: Values, *, partly: bool = False) -> str:
    """The expression with its variables filled in; one that has no value is an error unless `partly`."""

    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name.isdigit() or (name not in values and partly):  # $1 is a group of label_replace
            return found[0]
        return values[name]

    return re.sub(r"\$(?:\{(\w+)(?::\w+)?\}|(\w+))", value, expr)


def escaped(names: Sequence[str]) -> str:
    """Chosen values of a variable with many, as a regular expression in PromQL's backquotes."""
    words = [_SPECIAL.sub(r"\\\g<0>", name) for name in names]
    return words[0] if len(words) == 1 else f"({'|'.join(words)})"


class Variable(NamedTuple):
    """One of a board's variables that stand in its queries."""

    name: str
    label: str | None
    """The label whose values it has; None where the board itself lists them."""
    series: str | None
    """Of these series alone."""
    options: Sequence[str]
    current: str | None
    many: bool
    """Whether several may be chosen."""
    all_value: str | None
    """What stands for all of them; None where all cannot be chosen."""

    def filled(self, chosen: Sequence[str], *, everything: bool) -> str:
        """What stands for it when `chosen` is chosen, or everything."""
        if everything and self.all_value is not None:
            return self.all_value or escaped(chosen)
        return escaped(chosen) if self.many else chosen[0]


def variables(board: Json) -> Iterator[Variable]:
    """In the order of the board: later ones may hold earlier ones."""
    for found in board["templating"]["list"]:
        if found["type"] == "datasource":
            continue
        asked = found["query"]["query"] if found["type"] == "query" else ""
        parts = _LABEL_VALUES.fullmatch(asked)
        assert found["type"] != "query" or parts is not None, f"{found['name']}: {asked}"
        current = (found.get("current") or {}).get("value")
        listed = [text.strip() for text in found["query"].split(",")] if found["type"] in ("custom", "interval") else []
        yield Variable(
            name=found["name"],
            label=parts["label"] if parts else None,
            series=parts["series"] if parts else None,
            options=[option.rpartition(" : ")[2] for option in listed],
            current=current if isinstance(current, str) and current != "$__all" else None,
            many=bool(found.get("multi")),
            all_value=(found.get("allValue") or "") if found.get("includeAll") else None,
        )
