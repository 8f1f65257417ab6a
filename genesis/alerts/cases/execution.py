"""The cases of what fills cost, and how long they take."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from genesis.alerts.cases.case import Case, exact_fills, series, whole
from genesis.alerts.cases.figure import Sample, Shown, Subject, figure_cases
from genesis.alerts.cases.maker import CaseMaker
from genesis.alerts.promql import number
from genesis.metrics import catalog

_EXPECTED = 1 / 1024
"""An expected slippage by which a float can be divided without rounding."""


def slippage(maker: CaseMaker) -> Iterator[Case]:
    """SlippageHigh."""
    config = maker.of("SlippageHigh")
    (figure,) = maker.alert.figures()

    def shown(who: str, value: Decimal) -> Sample:
        return _fills(who, float(value), exact_fills(value, config.min_fills))

    silent: dict[str, Shown] = {
        "says nothing of too few fills": lambda who, value: _fills(who, float(value), config.min_fills - 1),
        "counts better fills against worse ones": lambda who, value: _fills(
            who, float(value), config.min_fills, better=float(value)
        ),
    }
    yield from figure_cases(maker, Subject(figure, shown, silent, burst=True))


def expected_slippage(maker: CaseMaker) -> Iterator[Case]:
    """SlippageAboveExpected."""
    config = maker.of("SlippageAboveExpected")
    (figure,) = maker.alert.figures()

    def shown(who: str, value: Decimal, better: Decimal = Decimal(0), fills: int | None = None) -> Sample:
        fills = fills if fills is not None else exact_fills(value, config.min_fills)
        expected = {series(catalog.STRATEGY_EXPECTED_SLIPPAGE_RATIO.name, strategy=who): repr(_EXPECTED)}
        return {**_fills(who, float(value) * _EXPECTED, fills, better=float(better) * _EXPECTED), **expected}

    def nothing_expected(who: str, value: Decimal) -> Sample:
        return {one: "0" if "expected" in one else level for one, level in shown(who, value).items()}

    silent: dict[str, Shown] = {
        "says nothing of too few fills": lambda who, value: shown(who, value, fills=config.min_fills - 1),
        "counts better fills against worse ones": lambda who, value: shown(who, value, better=value),
        "says nothing where no slippage is expected": nothing_expected,
        "says nothing where none is configured": lambda who, value: dict(list(shown(who, value).items())[:-1]),
    }
    yield from figure_cases(maker, Subject(figure, shown, silent, burst=True))


def fill_delay(maker: CaseMaker) -> Iterator[Case]:
    """FillDelayHigh."""
    config = maker.of("FillDelayHigh")
    (figure,) = maker.alert.figures()
    name, many = catalog.STRATEGY_FILL_DELAY_SECONDS.name, whole(config.quantile, config.min_fills)

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
    yield from figure_cases(maker, Subject(figure, shown, silent, burst=True))


def _fills(who: str, mean: float, fills: int, better: float = 0.0) -> Sample:
    """Sums and counts of `fills` fills that are all worse by `mean`, and if given of as many that are better."""
    name = catalog.STRATEGY_SLIPPAGE_RATIO.name

    def sums(size: float, direction: str) -> Sample:
        return {
            series(f"{name}_sum", strategy=who, direction=direction): repr(size * fills),
            series(f"{name}_count", strategy=who, direction=direction): str(fills if size else 0),
        }

    return {**sums(mean, "adverse"), **sums(better, "favourable")}
