"""The alerts on what is worked out of the returns, round trips and fills of a strategy: figures with enough behind them.

Each is recorded first, as one series a strategy that is absent while too little stands behind it, and then compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from textwrap import indent
from typing import NamedTuple

from genesis.core.alert_config import AlertSettings
from genesis.core.config import TradingRules
from genesis.core.duration import duration_text
from genesis.core.figure_alerts import (
    BetaAlert,
    ExpectedSlippageAlert,
    FillDelayAlert,
    PeriodLossAlert,
    ShortfallAlert,
    UndefinedAlert,
    ValueAtRiskAlert,
    WinRateAlert,
)
from genesis.core.strategy_alert import Severity, Timing
from genesis.monitoring import catalog
from genesis.monitoring.alert_manager.promql import any_of, number, string
from genesis.monitoring.alert_manager.rules import (
    NUMBER,
    PERCENT,
    SECONDS,
    SEVERITIES,
    Leveled,
    Record,
    Rule,
    RuleMaker,
    Show,
    by_name,
    compared,
    percent,
    selected,
    selections,
    signed_slippage,
    slippage_fills,
    threshold_text,
)

VAR_EXCEEDED = f"strategy:{catalog.STRATEGY_VAR_KUPIEC_PVALUE.name}:exceeded"
"""Kupiec's p-value, where exceedances come too often, and of enough forecasts."""
SHORTFALL = f"strategy:{catalog.STRATEGY_EXPECTED_SHORTFALL_RATIO.name}:enough_observations"
WIN_RATE = f"strategy:{catalog.STRATEGY_WIN_RATE_RATIO.name}:enough_trades"
PROFIT_FACTOR = f"strategy:{catalog.STRATEGY_PROFIT_FACTOR_RATIO.name}:enough_trades"
PROBABLE_SHARPE = f"strategy:{catalog.STRATEGY_PROBABILISTIC_SHARPE_RATIO.name}:enough_observations"
"""The probabilistic Sharpe ratio of a record that is as long as its minimum."""
CUSUM = f"strategy:{catalog.STRATEGY_DEGRADATION_CUSUM.name}:limit_ratio"
"""The CUSUM in multiples of its limit."""
EXPECTED_SLIPPAGE = f"strategy:{catalog.STRATEGY_SLIPPAGE_RATIO.name}:expected_ratio"
"""Mean signed slippage in multiples of what is expected, of enough fills."""
FILL_DELAY = f"strategy:{catalog.STRATEGY_FILL_DELAY_SECONDS.name}:quantile"
PERIOD_LOSS = f"strategy:{catalog.STRATEGY_PERIOD_PNL.name}:loss_ratio"
"""The loss since the start of the week, and of the month, as a share of the equity then; a profit is below 0."""
RECORDS = (
    VAR_EXCEEDED,
    SHORTFALL,
    WIN_RATE,
    PROFIT_FACTOR,
    PROBABLE_SHARPE,
    CUSUM,
    EXPECTED_SLIPPAGE,
    FILL_DELAY,
    PERIOD_LOSS,
)


def plain(value: Decimal) -> str:
    """0.05 → `0.05`, as printf "%.4g" writes it."""
    return f"{float(value):.4g}"


def delay(value: Decimal) -> str:
    """60 → `1m`, as it stands in the file."""
    return duration_text(timedelta(seconds=float(value)))


AS_RATIO, AS_NUMBER, AS_DELAY = Show(PERCENT, percent), Show(NUMBER, plain), Show(SECONDS, delay)


class Figure(NamedTuple):
    """What an alert compares of each strategy, with which thresholds, and how it is written."""

    alert: str
    config: Leveled
    timing: Timing
    metric: str
    show: Show
    words: dict[str, str]
    """What stands for the words of the alert's message."""
    lower_is_worse: bool = False
    severities: tuple[Severity, ...] = SEVERITIES

    @property
    def sign(self) -> str:
        return "<=" if self.lower_is_worse else ">="


def figures(settings: AlertSettings) -> list[Figure]:
    """Everything that is compared with two thresholds a strategy."""
    alerts = settings.alerts
    var, shortfall, sharpe = alerts.value_at_risk_exceeded, alerts.expected_shortfall_high, alerts.sharpe_degraded
    wins, profit = alerts.win_rate_low, alerts.profit_factor_low
    slippage, delays, capacity = alerts.slippage_above_expected, alerts.fill_delay_high, alerts.capacity_nearly_used
    late = {"quantile": percent(delays.quantile), "window": duration_text(delays.window)}
    degraded, unlikely = {"figure": "CUSUM over its limit"}, {"figure": "probability of its baseline's Sharpe ratio"}
    return [
        Figure("ValueAtRiskExceeded", var, var, VAR_EXCEEDED, AS_NUMBER, _tail(var), lower_is_worse=True),
        Figure("ExpectedShortfallHigh", shortfall, shortfall, SHORTFALL, AS_RATIO, _tail(shortfall)),
        Figure("WinRateLow", wins, wins, WIN_RATE, AS_RATIO, {"window": wins.window_name}, lower_is_worse=True),
        Figure(
            "ProfitFactorLow", profit, profit, PROFIT_FACTOR, AS_NUMBER, {"window": profit.window_name}, lower_is_worse=True
        ),
        Figure("SharpeDegraded", sharpe, sharpe, PROBABLE_SHARPE, AS_NUMBER, unlikely, True, ("warning",)),
        Figure("SharpeDegraded", sharpe, sharpe, CUSUM, AS_NUMBER, degraded, severities=("critical",)),
        Figure(
            "SlippageAboveExpected",
            slippage,
            slippage,
            EXPECTED_SLIPPAGE,
            AS_NUMBER,
            {"window": duration_text(slippage.window)},
        ),
        Figure("FillDelayHigh", delays, delays, FILL_DELAY, AS_DELAY, late),
        Figure("CapacityNearlyUsed", capacity, capacity, catalog.STRATEGY_CAPACITY_USED_RATIO.name, AS_RATIO, {}),
    ]


def figure_rules(settings: AlertSettings, limits: TradingRules) -> list[Rule | Record]:
    """The alerts on figures that need a sample; what they compare is recorded before."""
    maker, alerts = RuleMaker(settings), settings.alerts
    return [
        *_records(settings),
        *(rule for figure in figures(settings) for rule in _rules(maker, figure)),
        maker.rule(
            "CorrelationHigh",
            alerts.correlation_high.severity,
            alerts.correlation_high,
            f'{catalog.STRATEGY_CORRELATION.name}{{estimator="pearson"}} >= {number(limits.correlation_alert_ratio)}',
            {"value": NUMBER, "threshold": plain(limits.correlation_alert_ratio), "other": "{{ $labels.other }}"},
            of_strategy=True,
        ),
        _beta(maker, alerts.beta_out_of_band),
        *_period_loss(maker, alerts.period_loss),
        _undefined(maker, alerts.figures_undefined),
    ]


def _rules(maker: RuleMaker, figure: Figure) -> Iterator[Rule]:
    for severity in figure.severities:
        expr = compared(figure.metric, figure.config, severity, sign=figure.sign)
        threshold = threshold_text(figure.config, severity, figure.show.threshold)
        words = {**figure.words, "value": figure.show.value, "threshold": threshold}
        yield maker.rule(figure.alert, severity, figure.timing, expr, words, of_strategy=True)


def _beta(maker: RuleMaker, config: BetaAlert) -> Rule:
    beta, error = catalog.STRATEGY_BETA.name, catalog.STRATEGY_BETA_STANDARD_ERROR.name
    uncertain = f"{number(config.standard_errors)} * {error}"
    expr = "\nor\n".join(
        f"{selected(beta, *matchers)} {sign} {number(bound)} {operator} {uncertain}"
        for name, matchers in selections(config.overrides)
        for sign, bound, operator in ((">", config.band(name).high, "+"), ("<", config.band(name).low, "-"))
    )
    bands = {name: band_text(config, name) for name in config.overrides}
    words = {
        "value": NUMBER,
        "threshold": by_name(band_text(config), bands),
        "standard_errors": plain(config.standard_errors),
    }
    return maker.rule("BetaOutOfBand", config.severity, config, expr, words, of_strategy=True)


def band_text(config: BetaAlert, name: str | None = None) -> str:
    """Where the band of a strategy begins and ends."""
    band = config.band(name)
    return f"{plain(band.low)} to {plain(band.high)}"


def _period_loss(maker: RuleMaker, config: PeriodLossAlert) -> Iterator[Rule]:
    for severity in SEVERITIES:
        expr = "\nor\n".join(
            compared(PERIOD_LOSS, levels, severity, f"period={string(period)}") for period, levels in config.periods()
        )
        week, month = (threshold_text(levels, severity) for _, levels in config.periods())
        words = {
            "value": PERCENT,
            "period": "{{ $labels.period }}",
            "threshold": f'{{{{ if eq $labels.period "week" }}}}{week}{{{{ else }}}}{month}{{{{ end }}}}',
        }
        yield maker.rule("PeriodLoss", severity, config, expr, words, of_strategy=True)


def _undefined(maker: RuleMaker, config: UndefinedAlert) -> Rule:
    # By reason, and not by figure: one mark that is missing leaves some fifty figures out, and is one thing to mend.
    info = selected(catalog.STRATEGY_UNDEFINED_INFO.name, f"reason=~{any_of(config.reasons)}")
    expr = f"count without (figure) ({info}) > 0"
    words = {
        "value": '{{ $value | printf "%.0f" }}',
        "reason": "{{ $labels.reason }}",
        "hold": duration_text(config.hold),
    }
    return maker.rule("FiguresUndefined", config.severity, config, expr, words, of_strategy=True)


def _records(settings: AlertSettings) -> list[Rule | Record]:
    alerts = settings.alerts
    return [
        Record(VAR_EXCEEDED, _var_exceeded(alerts.value_at_risk_exceeded)),
        Record(SHORTFALL, _shortfall(alerts.expected_shortfall_high)),
        Record(WIN_RATE, _of_trades(catalog.STRATEGY_WIN_RATE_RATIO.name, alerts.win_rate_low)),
        Record(PROFIT_FACTOR, _of_trades(catalog.STRATEGY_PROFIT_FACTOR_RATIO.name, alerts.profit_factor_low)),
        Record(
            PROBABLE_SHARPE,
            f"{catalog.STRATEGY_PROBABILISTIC_SHARPE_RATIO.name}\nand\n"
            f"{catalog.STRATEGY_TRACK_RECORD_SECONDS.name} >= {catalog.STRATEGY_MIN_TRACK_RECORD_SECONDS.name}",
        ),
        Record(CUSUM, f"{catalog.STRATEGY_DEGRADATION_CUSUM.name}\n/\n({catalog.STRATEGY_DEGRADATION_CUSUM_LIMIT.name} > 0)"),
        Record(EXPECTED_SLIPPAGE, _expected_slippage(alerts.slippage_above_expected)),
        Record(FILL_DELAY, _fill_delay(alerts.fill_delay_high)),
        Record(PERIOD_LOSS, _loss_ratio()),
    ]


def _var_exceeded(config: ValueAtRiskAlert) -> str:
    same = _same_tail(config)
    forecasts = selected(catalog.STRATEGY_VAR_FORECASTS.name, *same)
    exceedances = selected(catalog.STRATEGY_VAR_EXCEEDANCES.name, *same)
    return _without(
        "method, confidence",
        selected(catalog.STRATEGY_VAR_KUPIEC_PVALUE.name, *same),
        f"{exceedances} > {number(1 - config.confidence)} * {forecasts}",
        f"{forecasts} >= {config.min_forecasts}",
    )


def _shortfall(config: ShortfallAlert) -> str:
    tail = selected(catalog.STRATEGY_EXPECTED_SHORTFALL_RATIO.name, *_same_tail(config))
    enough = f"{catalog.STRATEGY_OBSERVATIONS.name} >= {config.min_observations}"
    return f"{_without('method, confidence, horizon', tail)}\nand\n{enough}"


def _of_trades(metric: str, config: WinRateAlert) -> str:
    window = f"window={string(config.window_name)}"
    enough = f"{selected(catalog.STRATEGY_WINDOW_TRADES.name, window)} >= {config.min_trades}"
    return _without("window", selected(metric, window), enough)


def _expected_slippage(config: ExpectedSlippageAlert) -> str:
    fills = f"({slippage_fills(config.window)} >= {config.min_fills})"
    return f"{signed_slippage(config.window)}\n/\n{fills}\n/\n({catalog.STRATEGY_EXPECTED_SLIPPAGE_RATIO.name} > 0)"


def _fill_delay(config: FillDelayAlert) -> str:
    def increase(part: str) -> str:
        return f"increase({catalog.STRATEGY_FILL_DELAY_SECONDS.name}_{part}[{duration_text(config.window)}])"

    return (
        f"histogram_quantile({number(config.quantile)}, {increase('bucket')})\nand\n{increase('count')} >= {config.min_fills}"
    )


def _loss_ratio() -> str:
    pnl = f'{catalog.STRATEGY_PERIOD_PNL.name}{{period=~"week|month"}}'
    return f"-{pnl}\n/\n({catalog.STRATEGY_EQUITY.name} - ignoring (period) group_right () {pnl} > 0)"


def _without(labels: str, *conditions: str) -> str:
    """The first of the conditions where all hold, without the labels that are the same for all strategies."""
    inner = "\nand\n".join(conditions)
    return f"max without ({labels}) (\n{indent(inner, '  ')}\n)"


def _same_tail(config: ValueAtRiskAlert | ShortfallAlert) -> tuple[str, str]:
    return f"method={string(config.method)}", f"confidence={string(_level(config))}"


def _tail(config: ValueAtRiskAlert | ShortfallAlert) -> dict[str, str]:
    return {"method": config.method, "confidence": percent(config.confidence)}


def _level(config: ValueAtRiskAlert | ShortfallAlert) -> str:
    """The confidence as the label of its figures has it."""
    return number(config.confidence)
