"""The cases of value at risk and expected shortfall, correlation, beta."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from genesis.alerts.cases.case import Case, Firing, held, series
from genesis.alerts.cases.figure import Sample, Shown, Subject, figure_cases, strategies
from genesis.alerts.cases.maker import CaseMaker
from genesis.alerts.catalog.risk import STRATEGY_TAILS, PortfolioShortfallAlert, PortfolioValueAtRiskAlert, Tails, band_text
from genesis.alerts.figure import plain
from genesis.alerts.promql import number
from genesis.metrics import catalog


def value_at_risk(maker: CaseMaker) -> Iterator[Case]:
    """ValueAtRiskExceeded."""
    return value_at_risk_cases(maker, maker.of("ValueAtRiskExceeded"), STRATEGY_TAILS)


def value_at_risk_cases(maker: CaseMaker, config: PortfolioValueAtRiskAlert, tails: Tails) -> Iterator[Case]:
    """The cases of a value at risk that is exceeded too often, a strategy's or the account's."""
    (figure,) = maker.alert.figures()
    many, tail = 1000 * config.min_forecasts, _tail(config)

    def shown(who: str, value: Decimal, forecasts: int = many, share: Decimal = Decimal("1.1")) -> Sample:
        exceedances = share * (1 - config.confidence) * forecasts
        return {
            series(tails.pvalue.name, **figure.labels(who), **tail): number(value),
            series(tails.forecasts.name, **figure.labels(who), **tail): str(forecasts),
            series(tails.exceedances.name, **figure.labels(who), **tail): number(exceedances),
        }

    def other(who: str, value: Decimal) -> Sample:
        return {name.replace(config.method, "other"): level for name, level in shown(who, value).items()}

    silent: dict[str, Shown] = {
        "says nothing of too few forecasts": lambda who, value: shown(who, value, config.min_forecasts - 1),
        "says nothing of too few exceedances": lambda who, value: shown(who, value, share=Decimal("0.5")),
        "says nothing of as many exceedances as expected": lambda who, value: shown(who, value, share=Decimal("0.999")),
        "says nothing of another method": other,
    }
    yield from figure_cases(maker, Subject(figure, shown, silent))


def shortfall(maker: CaseMaker) -> Iterator[Case]:
    """ExpectedShortfallHigh."""
    return shortfall_cases(maker, maker.of("ExpectedShortfallHigh"), STRATEGY_TAILS)


def shortfall_cases(maker: CaseMaker, config: PortfolioShortfallAlert, tails: Tails) -> Iterator[Case]:
    """The cases of an expected shortfall above its budget, a strategy's or the account's."""
    (figure,) = maker.alert.figures()
    tail = {**_tail(config), "horizon": "1d"}

    def shown(who: str, value: Decimal, observations: int = config.min_observations) -> Sample:
        return {
            series(tails.shortfall.name, **figure.labels(who), **tail): number(value),
            series(tails.observations.name, **figure.labels(who)): str(observations),
        }

    def other(who: str, value: Decimal) -> Sample:
        return {name.replace(number(config.confidence), "0.5"): level for name, level in shown(who, value).items()}

    silent: dict[str, Shown] = {
        "says nothing of too few returns": lambda who, value: shown(who, value, config.min_observations - 1),
        "says nothing of another confidence": other,
    }
    yield from figure_cases(maker, Subject(figure, shown, silent))


def correlation(maker: CaseMaker) -> Iterator[Case]:
    """CorrelationHigh."""
    config, limit = maker.of("CorrelationHigh"), maker.limits.correlation_alert_ratio
    hold = maker.hold(config)

    def pair(other: str, estimator: str = "pearson") -> str:
        return series(catalog.STRATEGY_CORRELATION.name, strategy="one", other=other, estimator=estimator)

    def firing(value: Decimal, *others: str) -> list[Firing]:
        words = {"value": plain(value), "threshold": plain(limit)}
        labels = {"strategy": "one", "estimator": "pearson"}
        return [maker.firing(config.severity, {**labels, "other": other}, **words) for other in others]

    for name, value, told in (
        ("says nothing just below the limit", limit * Decimal("0.999"), ()),
        ("fires at the limit", limit, ("two",)),
        ("fires above the limit", (1 + limit) / 2, ("two",)),
    ):
        yield maker.fires(name, {pair("two"): held(number(value), hold)}, config, firing(value, *told))
    yield maker.silent("says nothing of a hedge", {pair("two"): held(-1, hold)}, config)
    yield maker.silent("says nothing of another estimator", {pair("two", "ledoit_wolf"): held(1, hold)}, config)
    yield maker.absent(config)
    both = {pair("two"): held(1, hold), pair("three"): held(1, hold)}
    yield maker.fires("fires for each pair", both, config, firing(Decimal(1), "two", "three"))
    yield maker.ends(config, {pair("two"): ("1", "0")}, firing(Decimal(1), "two"))


def beta(maker: CaseMaker) -> Iterator[Case]:
    """BetaOutOfBand."""
    config = maker.of("BetaOutOfBand")
    hold, error = maker.hold(config), Decimal("0.0625")
    everyone = strategies(config.overrides)

    def shown(betas: Mapping[str, Decimal], *, errors: bool = True) -> dict[str, str]:
        made = {series(catalog.STRATEGY_BETA.name, strategy=who): number(beta) for who, beta in betas.items()}
        if errors:
            made |= {series(catalog.STRATEGY_BETA_STANDARD_ERROR.name, strategy=who): number(error) for who in betas}
        return made

    def firing(betas: Mapping[str, Decimal]) -> list[Firing]:
        errors = plain(config.standard_errors)
        return [
            maker.firing(
                config.severity,
                {"strategy": who},
                value=plain(beta),
                threshold=band_text(config, who),
                standard_errors=errors,
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
        for side, betas in (
            ("above", {who: config.band(who).high + out for who in everyone}),
            ("below", {who: config.band(who).low - out for who in everyone}),
        ):
            made = {one: held(value, hold) for one, value in shown(betas).items()}
            yield maker.fires(f"{name}, {side}", made, config, firing(betas) if fires else [])
    far = {who: config.band(who).high + room + 3 for who in everyone}
    middle = {who: (config.band(who).high + config.band(who).low) / 2 for who in everyone}
    unsure = {one: held(value, hold) for one, value in shown(far, errors=False).items()}
    yield maker.silent("says nothing of a beta whose uncertainty is not known", unsure, config)
    yield maker.absent(config)
    yield maker.ends(config, {one: (bad, shown(middle)[one]) for one, bad in shown(far).items()}, firing(far))


def _tail(config: PortfolioValueAtRiskAlert | PortfolioShortfallAlert) -> dict[str, str]:
    return {"method": config.method, "confidence": number(config.confidence)}
