"""Round trips: how many win, and how much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from pydantic import Field

from genesis.alerts.alert import Alert
from genesis.alerts.catalog.execution import SLIPPAGE
from genesis.alerts.catalog.losses import CAUSES
from genesis.alerts.figure import AS_NUMBER, AS_RATIO, Figure, SampleSize, selected, without
from genesis.alerts.kinds import Least, Misfit, Multiple, MultipleOverride, StrategyAlert
from genesis.alerts.messages import Board, Message, Runbook, RunbookQuery
from genesis.alerts.promql import string
from genesis.alerts.rules import Record
from genesis.core.duration import Interval, duration_text
from genesis.metrics import catalog
from genesis.settings.section import Name, Ratio
from genesis.settings.statistics import StatisticsSettings

BOARD = Board.STRATEGY

TRIPS = RunbookQuery("How many round trips stand behind it?", catalog.STRATEGY_WINDOW_TRADES.name)

TradeWindow = Interval | Literal["all"]


class WinRateAlert(StrategyAlert):
    """The share of winning round trips in a window."""

    lower_is_worse: ClassVar[bool] = True

    warning: Ratio
    """Fires with severity warning at this ratio and below."""
    critical: Ratio
    """Fires with severity critical at this ratio and below; must be below `warning`."""
    window: TradeWindow
    """One of `statistics.windows` in monitor.yaml, or `all` for all since the start."""
    min_trades: Least
    """With fewer round trips than this in the window the alert does not fire."""

    @property
    def window_name(self) -> str:
        """The window as the label of its figures has it."""
        return self.window if isinstance(self.window, str) else duration_text(self.window)

    def statistics_misfits(self, statistics: StatisticsSettings) -> Iterator[Misfit]:
        """A window without figures."""
        windows = [*map(duration_text, statistics.windows), "all"]
        if self.window_name not in windows:
            right = f"is none of statistics.windows in monitor.yaml; there are {', '.join(windows)}"
            yield Misfit("window", self.window_name, right)


class ProfitFactorAlert(WinRateAlert):
    """Gross profit over gross loss of the round trips in a window."""

    warning: Multiple
    """Fires with severity warning at this ratio and below."""
    critical: Multiple
    """Fires with severity critical at this ratio and below; must be below `warning`."""
    overrides: Mapping[Name, MultipleOverride] = Field(default_factory=dict)
    """Strategy → its own thresholds."""


def _of_trades(metric: str, config: WinRateAlert) -> str:
    return without("window", selected(metric, _window(config)), str(_trips(config)))


def _trips(config: WinRateAlert) -> SampleSize:
    return SampleSize(selected(catalog.STRATEGY_WINDOW_TRADES.name, _window(config)), config.min_trades)


def _window(config: WinRateAlert) -> str:
    return f"window={string(config.window_name)}"


WIN_RATE = f"strategy:{catalog.STRATEGY_WIN_RATE_RATIO.name}:enough_trades"
_WIN_TO_LOSS = f"{catalog.STRATEGY_AVERAGE_WIN.name} / {catalog.STRATEGY_AVERAGE_LOSS.name}"


def _win_rate(config: WinRateAlert) -> tuple[Figure, ...]:
    return (Figure(config, WIN_RATE, AS_RATIO, {"window": config.window_name}, _trips(config), lower_is_worse=True),)


def _win_rate_record(config: WinRateAlert) -> Iterator[Record]:
    yield Record(WIN_RATE, _of_trades(catalog.STRATEGY_WIN_RATE_RATIO.name, config))


WIN_RATE_LOW = Alert(
    name="WinRateLow",
    about="Too few round trips win.",
    board=BOARD,
    settings=WinRateAlert,
    groups=("round_trips",),
    records=_win_rate_record,
    figures=_win_rate,
    message=Message(
        "{strategy}: win rate {value} (threshold {threshold})",
        "Of the round trips of {strategy} (window {window}), {value} won; the {severity} threshold is {threshold}.",
    ),
    runbook=Runbook(
        "Of the round trips that closed in the window, too few won, net of fees and funding. Fewer round trips than min_trades "
        "raise nothing.",
        (
            RunbookQuery("The rate, of enough round trips", WIN_RATE),
            TRIPS,
            RunbookQuery("By window", catalog.STRATEGY_WIN_RATE_RATIO.name),
            RunbookQuery(
                "What is won and what is lost on average?",
                _WIN_TO_LOSS,
            ),
            CAUSES,
            SLIPPAGE,
        ),
        "Critical: pause the strategy until it is understood. If fees or slippage have grown, it is the execution: look at "
        "SlippageHigh and FillDelayHigh. If they have not, the signal has lost its edge: reduce the strategy, and compare with "
        "the longer windows.",
        "A strategy that wins rarely and much, a trend follower for example: its profit factor is what counts. Give it an "
        "override.",
    ),
)


PROFIT_FACTOR = f"strategy:{catalog.STRATEGY_PROFIT_FACTOR_RATIO.name}:enough_trades"


def _profit_factor(config: ProfitFactorAlert) -> tuple[Figure, ...]:
    return (Figure(config, PROFIT_FACTOR, AS_NUMBER, {"window": config.window_name}, _trips(config), lower_is_worse=True),)


def _profit_factor_record(config: ProfitFactorAlert) -> Iterator[Record]:
    yield Record(PROFIT_FACTOR, _of_trades(catalog.STRATEGY_PROFIT_FACTOR_RATIO.name, config))


PROFIT_FACTOR_LOW = Alert(
    name="ProfitFactorLow",
    about="Winning round trips win too little for what the others lose.",
    board=BOARD,
    settings=ProfitFactorAlert,
    groups=("round_trips",),
    records=_profit_factor_record,
    figures=_profit_factor,
    message=Message(
        "{strategy}: profit factor {value} (threshold {threshold})",
        "The round trips of {strategy} (window {window}) won {value} for each 1 that was lost; "
        "the {severity} threshold is {threshold}.",
    ),
    runbook=Runbook(
        "What the round trips of the window won, over what the others lost, is too little; below 1 the strategy loses. Fewer "
        "round trips than min_trades raise nothing, and neither does a window without a loss.",
        (
            RunbookQuery("The factor, of enough round trips", PROFIT_FACTOR),
            TRIPS,
            RunbookQuery("By window", catalog.STRATEGY_PROFIT_FACTOR_RATIO.name),
            RunbookQuery("Mean of a round trip, in money", catalog.STRATEGY_EXPECTANCY.name),
            RunbookQuery("Losses in a row", f'{catalog.STRATEGY_STREAK.name}{{result="loss"}}'),
            CAUSES,
        ),
        "Critical: pause the strategy until it is understood. See whether one large loss or many small ones make it. One: see "
        "how it came about, and whether its stop worked. Many: as for WinRateLow.",
        "One large loss in a window of few trips, made good in the next.",
    ),
)
