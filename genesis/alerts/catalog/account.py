"""The account as a whole: what its strategies lose together, and what they may."""

from __future__ import annotations

from collections.abc import Iterator

from genesis.alerts.alert import Alert
from genesis.alerts.catalog.losses import EXPOSURE, PortfolioPeriodLossAlert, loss_ratio, period_rules, period_thresholds
from genesis.alerts.catalog.risk import (
    DIVERSIFICATION,
    PortfolioShortfallAlert,
    PortfolioValueAtRiskAlert,
    Tails,
    forecasts,
    known_shortfall,
    observations,
    tail_words,
    too_many_exceedances,
)
from genesis.alerts.figure import AS_NUMBER, AS_RATIO, Figure
from genesis.alerts.kinds import RatioAlert
from genesis.alerts.messages import Board, Message, Runbook, RunbookQuery
from genesis.alerts.rules import Record, Rule, RuleMaker
from genesis.metrics import catalog

BOARD = Board.PORTFOLIO


def _drawdown(config: RatioAlert) -> tuple[Figure, ...]:
    return (Figure(config, catalog.PORTFOLIO_DRAWDOWN_RATIO.name, AS_RATIO, of_strategy=False),)


PORTFOLIO_DRAWDOWN = Alert(
    name="PortfolioDrawdown",
    about="How far the account's marked equity is below its peak.",
    board=BOARD,
    settings=RatioAlert,
    groups=("portfolio",),
    figures=_drawdown,
    message=Message(
        "The account: drawdown {value} (threshold {threshold})",
        "The marked equity of the account is {value} below its peak; the {severity} threshold is {threshold}.",
    ),
    runbook=Runbook(
        "The equity of all strategies together is as far below its highest value as the threshold says. Either several "
        "strategies lose at the same time, or one loses much; their own limits need not have been reached.",
        (
            RunbookQuery("How deep?", catalog.PORTFOLIO_DRAWDOWN_RATIO.name),
            RunbookQuery("Who is down most, in money?", f"sort_desc({catalog.STRATEGY_DRAWDOWN.name})"),
            RunbookQuery("Who lost today?", f'sort({catalog.STRATEGY_PERIOD_PNL.name}{{period="day"}})'),
            EXPOSURE,
            DIVERSIFICATION,
        ),
        "Critical: stop all strategies, and close what cannot be explained. Warning, one strategy: as for StrategyDrawdown. "
        "Several at once: they are in the same bet; halve all of them first, and find the bet afterwards.",
        "One wrong quote of a symbol that several strategies hold: the drawdown is gone at the next quote.",
    ),
)


PERIOD_LOSS = f"portfolio:{catalog.PORTFOLIO_PERIOD_PNL.name}:loss_ratio"
"""The account's loss since the start of the week, and of the month, as a share of the equity then; a profit is below 0."""


def _period_loss_record(_: PortfolioPeriodLossAlert) -> Iterator[Record]:
    yield Record(PERIOD_LOSS, loss_ratio(catalog.PORTFOLIO_PERIOD_PNL, catalog.PORTFOLIO_EQUITY))


def _period_loss(maker: RuleMaker, config: PortfolioPeriodLossAlert) -> Iterator[Rule]:
    return period_rules(maker, config, PERIOD_LOSS, of_strategy=False)


PORTFOLIO_PERIOD_LOSS = Alert(
    name="PortfolioPeriodLoss",
    about="The loss of the account's week or month.",
    board=BOARD,
    settings=PortfolioPeriodLossAlert,
    groups=("portfolio",),
    records=_period_loss_record,
    rules=_period_loss,
    thresholds=period_thresholds,
    message=Message(
        "The account: {value} lost this {period} (threshold {threshold})",
        "Since the start of the {period}, the account has lost {value} of the equity that it had then; "
        "the {severity} threshold is {threshold}.",
    ),
    runbook=Runbook(
        "Since the start of the week (Monday) or the month, in the configured time zone, the account has lost the given share "
        "of the equity that it had then. Days that each stayed within the daily limit may add up to it.",
        (
            RunbookQuery("How much, as a share?", PERIOD_LOSS),
            RunbookQuery("In money", catalog.PORTFOLIO_PERIOD_PNL.name),
            RunbookQuery("Who lost it this week?", f'sort({catalog.STRATEGY_PERIOD_PNL.name}{{period="week"}})'),
            RunbookQuery("Price, fees or funding?", catalog.PORTFOLIO_PNL.name),
            RunbookQuery("What does it come from?", catalog.PORTFOLIO_CAUSE_PNL.name),
        ),
        "Critical: stop opening positions in all strategies until the loss is understood, or the period is over. Warning: "
        "reduce the strategies that lose, at the next quiet moment.",
        "Capital that was moved in or out within the period counts as if it had been so from its start: after most of it was "
        "taken out, the share is too large.",
    ),
)


PORTFOLIO_TAILS = Tails(
    pvalue=catalog.PORTFOLIO_VAR_KUPIEC_PVALUE,
    forecasts=catalog.PORTFOLIO_VAR_FORECASTS,
    exceedances=catalog.PORTFOLIO_VAR_EXCEEDANCES,
    shortfall=catalog.PORTFOLIO_EXPECTED_SHORTFALL_RATIO,
    observations=catalog.PORTFOLIO_OBSERVATIONS,
)
VAR_EXCEEDED = f"portfolio:{catalog.PORTFOLIO_VAR_KUPIEC_PVALUE.name}:exceeded"
"""Kupiec's p-value of the account, where exceedances come too often, and of enough forecasts."""
SHORTFALL = f"portfolio:{catalog.PORTFOLIO_EXPECTED_SHORTFALL_RATIO.name}:enough_observations"


def _value_at_risk(config: PortfolioValueAtRiskAlert) -> tuple[Figure, ...]:
    enough = forecasts(config, PORTFOLIO_TAILS)
    return (Figure(config, VAR_EXCEEDED, AS_NUMBER, tail_words(config), enough, lower_is_worse=True, of_strategy=False),)


def _value_at_risk_record(config: PortfolioValueAtRiskAlert) -> Iterator[Record]:
    yield Record(VAR_EXCEEDED, too_many_exceedances(config, PORTFOLIO_TAILS))


PORTFOLIO_VALUE_AT_RISK_EXCEEDED = Alert(
    name="PortfolioValueAtRiskExceeded",
    about="The account's losses exceed its value at risk more often than they should.",
    board=BOARD,
    settings=PortfolioValueAtRiskAlert,
    groups=("risk",),
    records=_value_at_risk_record,
    figures=_value_at_risk,
    message=Message(
        "The account: losses exceed the value at risk too often (p {value}, threshold {threshold})",
        "The returns of the account exceed its {method} value at risk ({confidence}) more often than they should, which would "
        "come by chance with a probability of {value}; the {severity} threshold is {threshold}.",
    ),
    runbook=Runbook(
        "As ValueAtRiskExceeded, of the account's own returns: more steps of the grid lost more than the value at risk before "
        "them than its confidence allows, and Kupiec's test says that this is hardly chance.",
        (
            RunbookQuery("The p-value, where exceedances come too often", VAR_EXCEEDED),
            RunbookQuery(
                "What share of the steps exceeded it?",
                f"{catalog.PORTFOLIO_VAR_EXCEEDANCES.name} / {catalog.PORTFOLIO_VAR_FORECASTS.name}",
            ),
            RunbookQuery("Do they cluster (near 0)?", catalog.PORTFOLIO_VAR_INDEPENDENCE_PVALUE.name),
            RunbookQuery(
                "Which strategies make the value at risk?", f"sort_desc({catalog.PORTFOLIO_COMPONENT_VALUE_AT_RISK.name})"
            ),
            DIVERSIFICATION,
        ),
        "It can wait until morning, if no drawdown alert fires. Do not size the account by its value at risk. If no strategy "
        "has this alert of its own, strategies that used to differ lose together: see CorrelationHigh.",
        "The counts go back to the start: after strategies or capital have changed, old exceedances count on, and the alert "
        "ends slowly.",
    ),
)


def _shortfall(config: PortfolioShortfallAlert) -> tuple[Figure, ...]:
    enough = observations(config, PORTFOLIO_TAILS)
    return (Figure(config, SHORTFALL, AS_RATIO, tail_words(config), enough, of_strategy=False),)


def _shortfall_record(config: PortfolioShortfallAlert) -> Iterator[Record]:
    yield Record(SHORTFALL, known_shortfall(config, PORTFOLIO_TAILS))


PORTFOLIO_EXPECTED_SHORTFALL_HIGH = Alert(
    name="PortfolioExpectedShortfallHigh",
    about="A bad day of the account would cost more than the budget.",
    board=BOARD,
    settings=PortfolioShortfallAlert,
    groups=("risk", "performance"),
    records=_shortfall_record,
    figures=_shortfall,
    message=Message(
        "The account: expected shortfall {value} (threshold {threshold})",
        "The {method} expected shortfall of the account ({confidence}) is {value} of its equity at the horizon; "
        "the {severity} threshold is {threshold}.",
    ),
    runbook=Runbook(
        "The mean of the account's worst returns in the risk window, scaled to the horizon by the square root of time, is a "
        "larger share of its equity than the budget. It says what a bad day costs, not what was lost.",
        (
            RunbookQuery("How much, of enough returns?", SHORTFALL),
            RunbookQuery("In money", catalog.PORTFOLIO_EXPECTED_SHORTFALL.name),
            RunbookQuery("Which strategies make the risk?", f"sort_desc({catalog.PORTFOLIO_COMPONENT_VALUE_AT_RISK.name})"),
            DIVERSIFICATION,
            EXPOSURE,
        ),
        "Critical: reduce the strategies that make most of the risk now. Warning: plan it for the day. If no strategy has this "
        "alert of its own, they have become one bet: reduce those that are correlated most.",
        "A gap in the data that was booked as one return, of all strategies at once: it leaves with risk_window.",
    ),
)
