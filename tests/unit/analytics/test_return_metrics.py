"""The ratios of returns, against empyrical-reloaded."""

from itertools import product

import empyrical
import numpy as np
import pytest

from genesis.analytics.metrics import (
    annual_return,
    calmar,
    compounded,
    max_drawdown,
    risk_free_step,
    sharpe,
    sortino,
    volatility,
)
from tests.cases import every_case
from tests.unit.analytics.series import DEGENERATE, Floats, account_and_index, random_series, recorded

SERIES = random_series()
YEAR = 365.0


def equal(ours: float | None, theirs: float) -> bool:
    """Within 1e-9; what is undefined is NaN or infinite there."""
    if ours is None:
        return not np.isfinite(theirs)
    return ours == pytest.approx(theirs, rel=1e-9, abs=1e-15)


def agree(returns: Floats, risk_free: float) -> None:
    known = returns[~np.isnan(returns)]  # empyrical counts a NaN as a period of the annual return
    assert equal(volatility(returns, YEAR), empyrical.annual_volatility(known, annualization=YEAR))
    assert equal(sharpe(returns, YEAR, risk_free), empyrical.sharpe_ratio(known, risk_free, annualization=YEAR))
    assert equal(sortino(returns, YEAR, risk_free), empyrical.sortino_ratio(known, risk_free, annualization=YEAR))
    assert equal(calmar(returns, YEAR), empyrical.calmar_ratio(known, annualization=YEAR))
    deepest = max_drawdown(returns)
    assert deepest is not None
    assert equal(deepest, -empyrical.max_drawdown(known))


def test_ratios_are_those_of_empyrical() -> None:
    with every_case() as case:
        for name, risk_free in product(SERIES, (0.0, 1e-4, -1e-4)):
            with case((name, risk_free)):
                agree(SERIES[name], risk_free)


@recorded
@pytest.mark.parametrize("risk_free", [0.0, 1e-4])
def test_ratios_of_a_recorded_account_are_those_of_empyrical(risk_free: float) -> None:
    account, index = account_and_index()
    assert len(account) == 1511
    agree(account, risk_free)
    agree(index, risk_free)


@pytest.mark.parametrize("name", DEGENERATE)
def test_without_variance_there_is_no_sharpe(name: str) -> None:
    assert sharpe(DEGENERATE[name], YEAR) is None
    assert calmar(DEGENERATE[name], YEAR) is None


def test_volatility_needs_two_returns_and_may_be_0() -> None:
    assert volatility(DEGENERATE["one"], YEAR) is None
    assert volatility(DEGENERATE["only gaps"], YEAR) is None
    assert volatility(DEGENERATE["no variance"], YEAR) == 0


def test_the_returns_start_at_a_peak_and_a_year_compounds() -> None:
    returns = np.array([-0.5, 0.5, -0.2])
    assert max_drawdown(returns) == pytest.approx(0.5)
    assert max_drawdown(np.array([0.5, -0.5, -0.2, 1.0])) == pytest.approx(0.6)
    assert calmar(returns, 6.0) == pytest.approx((0.6**2 - 1) / 0.5)


def test_what_has_lost_everything_has_no_drawdown_and_no_calmar() -> None:
    for loss in (-1.0, -1.5):
        assert max_drawdown(np.array([0.1, loss, 0.1])) is None
        assert calmar(np.array([0.1, loss, 0.1]), YEAR) is None


def test_a_return_of_a_year_that_no_float_holds_is_none() -> None:
    assert annual_return(1.0, 525_600.0) is None
    assert compounded(0.01, 525_600.0) is None
    assert compounded(-1.0, 365.0) is None
    assert compounded(-0.01, 525_600.0) == -1
    assert calmar(np.array([0.5, -0.01]), 525_600.0) is None


def test_the_risk_free_rate_of_a_step_compounds_to_that_of_the_year() -> None:
    assert (1 + risk_free_step(0.05, 365.0)) ** 365 == pytest.approx(1.05, rel=1e-12)
    assert risk_free_step(0.0, 365.0) == 0
    assert sharpe(np.array([0.01, 0.02]), 1.0, 0.015) == pytest.approx(0, abs=1e-12)
