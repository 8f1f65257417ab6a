"""Rule tests of the alerts on figures with a sample: around each threshold, overrides, too few samples, absence, the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from itertools import count
from typing import NamedTuple
from urllib.parse import quote_plus

from genesis.core.alert_config import AlertSettings
from genesis.core.config import TradingRules
from genesis.core.duration import duration_text
from genesis.core.figure_alerts import ShortfallAlert, ValueAtRiskAlert
from genesis.core.strategy_alert import Timing
from genesis.monitoring import catalog
from genesis.monitoring.alert_manager.cases import (
    MONITOR,
    Case,
    Check,
    Firing,
    Timeline,
    around,
    exact_fills,
    held,
    human,
    not_before,
    series,
)
from genesis.monitoring.alert_manager.figure_rules import (
    AS_DELAY,
    AS_RATIO,
    CUSUM,
    EXPECTED_SLIPPAGE,
    FILL_DELAY,
    PROBABLE_SHARPE,
    PROFIT_FACTOR,
    SHORTFALL,
    VAR_EXCEEDED,
    WIN_RATE,
    Figure,
    band_text,
    figures,
    plain,
)
from genesis.monitoring.alert_manager.messages import annotate
from genesis.monitoring.alert_manager.promql import number
from genesis.monitoring.alert_manager.rules import SEVERITIES, percent

Sample = Mapping[str, str]
"""Series → its value."""
Shown = Callable[[str, Decimal], Sample]
"""Strategy and its figure → the series that make it."""

_EXPECTED = Decimal(1) / 1024
"""An expected slippage by which a float can be divided without rounding."""


class Subject(NamedTuple):
    """A figure, and the series that it is made of."""

    figure: Figure
    shown: Shown
    silent: Mapping[str, Shown]
    """Why nothing fires → the series of a figure that would, but for that."""
    burst: bool = False
    """Whether it stands on counters that move, once at step 1, and not on gauges."""


class FigureCases:
    """The cases for one configuration."""

    def __init__(self, settings: AlertSettings, limits: TradingRules) -> None:
        self._settings = settings
        self._alerts = settings.alerts
        self._limits = limits
        self._time = Timeline(settings.evaluation_interval)

    def all(self) -> Iterator[Case]:
        for subject in self._subjects():
            yield from self._near_thresholds(subject)
            yield from self._silent(subject)
            yield from self._ends(subject)
        yield from self._correlation()
        yield from self._beta()
        yield from self._period_loss()
        yield from self._undefined()

    # What the figures are made of.

    def _subjects(self) -> Iterator[Subject]:
        makers = {
            VAR_EXCEEDED: self._value_at_risk,
            SHORTFALL: self._shortfall,
            WIN_RATE: self._trades,
            PROFIT_FACTOR: self._trades,
            PROBABLE_SHARPE: self._probable_sharpe,
            CUSUM: self._cusum,
            EXPECTED_SLIPPAGE: self._slippage,
            FILL_DELAY: self._delay,
            catalog.STRATEGY_CAPACITY_USED_RATIO.name: self._capacity,
        }
        for figure in figures(self._settings):
            yield makers[figure.metric](figure)

    def _value_at_risk(self, figure: Figure) -> Subject:
        config = self._alerts.value_at_risk_exceeded
        many, tail = 1000 * config.min_forecasts, _tail(config)

        def shown(who: str, value: Decimal, forecasts: int = many, share: Decimal = Decimal("1.1")) -> Sample:
            exceedances = share * (1 - config.confidence) * forecasts
            return {
                series(catalog.STRATEGY_VAR_KUPIEC_PVALUE.name, strategy=who, **tail): number(value),
                series(catalog.STRATEGY_VAR_FORECASTS.name, strategy=who, **tail): str(forecasts),
                series(catalog.STRATEGY_VAR_EXCEEDANCES.name, strategy=who, **tail): number(exceedances),
            }

        def other(who: str, value: Decimal) -> Sample:
            return {name.replace(config.method, "other"): level for name, level in shown(who, value).items()}

        silent: dict[str, Shown] = {
            "says nothing of too few forecasts": lambda who, value: shown(who, value, config.min_forecasts - 1),
            "says nothing of too few exceedances": lambda who, value: shown(who, value, share=Decimal("0.5")),
            "says nothing of as many exceedances as expected": lambda who, value: shown(who, value, share=Decimal("0.999")),
            "says nothing of another method": other,
        }
        return Subject(figure, shown, silent)

    def _shortfall(self, figure: Figure) -> Subject:
        config = self._alerts.expected_shortfall_high
        tail = {**_tail(config), "horizon": "1d"}

        def shown(who: str, value: Decimal, observations: int = config.min_observations) -> Sample:
            return {
                series(catalog.STRATEGY_EXPECTED_SHORTFALL_RATIO.name, strategy=who, **tail): number(value),
                series(catalog.STRATEGY_OBSERVATIONS.name, strategy=who): str(observations),
            }

        def other(who: str, value: Decimal) -> Sample:
            return {name.replace(number(config.confidence), "0.5"): level for name, level in shown(who, value).items()}

        silent: dict[str, Shown] = {
            "says nothing of too few returns": lambda who, value: shown(who, value, config.min_observations - 1),
            "says nothing of another confidence": other,
        }
        return Subject(figure, shown, silent)

    def _trades(self, figure: Figure) -> Subject:
        alerts = self._alerts
        config, metric = (
            (alerts.win_rate_low, catalog.STRATEGY_WIN_RATE_RATIO)
            if figure.metric == WIN_RATE
            else (alerts.profit_factor_low, catalog.STRATEGY_PROFIT_FACTOR_RATIO)
        )

        def shown(who: str, value: Decimal, trades: int = config.min_trades, window: str = config.window_name) -> Sample:
            return {
                series(metric.name, strategy=who, window=window): number(value),
                series(catalog.STRATEGY_WINDOW_TRADES.name, strategy=who, window=config.window_name): str(trades),
            }

        silent: dict[str, Shown] = {
            "says nothing of too few round trips": lambda who, value: shown(who, value, config.min_trades - 1),
            "says nothing of another window": lambda who, value: shown(who, value, window="another"),
        }
        return Subject(figure, shown, silent)

    def _probable_sharpe(self, figure: Figure) -> Subject:
        def shown(who: str, value: Decimal, seconds: int = 3600) -> Sample:
            return {
                series(catalog.STRATEGY_PROBABILISTIC_SHARPE_RATIO.name, strategy=who): number(value),
                series(catalog.STRATEGY_TRACK_RECORD_SECONDS.name, strategy=who): str(seconds),
                series(catalog.STRATEGY_MIN_TRACK_RECORD_SECONDS.name, strategy=who): "3600",
            }

        def without(who: str, value: Decimal) -> Sample:
            return dict(list(shown(who, value).items())[:-1])

        silent: dict[str, Shown] = {
            "says nothing of a record that is too short": lambda who, value: shown(who, value, 3599),
            "says nothing while no record would be long enough": without,
        }
        return Subject(figure, shown, silent)

    def _cusum(self, figure: Figure) -> Subject:
        def shown(who: str, value: Decimal) -> Sample:
            return {
                series(catalog.STRATEGY_DEGRADATION_CUSUM.name, strategy=who): number(value * 4),
                series(catalog.STRATEGY_DEGRADATION_CUSUM_LIMIT.name, strategy=who): "4",
            }

        return Subject(figure, shown, {"says nothing of a CUSUM without a limit": lambda who, value: _first(shown(who, value))})

    def _capacity(self, figure: Figure) -> Subject:
        def shown(who: str, value: Decimal) -> Sample:
            return {series(figure.metric, strategy=who): number(value)}

        return Subject(figure, shown, {})

    def _slippage(self, figure: Figure) -> Subject:
        config = self._alerts.slippage_above_expected
        name = catalog.STRATEGY_SLIPPAGE_RATIO.name

        def shown(who: str, value: Decimal, better: Decimal = Decimal(0), fills: int | None = None) -> Sample:
            fills = fills if fills is not None else exact_fills(value, config.min_fills)

            def sums(size: Decimal, direction: str) -> Sample:
                return {
                    series(f"{name}_sum", strategy=who, direction=direction): repr(float(size) * fills * float(_EXPECTED)),
                    series(f"{name}_count", strategy=who, direction=direction): str(fills if size else 0),
                }

            expected = {series(catalog.STRATEGY_EXPECTED_SLIPPAGE_RATIO.name, strategy=who): repr(float(_EXPECTED))}
            return {**sums(value, "adverse"), **sums(better, "favourable"), **expected}

        def nothing_expected(who: str, value: Decimal) -> Sample:
            return {one: "0" if "expected" in one else level for one, level in shown(who, value).items()}

        silent: dict[str, Shown] = {
            "says nothing of too few fills": lambda who, value: shown(who, value, fills=config.min_fills - 1),
            "counts better fills against worse ones": lambda who, value: shown(who, value, better=value),
            "says nothing where no slippage is expected": nothing_expected,
            "says nothing where none is configured": lambda who, value: dict(list(shown(who, value).items())[:-1]),
        }
        return Subject(figure, shown, silent, burst=True)

    def _delay(self, figure: Figure) -> Subject:
        config = self._alerts.fill_delay_high
        name, many = catalog.STRATEGY_FILL_DELAY_SECONDS.name, _whole(config.quantile, config.min_fills)

        def shown(who: str, value: Decimal, fills: int = many, share: Decimal = config.quantile) -> Sample:
            return {
                series(f"{name}_bucket", strategy=who, le=number(value)): str(int(fills * share)),
                series(f"{name}_bucket", strategy=who, le="3600"): str(fills),
                series(f"{name}_bucket", strategy=who, le="+Inf"): str(fills),
                series(f"{name}_count", strategy=who): str(fills),
            }

        def quick(who: str, value: Decimal) -> Sample:
            return {one.replace(f'le="{number(value)}"', 'le="0.001"'): level for one, level in shown(who, value).items()}

        silent: dict[str, Shown] = {
            "says nothing of a few late fills among many": quick,
            "says nothing of too few fills": lambda who, value: shown(who, value, config.min_fills - 1),
        }
        return Subject(figure, shown, silent, burst=True)

    # The cases of a figure.

    def _near_thresholds(self, subject: Subject) -> Iterator[Case]:
        figure, hold = subject.figure, self._hold(subject)
        for place, name in enumerate(name for name, _ in _places(figure, None)):
            values = {who: _places(figure, who)[place][1] for who in _strategies(figure.config.overrides)}
            checks = [*not_before(hold), Check(hold, self._firing_of(figure, values))]
            yield Case(figure.alert, f"{name} ({_sort(figure)})", self._line(subject, subject.shown, values, hold), checks)

    def _silent(self, subject: Subject) -> Iterator[Case]:
        figure, hold, values = subject.figure, self._hold(subject), _worst(subject.figure)
        for name, shown in subject.silent.items():
            yield Case(figure.alert, name, self._line(subject, shown, values, hold), [Check(hold), Check(hold + 1)])
        absent = {series("up"): held(1, hold)}
        yield Case(figure.alert, f"says nothing of a figure that is absent ({_sort(figure)})", absent, [Check(hold)])

    def _ends(self, subject: Subject) -> Iterator[Case]:
        figure, values = subject.figure, _worst(subject.figure)
        firing, kept = self._firing_of(figure, values), self._time.steps(figure.timing.keep_firing_for)
        name = f"ends after keep_firing_for ({_sort(figure)})"
        if subject.burst:
            window = getattr(figure.config, "window")  # noqa: B009 - both alerts on fills have one
            # The last step with the burst in the window depends on whether Prometheus counts the window's left edge (2.x does).
            last, over = window // self._time.interval - 1 + kept, self._time.steps(window) + 1 + kept
            shown = self._line(subject, subject.shown, values, over)
            yield Case(figure.alert, name, shown, [Check(last, firing), Check(over)])
            return
        ends = self._hold(subject) + 2
        better = {who: _harmless(figure, who) for who in values}
        bad, good = (_together(subject.shown, all_) for all_ in (values, better))
        shown = {one: f"{held(bad[one], ends - 1)} {held(good[one], ends + kept)}" for one in bad}
        yield Case(figure.alert, name, shown, [Check(ends - 1, firing), *self._last(ends, kept, firing), Check(ends + kept)])

    def _last(self, ends: int, kept: int, firing: list[Firing]) -> list[Check]:
        return [Check(ends + kept - 1, firing)] if kept else []

    def _hold(self, subject: Subject) -> int:
        """The step at which the figure has been there for long enough."""
        return self._time.steps(subject.figure.timing.hold) + (1 if subject.burst else 0)

    def _line(self, subject: Subject, shown: Shown, values: Mapping[str, Decimal], steps: int) -> dict[str, str]:
        sample = _together(shown, values)
        return {
            one: f"0 {held(value, steps)}" if subject.burst and "_expected_" not in one else held(value, steps + 1)
            for one, value in sample.items()
        }

    def _firing_of(self, figure: Figure, values: Mapping[str, Decimal]) -> list[Firing]:
        found = []
        for who, value in values.items():
            for severity in figure.severities:
                level = getattr(figure.config.levels(who), severity)
                if value <= level if figure.lower_is_worse else value >= level:
                    words = {**figure.words, "value": _text(figure, value), "threshold": figure.show.threshold(level)}
                    found.append(self._firing(figure.alert, severity, {"strategy": who}, **words))
        return found

    def _firing(self, alert: str, severity: str, labels: Mapping[str, str], **words: str) -> Firing:
        address = quote_plus(labels["strategy"])
        text = annotate(alert, {"severity": severity, **labels, **words}, self._settings.links, address)
        return Firing({**labels, **MONITOR, "severity": severity}, text)

    # The alerts that compare otherwise.

    def _correlation(self) -> Iterator[Case]:
        alert, config, limit = "CorrelationHigh", self._alerts.correlation_high, self._limits.correlation_alert_ratio
        hold = self._time.steps(config.hold)

        def pair(other: str, estimator: str = "pearson") -> str:
            return series(catalog.STRATEGY_CORRELATION.name, strategy="one", other=other, estimator=estimator)

        def firing(value: Decimal, *others: str) -> list[Firing]:
            words = {"value": plain(value), "threshold": plain(limit)}
            return [
                self._firing(alert, config.severity, {"strategy": "one", "other": o, "estimator": "pearson"}, **words)
                for o in others
            ]

        for name, value, told in (
            ("says nothing just below the limit", limit * Decimal("0.999"), ()),
            ("fires at the limit", limit, ("two",)),
            ("fires above the limit", (1 + limit) / 2, ("two",)),
        ):
            yield Case(
                alert, name, {pair("two"): held(number(value), hold)}, [*not_before(hold), Check(hold, firing(value, *told))]
            )
        for name, shown in (
            ("says nothing of a hedge", {pair("two"): held(-1, hold)}),
            ("says nothing of another estimator", {pair("two", "ledoit_wolf"): held(1, hold)}),
            ("says nothing of a figure that is absent", {series("up"): held(1, hold)}),
        ):
            yield Case(alert, name, shown, [Check(hold)])
        both = {pair("two"): held(1, hold), pair("three"): held(1, hold)}
        yield Case(alert, "fires for each pair", both, [Check(hold, firing(Decimal(1), "two", "three"))])
        yield self._gauge_ends(alert, config, {pair("two"): ("1", "0")}, firing(Decimal(1), "two"))

    def _beta(self) -> Iterator[Case]:
        alert, config = "BetaOutOfBand", self._alerts.beta_out_of_band
        hold, error = self._time.steps(config.hold), Decimal("0.0625")
        everyone = _strategies(config.overrides)

        def shown(betas: Mapping[str, Decimal], errors: bool = True) -> dict[str, str]:
            made = {series(catalog.STRATEGY_BETA.name, strategy=who): number(beta) for who, beta in betas.items()}
            if errors:
                made |= {series(catalog.STRATEGY_BETA_STANDARD_ERROR.name, strategy=who): number(error) for who in betas}
            return made

        def firing(betas: Mapping[str, Decimal]) -> list[Firing]:
            return [
                self._firing(
                    alert,
                    config.severity,
                    {"strategy": who},
                    value=plain(beta),
                    threshold=band_text(config, who),
                    standard_errors=plain(config.standard_errors),
                )
                for who, beta in betas.items()
            ]

        room = config.standard_errors * error
        for name, out, fires in (
            ("says nothing at the end of the band", Decimal(0), False),
            ("says nothing just within its uncertainty", room * Decimal("0.99"), False),
            ("fires just beyond its uncertainty", room * Decimal("1.01") + Decimal("0.001"), True),
            ("fires far outside", room + 3, True),
        ):
            for side in ("above", "below"):
                betas = {
                    who: config.band(who).high + out if side == "above" else config.band(who).low - out for who in everyone
                }
                checks = [*not_before(hold), Check(hold, firing(betas) if fires else [])]
                series_ = {one: held(value, hold) for one, value in shown(betas).items()}
                yield Case(alert, f"{name}, {side}", series_, checks)
        far = {who: config.band(who).high + room + 3 for who in everyone}
        middle = {who: (config.band(who).high + config.band(who).low) / 2 for who in everyone}
        unsure = {one: held(value, hold) for one, value in shown(far, errors=False).items()}
        yield Case(alert, "says nothing of a beta whose uncertainty is not known", unsure, [Check(hold)])
        yield Case(alert, "says nothing of a figure that is absent", {series("up"): held(1, hold)}, [Check(hold)])
        back = {one: (bad, shown(middle)[one]) for one, bad in shown(far).items()}
        yield self._gauge_ends(alert, config, back, firing(far))

    def _period_loss(self) -> Iterator[Case]:
        alert, config = "PeriodLoss", self._alerts.period_loss
        hold, start = self._time.steps(config.hold), Decimal(1024)

        def shown(who: str, period: str, loss: Decimal) -> Sample:
            other = next(name for name, _ in config.periods() if name != period)
            pnl = catalog.STRATEGY_PERIOD_PNL.name
            return {
                series(catalog.STRATEGY_EQUITY.name, strategy=who): number(start * (1 - loss)),
                series(pnl, strategy=who, period=period): number(-start * loss),
                series(pnl, strategy=who, period=other): "1",
                series(pnl, strategy=who, period="day"): number(-start * loss),
            }

        def firing(who: str, period: str, loss: Decimal) -> Iterator[Firing]:
            levels = dict(config.periods())[period].levels(who)
            for severity in SEVERITIES:
                if loss >= (level := getattr(levels, severity)):
                    labels, words = {"strategy": who, "period": period}, {"value": percent(loss), "threshold": percent(level)}
                    yield self._firing(alert, severity, labels, **words)

        for period, levels in config.periods():
            everyone = _strategies(levels.overrides)
            for place, name in enumerate(name for name, _ in around(*levels.levels())):
                losses = {who: around(*levels.levels(who))[place][1] for who in everyone}
                made = {one: held(v, hold) for who, loss in losses.items() for one, v in shown(who, period, loss).items()}
                told = [found for who, loss in losses.items() for found in firing(who, period, loss)]
                yield Case(alert, f"{name} ({period})", made, [*not_before(hold), Check(hold, told)])
            gain = {one: held(value.removeprefix("-"), hold) for one, value in shown("one", period, Decimal("0.5")).items()}
            yield Case(alert, f"says nothing of a profit ({period})", gain, [Check(hold)])
            worst = levels.levels("one").critical
            bad, good = shown("one", period, worst), shown("one", period, Decimal(0))
            back = {one: (value, good[one].replace("-0", "0")) for one, value in bad.items()}
            yield self._gauge_ends(alert, config, back, list(firing("one", period, worst)), f" ({period})")
            unknown = {one: held(value, hold) for one, value in list(bad.items())[1:]}
            yield Case(alert, f"says nothing without an equity ({period})", unknown, [Check(hold)])
        today = {one: held(v, hold) for one, v in shown("one", "week", Decimal("0.9")).items() if "week" not in one}
        yield Case(alert, "says nothing of the day, whose limit is DailyLoss", today, [Check(hold)])
        yield Case(alert, "says nothing of a figure that is absent", {series("up"): held(1, hold)}, [Check(hold)])

    def _undefined(self) -> Iterator[Case]:
        alert, config = "FiguresUndefined", self._alerts.figures_undefined
        hold = self._time.steps(config.hold)

        def info(figure: str, reason: str, who: str = "one") -> str:
            return series(catalog.STRATEGY_UNDEFINED_INFO.name, strategy=who, figure=figure, reason=reason)

        def firing(reason: str, number_: int, who: str = "one") -> Firing:
            words = {"value": str(number_), "hold": duration_text(config.hold)}
            return self._firing(alert, config.severity, {"strategy": who, "reason": reason}, **words)

        first = config.reasons[0]
        several = {
            info("equity", first): held(1, hold),
            info("beta", first): held(1, hold),
            info("beta", first, "two"): held(1, hold),
        }
        told = [firing(first, 2), firing(first, 1, "two")]
        yield Case(alert, "fires once a strategy and reason", several, [*not_before(hold), Check(hold, told)])
        each = {info(f"f{place}", reason): held(1, hold) for place, reason in enumerate(config.reasons)}
        yield Case(alert, "fires for each reason", each, [Check(hold, [firing(reason, 1) for reason in config.reasons])])
        waits = {
            info("sharpe_ratio", reason): held(1, hold) for reason in ("warming_up", "no_losses", "no_baseline", "no_edge")
        }
        yield Case(alert, "says nothing of what passes, or is as it was decided", waits, [Check(hold)])
        yield Case(alert, "says nothing of a figure that is absent", {series("up"): held(1, hold)}, [Check(hold)])
        if hold:
            brief = {info("equity", first): f"{held(1, hold - 1)} stale"}
            yield Case(
                alert, "says nothing of what is known again in time", brief, [Check(hold - 1), Check(hold), Check(hold + 1)]
            )
        kept, ends = self._time.steps(config.keep_firing_for), hold + 1
        over = {info("equity", first): f"{held(1, ends - 1)} stale", series("up"): held(1, ends + kept)}
        checks = [Check(ends - 1, [firing(first, 1)]), *self._last(ends, kept, [firing(first, 1)]), Check(ends + kept)]
        yield Case(alert, "ends when the figure is known", over, checks)

    def _gauge_ends(
        self, alert: str, config: Timing, values: Mapping[str, tuple[str, str]], firing: list[Firing], which: str = ""
    ) -> Case:
        """Series → its value while the alert must fire, and its value then."""
        ends, kept = self._time.steps(config.hold) + 2, self._time.steps(config.keep_firing_for)
        shown = {one: f"{held(bad, ends - 1)} {held(good, ends + kept)}" for one, (bad, good) in values.items()}
        checks = [Check(ends - 1, firing), *self._last(ends, kept, firing), Check(ends + kept)]
        return Case(alert, f"ends after keep_firing_for{which}", shown, checks)


def _strategies(overrides: Mapping[str, object]) -> list[str]:
    """Every strategy with an override, and one without."""
    plain_ = next(name for place in count() if (name := f"strategy_{place}") not in overrides)
    return [plain_, *overrides]


def _places(figure: Figure, who: str | None) -> list[tuple[str, Decimal]]:
    """Name of a case → a figure near the thresholds of the strategy."""
    warning, critical = figure.config.levels(who)
    if len(figure.severities) == 1:
        (severity,) = figure.severities
        level = warning if severity == "warning" else critical
        better, worse = (Decimal("1.001"), Decimal("0.5")) if figure.lower_is_worse else (Decimal("0.999"), Decimal("1.5"))
        return [
            ("says nothing just short of the threshold", level * better),
            ("fires at the threshold", level),
            ("fires beyond the threshold", level * worse),
        ]
    if not figure.lower_is_worse:
        return around(warning, critical)
    return [
        ("says nothing just above warning", warning * Decimal("1.001")),
        ("fires at warning", warning),
        ("fires between warning and critical", (warning + critical) / 2),
        ("fires warning alone just above critical", critical + (warning - critical) / 1000),
        ("fires both at critical", critical),
        ("fires both below critical", critical / 2),
    ]


def _worst(figure: Figure) -> dict[str, Decimal]:
    """Each strategy where all its alerts fire."""
    return {who: _places(figure, who)[-1][1] for who in _strategies(figure.config.overrides)}


def _harmless(figure: Figure, who: str) -> Decimal:
    return 2 * figure.config.levels(who).warning if figure.lower_is_worse else Decimal(0)


def _together(shown: Shown, values: Mapping[str, Decimal]) -> dict[str, str]:
    return {one: value for who, level in values.items() for one, value in shown(who, level).items()}


def _first(sample: Sample) -> Sample:
    return dict(list(sample.items())[:1])


def _tail(config: ValueAtRiskAlert | ShortfallAlert) -> dict[str, str]:
    return {"method": config.method, "confidence": number(config.confidence)}


def _whole(share: Decimal, least: int) -> int:
    """How many fills there are such that `share` of them is a whole number, in floats, too."""
    return next(fills for fills in count(least) if fills * share % 1 == 0 and float(share) * fills == int(fills * share))


def _sort(figure: Figure) -> str:
    return ", ".join(figure.severities)


def _text(figure: Figure, value: Decimal) -> str:
    """The value as the figure's template writes it."""
    if figure.show is AS_DELAY:
        return human(float(value))
    return percent(value) if figure.show is AS_RATIO else plain(value)
