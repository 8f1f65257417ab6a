"""How every board looks: colours, units, thresholds, and the properties of columns and series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from grafana_foundation_sdk.builders import dashboard, timeseries
from grafana_foundation_sdk.models import dashboard as model

from genesis.boards.queries import STATE_CODES
from genesis.core.models import StrategyState

# Gains are blue, losses orange. Text in these colours is legible on Grafana's dark and light backgrounds (contrast of at least
# 3 to each).
GAIN: Final = "#2E86C9"
LOSS: Final = "#D9690F"
WARNING: Final = "#B98200"
CRITICAL: Final = "#D55E00"
QUIET: Final = "#7F7F7F"
# The palette of Okabe and Ito: distinguishable with every common kind of colour blindness.
LINES: Final = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442", "#0072B2", "#D55E00")

RATIO: Final = "percentunit"
BASIS_POINTS: Final = "suffix:bp"
SECONDS: Final = "s"
CLOCK: Final = "dthms"
COUNT: Final = "none"
PER_SECOND: Final = "cps"
BYTES: Final = "bytes"
MOMENT: Final = "dateTimeAsIso"

# From full trading to none.
STATE_COLOURS: Final = {
    StrategyState.ACTIVE: GAIN,
    StrategyState.REDUCED: WARNING,
    StrategyState.PAUSED: CRITICAL,
    StrategyState.STOPPED: QUIET,
}
_LEAST: Final = -1e300
"""Below every figure, but above the value that Grafana uses for a missing one."""
# Costs are orange; zero and savings are blue.
COSTS: Final[Mapping[float | None, str]] = {None: GAIN, 1e-9: LOSS}
# A figure against the thresholds of its alert: value of `queries.level` → word and colour.
LEVELS: Final = {"0": ("below", GAIN), "1": ("warning", WARNING), "2": ("critical", CRITICAL)}
SEVERITIES: Final = (("warning", WARNING), ("critical", CRITICAL))


def money(currency: str) -> str:
    """The unit of an amount of money: all digits (no K for thousands), followed by the currency."""
    return f"suffix:{currency}"


def by_sign() -> dashboard.ThresholdsConfig:
    """Orange below zero, blue from zero on."""
    return steps({None: LOSS, 0.0: GAIN})


def plain() -> dashboard.ThresholdsConfig:
    """One colour for every value."""
    return steps({None: GAIN})


def above(limit: float) -> dashboard.ThresholdsConfig:
    """Blue below the limit, the colour of critical from the limit on."""
    return steps({None: GAIN, limit: CRITICAL})


def zero_line() -> dashboard.ThresholdsConfig:
    """A neutral line at zero, on a chart that draws its thresholds."""
    return _thresholds((None, "text"), (0.0, "text"))


def text() -> dashboard.ThresholdsConfig:
    """The default text colour, for values that are not numbers."""
    return _thresholds((None, "text"))


def steps(colours: Mapping[float | None, str]) -> dashboard.ThresholdsConfig:
    """A colour from each value on; None is below all of them. The reason for a missing value is grey: neither gain nor loss."""
    return _thresholds(*_from_grey(colours))


def coloured_steps(colours: Mapping[float | None, str]) -> list[model.DynamicConfigValue]:
    """The properties that colour the values of one column or series by its own thresholds; see `steps`."""
    thresholds = [{"value": value, "color": colour} for value, colour in _from_grey(colours)]
    return [
        model.DynamicConfigValue("color", {"mode": "thresholds"}),
        model.DynamicConfigValue("thresholds", {"mode": "absolute", "steps": thresholds}),
    ]


def signed_text() -> list[model.DynamicConfigValue]:
    """The properties of a table's column of gains and losses: orange below zero, blue from zero on."""
    return [coloured_text(), *coloured_steps({None: LOSS, 0: GAIN})]


def own_colours(panel: timeseries.Panel, names: Sequence[str]) -> timeseries.Panel:
    """Give each named series its own colour. If the palette has too few, Grafana chooses colours that differ within a chart."""
    if len(names) <= len(LINES):
        for name, colour in zip(names, LINES, strict=False):
            panel.override_by_name(name, [fixed(colour)])
    return panel


def fixed(colour: str) -> model.DynamicConfigValue:
    """The property that gives a series or a cell one colour."""
    return model.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})


def dashed(colour: str) -> list[model.DynamicConfigValue]:
    """The properties of a threshold's line."""
    return [
        fixed(colour),
        model.DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [10, 10]}),
        model.DynamicConfigValue("custom.lineWidth", 2),
        model.DynamicConfigValue("custom.fillOpacity", 0),
        model.DynamicConfigValue("custom.stacking", {"mode": "none", "group": "A"}),
    ]


def unstacked(colour: str) -> list[model.DynamicConfigValue]:
    """The properties of a solid line over stacked areas: their sum."""
    return [prop for prop in dashed(colour) if prop.id_val != "custom.lineStyle"]


def width(pixels: int) -> model.DynamicConfigValue:
    """The property that sets a column's width; columns without it share the remaining width."""
    return model.DynamicConfigValue("custom.width", pixels)


def unit(name: str, decimals: int | None = None) -> list[model.DynamicConfigValue]:
    """The properties that set the unit and decimals of one column or series."""
    shown = [model.DynamicConfigValue("unit", name)]
    return shown if decimals is None else [*shown, model.DynamicConfigValue("decimals", decimals)]


def words(colours: Mapping[str, tuple[str, str]]) -> model.DynamicConfigValue:
    """The property that shows values as words: value as text → (word, colour)."""
    known = {
        value: {"text": word, "color": colour, "index": index} for index, (value, (word, colour)) in enumerate(colours.items())
    }
    return model.DynamicConfigValue("mappings", [{"type": "value", "options": known}])


def worded(colours: Mapping[str, tuple[str, str]]) -> list[model.DynamicConfigValue]:
    """The properties of a table's column that shows words in their colours; an empty cell is grey."""
    return [words(colours), coloured_text(), *coloured_steps({None: "text"})]


def plain_words(shown: Mapping[str, str]) -> model.DynamicConfigValue:
    """The property that shows values as words in the default text colour: value as text → word."""
    known = {value: {"text": word, "index": index} for index, (value, word) in enumerate(shown.items())}
    return model.DynamicConfigValue("mappings", [{"type": "value", "options": known}])


def states() -> list[model.DynamicConfigValue]:
    """The properties of a table's column of strategies' states."""
    known = {str(STATE_CODES[state]): (state.value, colour) for state, colour in STATE_COLOURS.items()}
    return worded(known)


def levels() -> list[model.DynamicConfigValue]:
    """The properties of a table's column of levels."""
    return worded(LEVELS)


def coloured_text() -> model.DynamicConfigValue:
    """The property of a table's column with coloured text."""
    return model.DynamicConfigValue("custom.cellOptions", {"type": "color-text"})


def _from_grey(colours: Mapping[float | None, str]) -> list[tuple[float | None, str]]:
    return [(None, QUIET), *((_LEAST if value is None else value, colour) for value, colour in colours.items())]


def _thresholds(*colours: tuple[float | None, str]) -> dashboard.ThresholdsConfig:
    found = [model.Threshold(value=value, color=colour) for value, colour in colours]
    return dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(found)
