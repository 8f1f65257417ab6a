"""What fills cost, and how long they take."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Self

from pydantic import model_validator

from genesis.alerts.alert import Alert
from genesis.alerts.figure import AS_DELAY, AS_NUMBER, AS_RATIO, Figure, SampleSize, percent
from genesis.alerts.kinds import CounterWindow, DurationAlert, Least, MultipleAlert, Quantile, StrategyAlert
from genesis.alerts.messages import Board, Message, Runbook, RunbookQuery
from genesis.alerts.promql import number, string
from genesis.alerts.rules import Record
from genesis.core.duration import Interval, duration_text
from genesis.metrics import catalog

BOARD = Board.EXECUTION

SLIPPAGE = RunbookQuery("What do fills cost against their signals?", catalog.STRATEGY_MEAN_SLIPPAGE_RATIO.name)

SLIPPAGE_MEAN = f"strategy:{catalog.STRATEGY_SLIPPAGE_RATIO.name}:mean"
"""Mean signed slippage of a strategy's fills in the window; absent without a fill."""
SLIPPAGE_FILLS = f"strategy:{catalog.STRATEGY_SLIPPAGE_RATIO.name}:fills"
"""How many fills stand behind it."""


class SlippageAlert(CounterWindow, StrategyAlert):
    """The mean slippage of a strategy's fills over a window; better fills than decided count against worse ones."""

    window: Interval
    """How far back the mean goes, in wall time; at least four times `scrape_interval`."""
    min_fills: Least
    """With fewer fills than this in the window the alert does not fire."""


def _signed_slippage(window: timedelta) -> str:
    """Of all fills in the window together: what adverse ones cost less what favourable ones saved."""

    def cost(direction: str) -> str:
        return f"sum without (direction) ({_slippage_increase(f'sum{{direction={string(direction)}}}', window)})"

    return f"(\n  {cost('adverse')}\n  -\n  {cost('favourable')}\n)"


def _fills(window: timedelta) -> str:
    """How many fills with a slippage there were in the window."""
    return f"sum without (direction) ({_slippage_increase('count', window)})"


def _slippage_increase(part: str, window: timedelta) -> str:
    return f"increase({catalog.STRATEGY_SLIPPAGE_RATIO.name}_{part}[{duration_text(window)}])"


def _slippage(config: SlippageAlert) -> tuple[Figure, ...]:
    enough = SampleSize(SLIPPAGE_FILLS, config.min_fills)
    return (Figure(config, SLIPPAGE_MEAN, AS_RATIO, {"window": duration_text(config.window)}, enough, guard=str(enough)),)


def _slippage_records(config: SlippageAlert) -> Iterator[Record]:
    yield Record(SLIPPAGE_FILLS, _fills(config.window))
    yield Record(SLIPPAGE_MEAN, f"{_signed_slippage(config.window)}\n/\n({SLIPPAGE_FILLS} > 0)")


SLIPPAGE_HIGH = Alert(
    name="SlippageHigh",
    about="What fills cost against the price that was decided on.",
    board=BOARD,
    settings=SlippageAlert,
    groups=("execution",),
    records=_slippage_records,
    figures=_slippage,
    message=Message(
        "{strategy}: fills cost {value} against their signals (threshold {threshold})",
        "The fills of {strategy} were on average {value} worse than their decision prices over the last {window}; "
        "the {severity} threshold is {threshold}.",
    ),
    runbook=Runbook(
        "Over the window, the strategy's fills were on average that much worse than the prices it decided on. Fills that "
        "were better count against those that were worse. Fewer than min_fills fills raise nothing.",
        (
            RunbookQuery("Mean slippage in the window, positive costs", SLIPPAGE_MEAN),
            RunbookQuery("From how many fills?", SLIPPAGE_FILLS),
            RunbookQuery(
                "Are the fills late? 95 % come within (seconds):",
                "histogram_quantile(0.95, sum by (strategy, le) "
                f"(rate({catalog.STRATEGY_FILL_DELAY_SECONDS.name}_bucket[5m])))",
            ),
            RunbookQuery(
                "Taker or maker, volume per second?",
                f"sum by (strategy, liquidity) (rate({catalog.STRATEGY_VOLUME.name}[5m]))",
            ),
        ),
        "If the delay has grown, look at the connection to the exchange. If not, the market is thinner or the orders "
        "larger than before: reduce the order size, or pause the strategy while its edge is smaller than the slippage.",
        "A window with one large move right after a signal. If the mean stays high while the strategy earns, the "
        "threshold is too tight for it: give it an override.",
    ),
)


EXPECTED_SLIPPAGE = f"strategy:{catalog.STRATEGY_SLIPPAGE_RATIO.name}:expected_ratio"
"""Mean signed slippage in multiples of what is expected, of enough fills."""
FILL_DELAY = f"strategy:{catalog.STRATEGY_FILL_DELAY_SECONDS.name}:quantile"


class ExpectedSlippageAlert(CounterWindow, MultipleAlert):
    """The mean slippage of a strategy's fills over a window, in multiples of what strategies.yaml expects of it."""

    window: Interval
    """How far back the mean goes, in wall time; at least four times `scrape_interval`."""
    min_fills: Least
    """With fewer fills than this in the window the alert does not fire."""


def _expected_slippage(config: ExpectedSlippageAlert) -> tuple[Figure, ...]:
    return (Figure(config, EXPECTED_SLIPPAGE, AS_NUMBER, {"window": duration_text(config.window)}, _expected_fills(config)),)


def _expected_slippage_record(config: ExpectedSlippageAlert) -> Iterator[Record]:
    expected = f"({catalog.STRATEGY_EXPECTED_SLIPPAGE_RATIO.name} > 0)"
    yield Record(EXPECTED_SLIPPAGE, f"{_signed_slippage(config.window)}\n/\n({_expected_fills(config)})\n/\n{expected}")


def _expected_fills(config: ExpectedSlippageAlert) -> SampleSize:
    return SampleSize(_fills(config.window), config.min_fills)


SLIPPAGE_ABOVE_EXPECTED = Alert(
    name="SlippageAboveExpected",
    about="Fills cost more than strategies.yaml expects.",
    board=BOARD,
    settings=ExpectedSlippageAlert,
    groups=("execution",),
    records=_expected_slippage_record,
    figures=_expected_slippage,
    message=Message(
        "{strategy}: slippage {value} times the expected (threshold {threshold})",
        "The fills of {strategy} over the last {window} cost on average {value} times the slippage that strategies.yaml "
        "expects; the {severity} threshold is {threshold} times.",
    ),
    runbook=Runbook(
        "Over the window, the strategy's fills cost on average so many times what expected_slippage_ratio in strategies.yaml "
        "says; fills better than their signals count against worse ones. Fewer fills than min_fills raise nothing, and neither "
        "does a strategy without an expected slippage, or with one of 0.",
        (
            RunbookQuery("Multiple of the expected, of enough fills", EXPECTED_SLIPPAGE),
            RunbookQuery("What is expected?", catalog.STRATEGY_EXPECTED_SLIPPAGE_RATIO.name),
            RunbookQuery("Which symbols cost, since start?", catalog.STRATEGY_SYMBOL_SLIPPAGE_RATIO.name),
            RunbookQuery("Are the fills late (seconds)?", FILL_DELAY),
            RunbookQuery("Delay, spread or impact, in money?", catalog.STRATEGY_SHORTFALL.name),
        ),
        "If the delay has grown, look at the connection to the exchange. If one symbol costs, look at its book. If impact, "
        "make the orders smaller. While it costs more than the strategy's edge, pause it.",
        "An expected slippage that was never measured: set it to what the strategy's own fills cost in good times.",
    ),
)


LONGEST_FILL_DELAY = timedelta(seconds=60)
"""The last bound of the histogram of the fill delay: no quantile above it is known."""

_DELAYS = catalog.STRATEGY_FILL_DELAY_SECONDS.name


class FillDelayAlert(CounterWindow, DurationAlert):
    """A quantile of the event time from signal to fill, over a window."""

    critical: Interval
    """Fires with severity critical from here on; must be above `warning`, and at most 1m, the last bound of the histogram."""
    quantile: Quantile
    """The share of the fills that come within the delay."""
    window: Interval
    """How far back the fills go, in wall time; at least four times `scrape_interval`."""
    min_fills: Least
    """With fewer fills than this in the window the alert does not fire."""

    @model_validator(mode="after")
    def _can_be_told(self) -> Self:
        for name in (None, *self.overrides):
            if (most := max(self.levels(name))) > LONGEST_FILL_DELAY.total_seconds():
                whose = f"of {name} " if name is not None else ""
                raise ValueError(f"thresholds {whose}must be at most {duration_text(LONGEST_FILL_DELAY)}, not {most}s")
        return self


def _fill_delay(config: FillDelayAlert) -> tuple[Figure, ...]:
    late = {"quantile": percent(config.quantile), "window": duration_text(config.window)}
    return (Figure(config, FILL_DELAY, AS_DELAY, late, _delays(config)),)


def _fill_delay_record(config: FillDelayAlert) -> Iterator[Record]:
    quantile = f"histogram_quantile({number(config.quantile)}, {_delay_increase('bucket', config.window)})"
    yield Record(FILL_DELAY, f"{quantile}\nand\n{_delays(config)}")


def _delays(config: FillDelayAlert) -> SampleSize:
    return SampleSize(_delay_increase("count", config.window), config.min_fills)


def _delay_increase(part: str, window: timedelta) -> str:
    return f"increase({_DELAYS}_{part}[{duration_text(window)}])"


FILL_DELAY_HIGH = Alert(
    name="FillDelayHigh",
    about="Fills come late.",
    board=BOARD,
    settings=FillDelayAlert,
    groups=("execution",),
    records=_fill_delay_record,
    figures=_fill_delay,
    message=Message(
        "{strategy}: fills take {value} (threshold {threshold})",
        "Of the fills of {strategy} over the last {window}, {quantile} came within {value} of their signals, and the rest "
        "later; the {severity} threshold is {threshold}.",
    ),
    runbook=Runbook(
        "Of the strategy's fills in the window, the configured share came within the given time (times of the events), and "
        "the rest later. The histogram ends at a minute: 1m may be more. Fewer fills than min_fills raise nothing.",
        (
            RunbookQuery("The quantile (seconds)", FILL_DELAY),
            RunbookQuery(
                "Its mean (seconds)",
                f"rate({_DELAYS}_sum[5m]) / rate({_DELAYS}_count[5m])",
            ),
            RunbookQuery(
                "Maker or taker?",
                f"sum by (strategy, liquidity) (rate({catalog.STRATEGY_FILLS.name}[5m]))",
            ),
            RunbookQuery("Are the clocks apart (seconds)?", catalog.SOURCE_CLOCK_OFFSET_SECONDS.name),
            RunbookQuery("What does it cost?", f'{catalog.STRATEGY_SHORTFALL.name}{{part="delay"}}'),
        ),
        "All strategies: the connection to the exchange, or the exchange; look at its status, and restart the order path. One "
        "strategy: its orders rest too deep in the book, or are too large for it.",
        "A strategy whose orders rest in the book by design: give it an override. An engine that stamps signals and fills by "
        "two clocks.",
    ),
)
