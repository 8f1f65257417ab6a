"""docs/promql.md: its queries are of metrics that there are, and those that compute give the right figure.

That they parse is in test_code_blocks.py, that they have answers in test_boards_live.py, which runs a demo.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from genesis.metrics.catalog import BY_NAME
from tests.cases import every_case
from tests.integration.questions import Question, questions
from tests.integration.test_board_queries import expect
from tests.unit.boards.test_boards import GROUPING, LABEL_MATCH, NAME, labels_of, metrics_in

pytestmark = pytest.mark.usefixtures("real_programs")

QUESTIONS = list(questions())
ADDED = {"swap"}
"""Labels that a query makes for itself."""


def query(title: str) -> str:
    return next(one.query for one in QUESTIONS if one.title == title)


def test_there_are_thirty_questions_and_no_two_are_the_same() -> None:
    assert len(QUESTIONS) >= 30
    assert len({one.title for one in QUESTIONS}) == len({one.query for one in QUESTIONS}) == len(QUESTIONS)
    assert all(one.title.endswith("?") for one in QUESTIONS)


def test_every_metric_and_label_is_one_that_there_is() -> None:
    with every_case() as case:
        for question in QUESTIONS:
            with case(question.title):
                asks_for_what_there_is(question)


def asks_for_what_there_is(question: Question) -> None:
    metrics = metrics_in(question.query)
    assert metrics
    known = {label for name in metrics for label in labels_of(name)} | ADDED
    for name, selector in NAME.findall(question.query):
        assert set(LABEL_MATCH.findall(selector)) <= set(labels_of(name)) | {"job"}, name
    for grouping in GROUPING.findall(question.query):
        assert {label.strip() for label in grouping.split(",") if label.strip()} <= known


def test_a_figure_with_a_window_or_a_method_is_asked_for_one_of_them() -> None:
    with every_case() as case:
        for question in QUESTIONS:
            with case(question.title):
                asks_for_one_window_and_method(question)


def asks_for_one_window_and_method(question: Question) -> None:
    for name in metrics_in(question.query):
        wanted = {"window", "confidence", "period", "estimator"} & set(BY_NAME[name].labels if name in BY_NAME else ())
        selectors = [selector for found, selector in NAME.findall(question.query) if found == name]
        assert not wanted or len(selectors) == len(re.findall(rf"\b{name}\b", question.query)), name
        assert all(wanted <= set(LABEL_MATCH.findall(selector)) for selector in selectors), name


def constant(values: Mapping[str, float]) -> dict[str, str]:
    """Series that stay as they are."""
    return {name: f"{value:g}+0x10" for name, value in values.items()}


def test_the_way_to_the_page_is_measured_by_the_strategys_own_threshold_or_the_default(tmp_path: Path) -> None:
    drawdown, threshold = "genesis_strategy_drawdown_ratio", "genesis_alert_threshold"
    expect(
        tmp_path,
        query("How far is each strategy from its page?"),
        constant(
            {
                f'{drawdown}{{strategy="own"}}': 0.03,
                f'{drawdown}{{strategy="other"}}': 0.05,
                f'{threshold}{{alert="StrategyDrawdown",severity="critical",strategy=""}}': 0.1,
                f'{threshold}{{alert="StrategyDrawdown",severity="critical",strategy="own"}}': 0.06,
                f'{threshold}{{alert="StrategyDrawdown",severity="warning",strategy="other"}}': 0.01,
            }
        ),
        {'{strategy="own"}': 0.5, '{strategy="other"}': 0.5},
    )


def test_fees_are_a_share_of_what_was_earned_before_them(tmp_path: Path) -> None:
    net, kinds = "genesis_strategy_net_pnl", "genesis_strategy_pnl"
    expect(
        tmp_path,
        query("What share of the P&L do fees eat?"),
        constant(
            {
                f'{net}{{strategy="earner"}}': 75,
                f'{kinds}{{strategy="earner",kind="fees"}}': -25,
                f'{net}{{strategy="churner"}}': -10,
                f'{kinds}{{strategy="churner",kind="fees"}}': -20,
                f'{net}{{strategy="loser"}}': -30,
                f'{kinds}{{strategy="loser",kind="fees"}}': -20,
            }
        ),
        {'{strategy="earner"}': 0.25, '{strategy="churner"}': 2},
    )


def test_the_pairs_of_a_strategy_are_found_on_both_sides(tmp_path: Path) -> None:
    pair = 'genesis_strategy_correlation{{strategy="{}",other="{}",estimator="pearson"}}'
    expect(
        tmp_path,
        query("What does one strategy move with?"),
        constant(
            {pair.format("mean_reversion", "b"): 0.5, pair.format("a", "mean_reversion"): -0.25, pair.format("a", "b"): 1}
        ),
        {'{strategy="mean_reversion",other="b"}': 0.5, '{strategy="mean_reversion",other="a"}': -0.25},
    )


def test_room_is_below_zero_for_a_strategy_that_has_more_than_it_can_use(tmp_path: Path) -> None:
    binds = 'genesis_strategy_capacity_binding_info{strategy="a",symbol="X",limit="edge"}'
    expect(
        tmp_path,
        query("How much more capital can each strategy use, and what stops it?"),
        constant({'genesis_strategy_capacity{strategy="a"}': 100, 'genesis_strategy_capital{strategy="a"}': 130, binds: 1}),
        {'{strategy="a",symbol="X",limit="edge"}': -30},
    )


def test_a_strategy_wins_more_often_than_it_must_by_what_its_wins_and_losses_leave(tmp_path: Path) -> None:
    figures = {"win_rate_ratio": 0.6, "average_win": 10, "average_loss": 10}
    expect(
        tmp_path,
        query("By how much does each strategy win more often than it must?"),
        constant({f'genesis_strategy_{name}{{strategy="a",window="all"}}': value for name, value in figures.items()}),
        {'{strategy="a"}': 0.6 - 0.5},
    )
