"""Round trips: how many win, and how much."""

from __future__ import annotations

from collections.abc import Iterator

from genesis.alerts.alert import Alert
from genesis.alerts.catalog.runbook_queries import CAUSES, SLIPPAGE, TRIPS
from genesis.alerts.figure import AS_NUMBER, AS_RATIO, Figure, SampleSize, selected, without
from genesis.alerts.figure_settings import WinRateAlert
from genesis.alerts.messages import Message
from genesis.alerts.promql import string
from genesis.alerts.rules import Record
from genesis.alerts.runbook import Runbook, RunbookQuery
from genesis.alerts.settings import AlertSettings
from genesis.metrics import catalog

WIN_RATE = f"strategy:{catalog.STRATEGY_WIN_RATE_RATIO.name}:enough_trades"
PROFIT_FACTOR = f"strategy:{catalog.STRATEGY_PROFIT_FACTOR_RATIO.name}:enough_trades"

_WIN_TO_LOSS = f"{catalog.STRATEGY_AVERAGE_WIN.name} / {catalog.STRATEGY_AVERAGE_LOSS.name}"


def _win_rate(settings: AlertSettings) -> tuple[Figure, ...]:
    config = settings.alerts.win_rate_low
    return (Figure(config, WIN_RATE, AS_RATIO, {"window": config.window_name}, _trips(config), lower_is_worse=True),)


def _win_rate_record(settings: AlertSettings) -> Iterator[Record]:
    yield Record(WIN_RATE, _of_trades(catalog.STRATEGY_WIN_RATE_RATIO.name, settings.alerts.win_rate_low))


def _profit_factor(settings: AlertSettings) -> tuple[Figure, ...]:
    config = settings.alerts.profit_factor_low
    return (Figure(config, PROFIT_FACTOR, AS_NUMBER, {"window": config.window_name}, _trips(config), lower_is_worse=True),)


def _profit_factor_record(settings: AlertSettings) -> Iterator[Record]:
    yield Record(PROFIT_FACTOR, _of_trades(catalog.STRATEGY_PROFIT_FACTOR_RATIO.name, settings.alerts.profit_factor_low))


def _of_trades(metric: str, config: WinRateAlert) -> str:
    return without("window", selected(metric, _window(config)), str(_trips(config)))


def _trips(config: WinRateAlert) -> SampleSize:
    return SampleSize(selected(catalog.STRATEGY_WINDOW_TRADES.name, _window(config)), config.min_trades)


def _window(config: WinRateAlert) -> str:
    return f"window={string(config.window_name)}"


WIN_RATE_LOW = Alert(
    name="WinRateLow",
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

PROFIT_FACTOR_LOW = Alert(
    name="ProfitFactorLow",
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

ALERTS = (
    WIN_RATE_LOW,
    PROFIT_FACTOR_LOW,
)
