"""The queries of Strategy and Risk that compute: parts beside their sums, the matrix, judgements and bands."""

from pathlib import Path

import pytest

from tests.integration.test_board_queries import expect
from tests.unit.boards.made import BOARDS, panel_of

pytestmark = pytest.mark.usefixtures("real_programs")


def asked(board: str, title: str, ref: str = "A") -> str:
    return str(next(target["expr"] for target in panel_of(BOARDS[board], title)["targets"] if target["refId"] == ref))


def own(title: str, ref: str = "A") -> str:
    return asked("strategy.json", title, ref).replace("${strategy:raw}", "a")


def test_attribution_has_its_sum_and_the_net_beside_the_parts(tmp_path: Path) -> None:
    part = "genesis_strategy_attribution"
    expect(
        tmp_path,
        own("P&L by symbol"),
        {
            f'{part}{{strategy="a",component="main",symbol="X",job="x"}}': "3+0x10",
            f'{part}{{strategy="a",component="hedge",symbol="X",job="x"}}': "-5+0x10",
            f'{part}{{strategy="a",component="main",symbol="Y",job="x"}}': "4+0x10",
            f'{part}{{strategy="b",component="main",symbol="Y",job="x"}}': "99+0x10",
            'genesis_strategy_net_pnl{strategy="a",job="x"}': "2+0x10",
        },
        {'{symbol="X"}': -2, '{symbol="Y"}': 4, '{symbol="= Sum"}': 2, '{symbol="= Net"}': 2},
    )


@pytest.mark.parametrize(("quantity", "row"), [("0", "none: flat"), ("-2", "X")])
def test_a_strategy_without_a_position_is_told_to_be_flat(tmp_path: Path, quantity: str, row: str) -> None:
    expect(
        tmp_path,
        own("Open positions"),
        {
            'genesis_strategy_position_quantity{strategy="a",symbol="X",job="x"}': f"{quantity}+0x10",
            'genesis_strategy_capital{strategy="a",job="x"}': "7+0x10",
        },
        {f'{{symbol="{row}"}}': float(quantity)},
    )


def test_the_matrix_has_each_pair_in_both_orders_and_ones_on_its_diagonal(tmp_path: Path) -> None:
    pair = "genesis_strategy_correlation"
    expect(
        tmp_path,
        asked("risk.json", "Correlation matrix"),
        {
            f'{pair}{{strategy="a",other="b",estimator="all",job="x"}}': "-0.5+0x10",
            f'{pair}{{strategy="b",other="c",estimator="all",job="x"}}': "0.25+0x10",
            f'{pair}{{strategy="a",other="b",estimator="another",job="x"}}': "0.9+0x10",
        },
        {f'{{strategy="{name}",other="{name}"}}': 1 for name in "abc"}
        | {f'{{strategy="{row}",other="{column}"}}': -0.5 for row, column in ("ab", "ba")}
        | {f'{{strategy="{row}",other="{column}"}}': 0.25 for row, column in ("bc", "cb")},
    )


def test_the_matrix_of_many_has_the_strategies_of_the_strongest_pairs(tmp_path: Path) -> None:
    pair = "genesis_strategy_correlation"
    expect(
        tmp_path,
        asked("risk.json", "Correlation matrix").replace("$lines", "2"),
        {
            f'{pair}{{strategy="a",other="b",estimator="all",job="x"}}': "0.5+0x10",
            f'{pair}{{strategy="b",other="c",estimator="all",job="x"}}': "0.25+0x10",
            f'{pair}{{strategy="c",other="d",estimator="all",job="x"}}': "-0.75+0x10",
        },
        {f'{{strategy="{row}",other="{column}"}}': -0.75 for row, column in ("cd", "dc")}
        | {f'{{strategy="{name}",other="{name}"}}': 1 for name in "cd"},
    )


@pytest.mark.parametrize(
    ("exceeded", "pvalue", "judged"), [(9, 0.5, 0), (9, 0.005, 1), (9, 0.0005, 2), (1, 0.005, -1), (1, 0.0005, -2)]
)
def test_a_judgement_tells_too_many_from_too_few(tmp_path: Path, exceeded: int, pvalue: float, judged: int) -> None:
    tail = 'strategy="a",method="all",confidence="0.95",job="x"'
    threshold = 'genesis_alert_threshold{alert="ValueAtRiskExceeded",strategy="",part="",severity='
    expect(
        tmp_path,
        asked("risk.json", "Back-test by strategy", "G"),
        {
            f"genesis_strategy_var_forecasts_total{{{tail}}}": "100+0x10",
            f"genesis_strategy_var_exceedances_total{{{tail}}}": f"{exceeded}+0x10",
            f"genesis_strategy_var_kupiec_pvalue{{{tail}}}": f"{pvalue}+0x10",
            f'{threshold}"warning",job="x"}}': "0.01+0x10",
            f'{threshold}"critical",job="x"}}': "0.001+0x10",
        },
        {'{strategy="a"}': judged},
    )


def test_a_beta_is_outside_where_both_its_ends_are_beyond_the_strategys_own_band(tmp_path: Path) -> None:
    betas = {"default": 0.8, "wide": 0.8, "unsure": 0.6, "below": -0.8}
    band = 'genesis_alert_threshold{alert="BetaOutOfBand",severity="warning",job="x"'
    expect(
        tmp_path,
        asked("risk.json", "Beta and alpha by strategy", "D"),
        {f'genesis_strategy_beta{{strategy="{name}",job="x"}}': f"{beta}+0x10" for name, beta in betas.items()}
        | {f'genesis_strategy_beta_standard_error{{strategy="{name}",job="x"}}': "0.1+0x10" for name in betas}
        | {f'{band},strategy="",part="low"}}': "-0.5+0x10", f'{band},strategy="",part="high"}}': "0.5+0x10"}
        | {f'{band},strategy="wide",part="high"}}': "1+0x10"},
        {f'{{strategy="{name}"}}': outside for name, outside in zip(betas, (1, 0, 0, 1), strict=True)},
    )
