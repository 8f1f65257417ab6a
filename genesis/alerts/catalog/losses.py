"""Money that is lost: drawdown, the day, the week and the month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from genesis.alerts.alert import Alert
from genesis.alerts.figure import (
    ALL_SEVERITIES,
    AS_RATIO,
    PERCENT,
    SEVERITIES,
    AlertThreshold,
    Figure,
    compared,
    levels_of,
    percent,
    threshold_text,
)
from genesis.alerts.kinds import LeveledAlert, Levels, Override, StateAlert, StrategyAlert, Timing
from genesis.alerts.messages import Board, Message, Runbook, RunbookQuery
from genesis.alerts.promql import number, string
from genesis.alerts.rules import Context, Record, Rule, RuleMaker, state_rules
from genesis.metrics import catalog
from genesis.metrics.metric import Metric
from genesis.settings.faults import above
from genesis.settings.section import Name, Ratio, Section

BOARD = Board.STRATEGY

CAUSES = RunbookQuery("What does the P&L come from?", catalog.STRATEGY_CAUSE_PNL.name)
EXPOSURE = RunbookQuery("Who still holds how much?", f"sum by (strategy) (abs({catalog.STRATEGY_POSITION_VALUE.name}))")


def _drawdown(config: StrategyAlert) -> tuple[Figure, ...]:
    return (Figure(config, catalog.STRATEGY_DRAWDOWN_RATIO.name, AS_RATIO),)


STRATEGY_DRAWDOWN = Alert(
    name="StrategyDrawdown",
    about="How far the marked equity of a strategy is below its peak.",
    board=BOARD,
    settings=StrategyAlert,
    groups=("accounts",),
    figures=_drawdown,
    message=Message(
        "{strategy}: drawdown {value} (threshold {threshold})",
        "The marked equity of {strategy} is {value} below its peak; the {severity} threshold is {threshold}.",
    ),
    runbook=Runbook(
        "The strategy's equity, marked at every tick with its open positions, is as far below its highest value as the "
        "threshold says. This is money lost, realised or not. Capital moved in or out is not a drawdown.",
        (
            RunbookQuery("How deep, and how deep was it ever?", catalog.STRATEGY_DRAWDOWN_RATIO.name),
            RunbookQuery("For how long (seconds of event time)?", catalog.STRATEGY_UNDER_WATER_SECONDS.name),
            RunbookQuery("Realised or open, price or fees?", catalog.STRATEGY_PNL.name),
            RunbookQuery("In which symbols is it still exposed?", f"{catalog.STRATEGY_POSITION_VALUE.name} != 0"),
            RunbookQuery(
                "Is it trading on, a minute's fills?", f"sum by (strategy) (increase({catalog.STRATEGY_FILLS.name}[1m]))"
            ),
        ),
        "Critical: pause the strategy in the engine first; close what it holds, unless the loss is understood. Then "
        "look at SlippageHigh and MarketDataStale of the same time: a broken feed or book makes losses of its own. Warning: "
        "see whether the loss is one position or many small ones, and whether the strategy still trades into it.",
        "A single wrong quote marks the position wrongly for a moment: the drawdown is gone at the next quote, though the "
        "alert continues for keep_firing_for. A strategy that takes large swings by design needs an override.",
    ),
)


# A failed strategy has no figures: its only series is the one that reports the failure.
_DRAWDOWN_UNKNOWN = f"""(
  {catalog.STRATEGY_CAPITAL.name}
  or
  {catalog.STRATEGY_UNDEFINED_INFO.name}{{figure="all"}}
)
unless on (instance, strategy)
{catalog.STRATEGY_DRAWDOWN_RATIO.name}"""

DRAWDOWN_UNKNOWN = Alert(
    name="DrawdownUnknown",
    about="A strategy has capital, but its drawdown is not known.",
    board=BOARD,
    settings=StateAlert,
    groups=("accounts",),
    rules=state_rules(_DRAWDOWN_UNKNOWN, of_strategy=True),
    message=Message(
        "{strategy}: drawdown unknown",
        "The drawdown of {strategy} is unknown: until it is known, no drawdown alert fires for it, however much it loses.",
    ),
    runbook=Runbook(
        "The strategy has an account, but no drawdown: it is undefined, or the strategy's book failed. StrategyDrawdown "
        "cannot fire for it.",
        (
            RunbookQuery("What is undefined, and why?", catalog.STRATEGY_UNDEFINED_INFO.name),
            RunbookQuery(
                "Held without a mark?",
                f"{catalog.STRATEGY_POSITION_QUANTITY.name} != 0 "
                f"unless on (instance, symbol) {catalog.MARK_TIMESTAMP_SECONDS.name}",
            ),
            RunbookQuery("Has it capital?", catalog.STRATEGY_CAPITAL.name),
            RunbookQuery("Were names folded into `other`?", f"{catalog.SERIES_FOLDED.name} > 0"),
        ),
        "Until this is repaired, watch the strategy's position at the exchange, or pause it. Held without a mark: send quotes "
        "for the symbol, under the same name as in the fills. No capital: send a capital_flow. figure=all, reason=error: an "
        "event could not be booked; the monitor's log has the error. Strategy `other`: raise max_strategies in "
        "monitor.yaml.",
        "A strategy that opened its first position before the first quote: it ends with the quote.",
    ),
)


PERIOD_LOSS = f"strategy:{catalog.STRATEGY_PERIOD_PNL.name}:loss_ratio"
"""A strategy's loss since the start of the week, and of the month, as a share of the equity then; a profit is below 0."""


class PeriodThresholds(Section):
    """Thresholds of the loss of one period."""

    warning: Ratio
    """Fires with severity warning from this loss on."""
    critical: Ratio
    """Fires with severity critical from this loss on; must be above `warning`."""

    def levels(self, strategy: str | None = None) -> Levels:
        """The thresholds, which are the same for all strategies."""
        return Levels(self.warning, self.critical)

    @field_validator("critical")
    @classmethod
    def _critical_is_worse(cls, critical: Decimal, info: ValidationInfo) -> Decimal:
        return above("warning", critical, info)


class PeriodLevels(PeriodThresholds):
    """Thresholds of the loss of one period, some strategies with their own."""

    overrides: Mapping[Name, Override] = Field(default_factory=dict)
    """Strategy → its own thresholds."""

    def levels(self, strategy: str | None = None) -> Levels:
        """The thresholds of a strategy; without one, or without an override, the alert's own."""
        own = self.overrides.get(strategy, Override.model_construct()) if strategy is not None else Override.model_construct()
        return Levels(own.warning or self.warning, own.critical or self.critical)

    @model_validator(mode="after")
    def _overrides_keep_the_order(self) -> Self:
        for name in self.overrides:
            if not (levels := self.levels(name)).warning < levels.critical:
                raise ValueError(f"critical {levels.critical} must be above warning {levels.warning} ({name})")
        return self


class PortfolioPeriodLossAlert(Timing):
    """The loss of the account since the start of the week (Monday) and of the month, as a share of its equity then."""

    week: PeriodThresholds
    """Thresholds of the week's loss."""
    month: PeriodThresholds
    """Thresholds of the month's loss."""

    def periods(self) -> Iterator[tuple[str, PeriodThresholds]]:
        """Each period and its thresholds."""
        yield "week", self.week
        yield "month", self.month


class PeriodLossAlert(PortfolioPeriodLossAlert):
    """The loss of a strategy since the start of the week (Monday) and of the month, as a share of its equity then."""

    week: PeriodLevels
    """Thresholds of the week's loss."""
    month: PeriodLevels
    """Thresholds of the month's loss."""

    def overridden(self) -> Iterator[tuple[str, str]]:
        """(key, strategy) for every strategy with its own thresholds; they stand below that key."""
        for period, levels in (("week", self.week), ("month", self.month)):
            yield from ((f"{period}.overrides", strategy) for strategy in levels.overrides)


def loss_ratio(period_pnl: Metric, equity: Metric) -> str:
    """The loss since the start of the week, and of the month, as a share of the equity then, in PromQL."""
    pnl = f'{period_pnl.name}{{period=~"week|month"}}'
    return f"-{pnl}\n/\n({equity.name} - ignoring (period) group_right () {pnl} > 0)"


def period_rules(maker: RuleMaker, config: PortfolioPeriodLossAlert, record: str, *, of_strategy: bool) -> Iterator[Rule]:
    """The rules of an alert on `record`, the loss of each period."""
    for severity in SEVERITIES:
        expr = "\nor\n".join(
            compared(record, levels, severity, f"period={string(period)}") for period, levels in config.periods()
        )
        week, month = (threshold_text(levels, severity) for _, levels in config.periods())
        words = {
            "value": PERCENT,
            "period": "{{ $labels.period }}",
            "threshold": f'{{{{ if eq $labels.period "week" }}}}{week}{{{{ else }}}}{month}{{{{ end }}}}',
        }
        yield maker.rule(severity, config, expr, words, record, of_strategy=of_strategy)


def period_thresholds(alert: str, config: PortfolioPeriodLossAlert, _: Context) -> Iterator[AlertThreshold]:
    """The thresholds of the loss of each period."""
    for severity in SEVERITIES:
        for period, levels in config.periods():
            yield from levels_of(alert, severity, levels, period)


def _period_loss_record(_: PeriodLossAlert) -> Iterator[Record]:
    yield Record(PERIOD_LOSS, loss_ratio(catalog.STRATEGY_PERIOD_PNL, catalog.STRATEGY_EQUITY))


def _period_loss(maker: RuleMaker, config: PeriodLossAlert) -> Iterator[Rule]:
    return period_rules(maker, config, PERIOD_LOSS, of_strategy=True)


PERIOD_LOSSES = Alert(
    name="PeriodLoss",
    about="The loss of a strategy's week or month.",
    board=BOARD,
    settings=PeriodLossAlert,
    groups=("accounts",),
    records=_period_loss_record,
    rules=_period_loss,
    thresholds=period_thresholds,
    message=Message(
        "{strategy}: {value} lost this {period} (threshold {threshold})",
        "Since the start of the {period}, {strategy} has lost {value} of the equity that it had then; "
        "the {severity} threshold is {threshold}.",
    ),
    runbook=Runbook(
        "Since the start of the week (Monday) or the month, in the configured time zone, the strategy has lost the given share "
        "of the equity that it had then.",
        (
            RunbookQuery("How much, as a share?", PERIOD_LOSS),
            RunbookQuery("In money", catalog.STRATEGY_PERIOD_PNL.name),
            RunbookQuery(
                "Which symbols and components lost it?", f'sort({catalog.STRATEGY_PERIOD_ATTRIBUTION.name}{{period="week"}})'
            ),
            RunbookQuery("How deep is the drawdown?", catalog.STRATEGY_DRAWDOWN_RATIO.name),
            CAUSES,
        ),
        "Critical: take the strategy out until the period is over, or its loss is understood. Warning: see whether it is one "
        "day or all of them, and whether SharpeDegraded says the same.",
        "Capital that was moved in or out within the period counts as if it had been so from its start: after most of it was "
        "taken out, the share is too large.",
    ),
)


DailyLossRatio = Annotated[Decimal, Field(gt=0, le=10)]


class DailyLossAlert(LeveledAlert):
    """Today's loss of the account as a share of the daily loss limit of its tier (`trading_rules.yaml`)."""

    info: DailyLossRatio
    """Fires with severity info from here on."""
    warning: DailyLossRatio
    """Fires with severity warning from here on; must be above `info`."""
    critical: DailyLossRatio
    """Fires with severity critical from here on; must be above `warning`."""

    @field_validator("warning")
    @classmethod
    def _warning_is_worse(cls, warning: Decimal, info: ValidationInfo) -> Decimal:
        return above("info", warning, info)


def _daily_loss(maker: RuleMaker, config: DailyLossAlert) -> Iterator[Rule]:
    return maker.each_severity(
        config,
        lambda severity: f"{catalog.PORTFOLIO_DAILY_LOSS_USED_RATIO.name} >= {number(getattr(config, severity))}",
        {"value": PERCENT},
        lambda severity: percent(getattr(config, severity)),
        figure=catalog.PORTFOLIO_DAILY_LOSS_USED_RATIO.name,
        severities=ALL_SEVERITIES,
    )


DAILY_LOSS = Alert(
    name="DailyLoss",
    about="How much of the tier's daily loss limit is used.",
    board=Board.PORTFOLIO,
    settings=DailyLossAlert,
    groups=("portfolio",),
    rules=_daily_loss,
    message=Message(
        "Daily loss: {value} of the limit (threshold {threshold})",
        "Today's loss of the account has used {value} of the daily loss limit of its tier; "
        "the {severity} threshold is {threshold}.",
    ),
    runbook=Runbook(
        "The account as a whole has lost, since the start of the day in the configured time zone, the given share of its "
        "tier's daily loss limit. At 100 % the limit is used up.",
        (
            RunbookQuery("How much of the limit?", catalog.PORTFOLIO_DAILY_LOSS_USED_RATIO.name),
            RunbookQuery("Which tier and limit?", f'{catalog.TIER_LIMIT.name}{{limit="max_daily_loss"}}'),
            RunbookQuery("Which strategies lost it?", f'sort({catalog.STRATEGY_PERIOD_PNL.name}{{period="day"}})'),
            EXPOSURE,
        ),
        "Critical: stop all strategies for the day, and close what can be closed in order; the limit comes back with the next "
        "day, not before. Warning: stop adding risk; reduce the strategies that lose most. Info: nothing to do yet; see which "
        "strategies lose.",
        "The limit belongs to the tier, and the tier follows the equity: an account that falls below a tier's first "
        "dollar has a smaller limit at once, and the same loss uses more of it. This is meant.",
    ),
)


# An account without capital waits for its engine. After a strategy failed, the account has no figures, not even capital.
_DAILY_LOSS_UNKNOWN = f"""{catalog.PORTFOLIO_UNDEFINED_INFO.name}{{figure=~"daily_loss_used_ratio|all"}}
unless on (instance)
{catalog.PORTFOLIO_CAPITAL.name} == 0"""

DAILY_LOSS_UNKNOWN = Alert(
    name="DailyLossUnknown",
    about="The account has capital, but it is not known how much of the daily loss limit is used.",
    board=Board.PORTFOLIO,
    settings=StateAlert,
    groups=("portfolio",),
    rules=state_rules(_DAILY_LOSS_UNKNOWN),
    message=Message(
        "Daily loss unknown ({reason}): its limit is not watched",
        "For {hold} or longer, it has not been known how much of the daily loss limit is used, for the reason {reason}. "
        "DailyLoss cannot fire.",
    ),
    runbook=Runbook(
        "The account has capital, but today's loss, or the limit that it is compared with, is not known. DailyLoss cannot "
        "fire; if it fired before, its end is not a recovery.",
        (
            RunbookQuery("Why?", f'{catalog.PORTFOLIO_UNDEFINED_INFO.name}{{figure=~"daily_loss_used_ratio|all"}}'),
            RunbookQuery("How much is there, if it is known?", catalog.PORTFOLIO_EQUITY.name),
            RunbookQuery("Which tier, and which limits?", catalog.TIER_LIMIT.name),
            RunbookQuery(
                "Did a strategy fail, or lack a mark or a rate?",
                f'{catalog.STRATEGY_UNDEFINED_INFO.name}{{figure=~"equity|all"}}',
            ),
            EXPOSURE,
        ),
        "below_smallest_tier: the equity is below the first tier of trading_rules.yaml. After a loss, nothing may trade on; an "
        "account that is meant to be so small needs a tier. no_mark, no_conversion: as FiguresUndefined says. "
        "no_mark_at_period_start: the loss since midnight stays unknown until the next one; watch the equity until then. "
        "strategy_error: the monitor's log has what failed.",
        "An account from which nearly all was withdrawn, and that trades no more.",
    ),
)
