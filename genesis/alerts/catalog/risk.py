"""What can be lost: value at risk and expected shortfall, correlation, beta."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from genesis.alerts.alert import Alert
from genesis.alerts.figure import (
    AS_NUMBER,
    AS_RATIO,
    NUMBER,
    AlertThreshold,
    Figure,
    SampleSize,
    by_name,
    percent,
    plain,
    selected,
    selections,
    without,
)
from genesis.alerts.kinds import (
    Least,
    Misfit,
    RatioAlert,
    Severity,
    StateAlert,
    StrategyAlert,
    Timing,
    confidence_misfits,
    observations_misfits,
)
from genesis.alerts.messages import Board, Message, Runbook, RunbookQuery
from genesis.alerts.promql import number, string
from genesis.alerts.rules import Context, Record, Rule, RuleMaker
from genesis.metrics import catalog
from genesis.metrics.metric import Metric
from genesis.settings.section import Name, Ratio, Section
from genesis.settings.statistics import Confidence, StatisticsSettings

BOARD = Board.RISK

DIVERSIFICATION = RunbookQuery("How diversified is the account (1: not at all)?", catalog.PORTFOLIO_DIVERSIFICATION_RATIO.name)

Method = Literal["historical", "parametric", "cornish_fisher"]
_METHOD_NAMES: Mapping[Method, str] = {
    "historical": "historical",
    "parametric": "parametric",
    "cornish_fisher": "Cornish-Fisher",
}


class Tails(NamedTuple):
    """The metrics of value at risk and expected shortfall: those of the strategies, or the account's."""

    pvalue: Metric
    forecasts: Metric
    exceedances: Metric
    shortfall: Metric
    observations: Metric


STRATEGY_TAILS = Tails(
    pvalue=catalog.STRATEGY_VAR_KUPIEC_PVALUE,
    forecasts=catalog.STRATEGY_VAR_FORECASTS,
    exceedances=catalog.STRATEGY_VAR_EXCEEDANCES,
    shortfall=catalog.STRATEGY_EXPECTED_SHORTFALL_RATIO,
    observations=catalog.STRATEGY_OBSERVATIONS,
)
VAR_EXCEEDED = f"strategy:{catalog.STRATEGY_VAR_KUPIEC_PVALUE.name}:exceeded"
"""Kupiec's p-value, where exceedances come too often, and of enough forecasts."""
SHORTFALL = f"strategy:{catalog.STRATEGY_EXPECTED_SHORTFALL_RATIO.name}:enough_observations"


class PortfolioValueAtRiskAlert(RatioAlert):
    """The p-value of Kupiec's test of the account's value at risk, while exceedances come more often than they should."""

    lower_is_worse: ClassVar[bool] = True

    warning: Ratio
    """Fires with severity warning at this p-value and below."""
    critical: Ratio
    """Fires with severity critical at this p-value and below; must be below `warning`."""
    method: Method
    """The method whose value at risk is tested."""
    confidence: Confidence
    """Its confidence level; one of `statistics.confidence` in monitor.yaml."""
    min_forecasts: Least
    """With fewer steps than this compared with their value at risk the alert does not fire."""

    def statistics_misfits(self, statistics: StatisticsSettings) -> Iterator[Misfit]:
        """A confidence level without figures."""
        return confidence_misfits(self.confidence, statistics)


class ValueAtRiskAlert(PortfolioValueAtRiskAlert, StrategyAlert):
    """The p-value of Kupiec's test of the value at risk, while exceedances come more often than they should."""


class PortfolioShortfallAlert(RatioAlert):
    """The account's expected shortfall at the horizon, as a share of its equity: what a bad day costs on average."""

    method: Method
    """The method by which it is computed."""
    confidence: Confidence
    """Its confidence level; one of `statistics.confidence` in monitor.yaml."""
    min_observations: Least
    """With fewer returns than this in the risk window the alert does not fire."""

    def statistics_misfits(self, statistics: StatisticsSettings) -> Iterator[Misfit]:
        """A confidence level without figures, and more returns than there ever are."""
        yield from confidence_misfits(self.confidence, statistics)
        yield from observations_misfits(self.min_observations, statistics)


class ShortfallAlert(PortfolioShortfallAlert, StrategyAlert):
    """The expected shortfall at the horizon, as a share of the equity: what a bad day costs on average."""


def too_many_exceedances(config: PortfolioValueAtRiskAlert, tails: Tails) -> str:
    """Kupiec's p-value, where exceedances come too often, and of enough forecasts, in PromQL."""
    same, enough = _same_tail(config), forecasts(config, tails)
    exceedances = selected(tails.exceedances.name, *same)
    return without(
        "method, confidence",
        selected(tails.pvalue.name, *same),
        f"{exceedances} > {number(1 - config.confidence)} * {enough.size}",
        str(enough),
    )


def forecasts(config: PortfolioValueAtRiskAlert, tails: Tails) -> SampleSize:
    """How many forecasts of the value at risk there were, and have to be."""
    return SampleSize(selected(tails.forecasts.name, *_same_tail(config)), config.min_forecasts)


def known_shortfall(config: PortfolioShortfallAlert, tails: Tails) -> str:
    """The expected shortfall, of enough returns, in PromQL."""
    tail = selected(tails.shortfall.name, *_same_tail(config))
    return f"{without('method, confidence, horizon', tail)}\nand\n{observations(config, tails)}"


def observations(config: PortfolioShortfallAlert, tails: Tails) -> SampleSize:
    """How many returns there were, and have to be."""
    return SampleSize(tails.observations.name, config.min_observations)


def tail_words(config: PortfolioValueAtRiskAlert | PortfolioShortfallAlert) -> dict[str, str]:
    """The words of messages that say which value at risk it is."""
    return {"method": _METHOD_NAMES[config.method], "confidence": percent(config.confidence)}


def _same_tail(config: PortfolioValueAtRiskAlert | PortfolioShortfallAlert) -> tuple[str, str]:
    # The confidence as the label of its figures has it.
    return f"method={string(config.method)}", f"confidence={string(number(config.confidence))}"


def _value_at_risk(config: ValueAtRiskAlert) -> tuple[Figure, ...]:
    enough = forecasts(config, STRATEGY_TAILS)
    return (Figure(config, VAR_EXCEEDED, AS_NUMBER, tail_words(config), enough, lower_is_worse=True),)


def _value_at_risk_record(config: ValueAtRiskAlert) -> Iterator[Record]:
    yield Record(VAR_EXCEEDED, too_many_exceedances(config, STRATEGY_TAILS))


VALUE_AT_RISK_EXCEEDED = Alert(
    name="ValueAtRiskExceeded",
    about="Losses exceed the value at risk more often than they should.",
    board=BOARD,
    settings=ValueAtRiskAlert,
    groups=("risk",),
    records=_value_at_risk_record,
    figures=_value_at_risk,
    message=Message(
        "{strategy}: losses exceed the value at risk too often (p {value}, threshold {threshold})",
        "The returns of {strategy} exceed its {method} value at risk ({confidence}) more often than they should, which would "
        "come by chance with a probability of {value}; the {severity} threshold is {threshold}.",
    ),
    runbook=Runbook(
        "Since the start, more steps of the grid lost more than the value at risk before them than its confidence allows, and "
        "Kupiec's test says that this is hardly chance. Too few exceedances raise nothing, and so do fewer forecasts than "
        "min_forecasts.",
        (
            RunbookQuery("The p-value, where exceedances come too often", VAR_EXCEEDED),
            RunbookQuery(
                "What share of the steps exceeded it?",
                f"{catalog.STRATEGY_VAR_EXCEEDANCES.name} / {catalog.STRATEGY_VAR_FORECASTS.name}",
            ),
            RunbookQuery("Do they cluster (near 0)?", catalog.STRATEGY_VAR_INDEPENDENCE_PVALUE.name),
            RunbookQuery("What do the other methods say?", catalog.STRATEGY_VAR_KUPIEC_PVALUE.name),
            RunbookQuery("Did positions grow?", f"sum by (strategy) (abs({catalog.STRATEGY_POSITION_VALUE.name}))"),
        ),
        "It can wait until morning, if no drawdown alert fires. Do not size positions by the value at risk of this strategy: "
        "its losses are larger than it says. Clustered exceedances: the market has become wilder; reduce the strategy until "
        "it is calm, or shorten risk_window. Spread over time: positions have grown, or the strategy has changed; look at its "
        "exposure.",
        "The counts go back to the start: after a change of the strategy, or of risk_window, old exceedances count on, and the "
        "alert ends slowly. A strategy that trades rarely has a value at risk near 0, and exceeds it with each position.",
    ),
)


def _shortfall(config: ShortfallAlert) -> tuple[Figure, ...]:
    return (Figure(config, SHORTFALL, AS_RATIO, tail_words(config), observations(config, STRATEGY_TAILS)),)


def _shortfall_record(config: ShortfallAlert) -> Iterator[Record]:
    yield Record(SHORTFALL, known_shortfall(config, STRATEGY_TAILS))


EXPECTED_SHORTFALL_HIGH = Alert(
    name="ExpectedShortfallHigh",
    about="A bad day would cost more than the budget.",
    board=BOARD,
    settings=ShortfallAlert,
    groups=("risk", "performance"),
    records=_shortfall_record,
    figures=_shortfall,
    message=Message(
        "{strategy}: expected shortfall {value} (threshold {threshold})",
        "The {method} expected shortfall of {strategy} ({confidence}) is {value} of its equity at the horizon; "
        "the {severity} threshold is {threshold}.",
    ),
    runbook=Runbook(
        "The mean of the worst returns in the risk window, scaled to the horizon by the square root of time, is a larger share "
        "of the equity than the budget. It says what a bad day costs, not what was lost.",
        (
            RunbookQuery("How much, of enough returns?", SHORTFALL),
            RunbookQuery("By all methods and levels", catalog.STRATEGY_EXPECTED_SHORTFALL_RATIO.name),
            RunbookQuery("In money", catalog.STRATEGY_EXPECTED_SHORTFALL.name),
            RunbookQuery("How volatile is it, of a year?", catalog.STRATEGY_VOLATILITY_RATIO.name),
            RunbookQuery("Where is the exposure?", f"{catalog.STRATEGY_POSITION_VALUE.name} != 0"),
        ),
        "Critical: reduce its positions now; less capital alone does not help where they do not shrink with it. Warning: see "
        "whether positions or the market have grown, and bring the strategy back into its budget.",
        "Returns that turn back at once (a quote that flickers) are scaled as if they went on: compare the longer windows' "
        "volatility. One gap in the data that is booked as one return leaves with risk_window.",
    ),
)


def _correlation(maker: RuleMaker, config: StateAlert) -> Iterator[Rule]:
    limit = maker.context.limits.correlation_alert_ratio
    figure = selected(catalog.STRATEGY_CORRELATION.name, 'estimator="pearson"')
    words = {"value": NUMBER, "threshold": plain(limit), "other": "{{ $labels.other }}"}
    yield maker.rule(config.severity, config, f"{figure} >= {number(limit)}", words, figure, of_strategy=True)


def _correlation_threshold(alert: str, config: StateAlert, context: Context) -> Iterator[AlertThreshold]:
    yield AlertThreshold(alert, config.severity, "", float(context.limits.correlation_alert_ratio))


CORRELATION_HIGH = Alert(
    name="CorrelationHigh",
    about="Two strategies are the same bet; the limit is `correlation_alert_ratio` of trading_rules.yaml.",
    board=BOARD,
    settings=StateAlert,
    groups=("correlation",),
    trading_rule="correlation_alert_ratio",
    rules=_correlation,
    thresholds=_correlation_threshold,
    message=Message(
        "{strategy} and {other}: correlation {value} (threshold {threshold})",
        "The returns of {strategy} and {other} have a correlation of {value}; from {threshold} on they are the same bet.",
    ),
    runbook=Runbook(
        "The returns of two strategies in the risk window have a Pearson correlation at or above correlation_alert_ratio of "
        "trading_rules.yaml: they are the same bet, and their risk adds up. A negative correlation raises nothing.",
        (
            RunbookQuery("Which pairs?", f'sort_desc({catalog.STRATEGY_CORRELATION.name}{{estimator="pearson"}})'),
            RunbookQuery("Shrunk, which is steadier", f'{catalog.STRATEGY_CORRELATION.name}{{estimator="ledoit_wolf"}}'),
            RunbookQuery("Do they hold the same?", f"{catalog.STRATEGY_POSITION_VALUE.name} != 0"),
            RunbookQuery("Is it the market?", catalog.STRATEGY_BETA.name),
            DIVERSIFICATION,
        ),
        "Count the two as one in every limit. If both hold the same symbols, reduce one of them; if both follow the market, "
        "hedge it.",
        "Few points in common: correlation.min_overlap is the least. One large move that both were in leaves with risk_window.",
    ),
)


Beta = Annotated[Decimal, Field(ge=-1000, le=1000)]


class BandOverride(Section):
    """The band of one strategy; what is left out stays at the alert's own."""

    low: Beta | None = None
    """Where the strategy's band begins."""
    high: Beta | None = None
    """Where the strategy's band ends."""


class Band(Section):
    """The ends of a band."""

    low: Beta
    high: Beta


class BetaAlert(Timing):
    """The beta of each strategy: outside its band by more than its own uncertainty."""

    severity: Severity
    """How urgent it is."""
    low: Beta
    """Where the band begins."""
    high: Beta
    """Where the band ends; must be above `low`."""
    standard_errors: Annotated[Decimal, Field(ge=0, le=10)]
    """How many of its standard errors beta must be outside the band."""
    overrides: Mapping[Name, BandOverride] = Field(default_factory=dict)
    """Strategy → its own band."""

    def band(self, strategy: str | None = None) -> Band:
        """The band of a strategy; without one, or without an override, the alert's own."""
        own = self.overrides.get(strategy, BandOverride()) if strategy is not None else BandOverride()
        return Band(
            low=own.low if own.low is not None else self.low,
            high=own.high if own.high is not None else self.high,
        )

    @model_validator(mode="after")
    def _bands_are_not_empty(self) -> Self:
        for name in (None, *self.overrides):
            if not (band := self.band(name)).low < band.high:
                raise ValueError(f"low {band.low} must be below high {band.high}" + (f" ({name})" if name is not None else ""))
        return self


def _beta(maker: RuleMaker, config: BetaAlert) -> Iterator[Rule]:
    uncertain = f"{number(config.standard_errors)} * {catalog.STRATEGY_BETA_STANDARD_ERROR.name}"
    expr = "\nor\n".join(
        f"{selected(catalog.STRATEGY_BETA.name, *matchers)} {sign} {number(bound)} {operator} {uncertain}"
        for name, matchers in selections(config.overrides)
        for sign, bound, operator in ((">", config.band(name).high, "+"), ("<", config.band(name).low, "-"))
    )
    bands = {name: band_text(config, name) for name in config.overrides}
    words = {"value": NUMBER, "threshold": by_name(band_text(config), bands), "standard_errors": plain(config.standard_errors)}
    yield maker.rule(config.severity, config, expr, words, catalog.STRATEGY_BETA.name, of_strategy=True)


def band_text(config: BetaAlert, name: str | None = None) -> str:
    """Where the band of a strategy begins and ends."""
    band = config.band(name)
    return f"{plain(band.low)} to {plain(band.high)}"


def _beta_thresholds(alert: str, config: BetaAlert, _: Context) -> Iterator[AlertThreshold]:
    for strategy in ("", *config.overrides):
        for part, bound in config.band(strategy or None):
            yield AlertThreshold(alert, config.severity, strategy, float(bound), part)


BETA_OUT_OF_BAND = Alert(
    name="BetaOutOfBand",
    about="A strategy moves with the market in another way than it is meant to.",
    board=BOARD,
    settings=BetaAlert,
    groups=("regression",),
    rules=_beta,
    thresholds=_beta_thresholds,
    message=Message(
        "{strategy}: beta {value} (band {threshold})",
        "The beta of {strategy} is {value}, more than {standard_errors} standard errors outside its band of {threshold}.",
    ),
    runbook=Runbook(
        "The strategy moves with its benchmark more, or less, than its band allows, by more than the configured number of "
        "standard errors.",
        (
            RunbookQuery("Beta", catalog.STRATEGY_BETA.name),
            RunbookQuery("How sure is it?", catalog.STRATEGY_BETA_STANDARD_ERROR.name),
            RunbookQuery("Against which benchmark?", catalog.STRATEGY_INFO.name),
            RunbookQuery("Long or short?", catalog.STRATEGY_EXPOSURE.name),
            RunbookQuery("What has the market brought?", f'{catalog.STRATEGY_CAUSE_PNL.name}{{cause="market"}}'),
        ),
        "See whether a hedge is missing, or a position stays open that should not. Until this is repaired, the strategy's P&L "
        "is the market's to that extent: do not read it as skill.",
        "A strategy that is meant to follow the market: give it a band of its own. A benchmark that hardly moved: its beta "
        "hangs on few steps, although its standard error says so, too.",
    ),
)
