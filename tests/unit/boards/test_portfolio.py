"""What the Portfolio board promises."""

import json
import re
from datetime import timedelta

from genesis.boards import boards
from genesis.boards.style import LINES
from genesis.core.duration import parse_duration
from genesis.metrics import catalog
from tests.integration.board_queries import points, step_of
from tests.unit.boards.made import BOARDS, SETTINGS, STRATEGIES, overrides, panel_of

BOARD = BOARDS["portfolio.json"]
KEPT = timedelta(days=30)
"""What docker-compose.yml has Prometheus keep; there are no points before."""
GROUPING = re.compile(r"\b(?:by|ignoring|on)\s*\(([^)]*)\)")


def test_the_strategy_variable_takes_in_strategies_that_appear_later() -> None:
    variable = next(one for one in BOARD["templating"]["list"] if one["name"] == "strategy")
    assert variable["query"]["query"] == f"label_values({catalog.STRATEGY_CAPITAL.name}, strategy)"
    assert (variable["multi"], variable["includeAll"], variable["allValue"]) == (True, True, ".+")


def test_it_answers_first_whether_money_is_made_now_today_this_week_this_month_and_since_the_start() -> None:
    first = [panel["title"] for panel in BOARD["panels"] if panel["gridPos"]["y"] == 0]
    assert first == ["5 minutes", "Today", "This week", "This month", "Since start", "Equity"]


def test_the_columns_of_the_strategies_table_join_on_the_strategy() -> None:
    table = panel_of(BOARD, "Strategies")
    for target in table["targets"]:
        outer = GROUPING.findall(target["expr"])
        assert outer, target["expr"]
        assert set(outer) <= {"strategy", ""}, target["expr"]


def test_a_column_of_which_nothing_is_known_is_no_trend_and_does_not_keep_the_others_apart() -> None:
    table = panel_of(BOARD, "Strategies")
    columns, trend, all_of_them, shown = table["transformations"]
    assert [one["id"] for one in (columns, trend, all_of_them, shown)] == ["merge", "timeSeriesTable", "merge", "organize"]
    assert columns["filter"]["id"] == trend["filter"]["id"] == "byRefId"
    chosen = re.compile(columns["filter"]["options"].strip("/"))
    assert {t["refId"] for t in table["targets"] if t["instant"]} == {
        t["refId"] for t in table["targets"] if chosen.match(t["refId"])
    }
    assert [t["refId"] for t in table["targets"] if t["range"]] == [trend["filter"]["options"]]
    assert "filter" not in all_of_them


def test_a_trend_has_at_most_sixty_points_over_any_range() -> None:
    table = panel_of(BOARD, "Strategies")
    least = parse_duration(next(target["interval"] for target in table["targets"] if target["range"]))
    ranges = [timedelta(minutes=1.03**power) for power in range(-46, 400)]
    assert ranges[0] < timedelta(seconds=20)
    assert ranges[-1] > KEPT
    for span in [*ranges, *(timedelta(hours=hours) for hours in (0.25, 1, 3, 6, 12, 24, 48, 168, 720))]:
        step = step_of(span, points(table), least)
        both_ends = min(span, KEPT) // step + 2  # Prometheus is asked from one whole step to another
        assert both_ends <= 60, (span, step)
        assert both_ends >= 15 or step == least or span > KEPT, (span, step)


def test_the_strategies_table_has_what_the_portfolio_manager_compares() -> None:
    options = panel_of(BOARD, "Strategies")["transformations"][-1]["options"]
    order = sorted(options["indexByName"], key=options["indexByName"].__getitem__)
    titles = [options["renameByName"][field] for field in order]
    assert titles == [
        *("Strategy", "Trend", "State", "Net P&L", "Today", "Drawdown", "Sharpe", "Win rate", "Profit factor"),
        *("Slippage", "Capacity", "Alerts"),
    ]


def test_a_name_in_the_strategies_table_leads_to_the_strategys_board() -> None:
    (link,) = overrides(panel_of(BOARD, "Strategies"), "Strategy")["links"]
    assert link["url"].startswith("/d/genesis-strategy?var-strategy=${__value.raw:percentencode}&${__url_time_range}")


def test_a_strategy_has_the_same_colour_on_every_chart_and_none_shares_it() -> None:
    for title in ("Net P&L by strategy", "Drawdown by strategy"):
        colours = [overrides(panel_of(BOARD, title), name)["color"]["fixedColor"] for name in STRATEGIES]
        assert colours == list(LINES[: len(STRATEGIES)])


def test_more_strategies_than_colours_are_all_left_to_grafana() -> None:
    many = [f"s{number}" for number in range(len(LINES) + 1)]
    board = json.loads(boards(SETTINGS._replace(strategies=many))["portfolio.json"])
    chart = panel_of(board, "Net P&L by strategy")
    assert not overrides(chart, many[0])
    assert chart["fieldConfig"]["defaults"]["color"] == {"mode": "palette-classic"}


def test_the_alert_list_leaves_the_watchdog_out() -> None:
    alerts = next(panel for panel in BOARD["panels"] if panel["type"] == "alertlist")
    assert alerts["options"]["alertInstanceLabelFilter"] == '{alertname!="Watchdog"}'
    assert alerts["options"]["stateFilter"]["firing"] is True


def test_marks_tell_the_alert_and_what_rotation_did_and_why() -> None:
    alert, *rotation = BOARD["annotations"]["list"]
    assert "{{alertname}}" in alert["titleFormat"]
    assert len(rotation) == 2
    for marks in rotation:
        shown = marks["titleFormat"] + marks["textFormat"]
        assert set(re.findall(r"{{(\w+)}}", shown)) == set(catalog.ROTATION_STEP_TIMESTAMP_SECONDS.labels), marks["name"]
