"""What every board must keep to, whatever is on it; and what the Strategies board promises."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from genesis.boards import boards
from genesis.boards.queries import DRAWDOWN_ALERT
from genesis.boards.style import LINES, Column, grid, joined
from genesis.core.config import load_settings
from genesis.monitoring import catalog
from genesis.monitoring.alert_manager import thresholds
from genesis.monitoring.catalog import Kind

ROOT = Path(__file__).parents[3]
STRATEGIES = ("spread_capture", "mean_reversion", "multi_pair", "statistical_arb")
BOARDS: dict[str, dict[str, Any]] = {name: json.loads(text) for name, text in boards("USDT", STRATEGIES).items()}
BOARD = BOARDS["strategies.json"]

# What Prometheus itself makes of an alert: its series have the labels of the alert.
ALERT_SERIES = {"ALERTS", "ALERTS_FOR_STATE"}
ALERT_LABELS = {"alertname", "alertstate", "severity", "strategy", "symbol"}
SELECTED = re.compile(r"\b(genesis_\w+|ALERTS\w*)(?:\{([^}]*)\})?")
LABEL_MATCH = re.compile(r'(\w+)(?:=~|!~|!=|=)"')
GROUPING = re.compile(r"\b(?:by|ignoring|on)\s*\(([^)]*)\)")


def panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for panel in board["panels"]:
        yield panel
        yield from panel.get("panels", [])


def every_panel() -> list[Any]:
    return [pytest.param(panel, id=f"{name}: {panel['title']}") for name, board in BOARDS.items() for panel in panels(board)]


def every_target() -> list[Any]:
    return [
        pytest.param(panel, target, id=f"{name}: {panel['title']}: {target['refId']}")
        for name, board in BOARDS.items()
        for panel in panels(board)
        for target in panel.get("targets", [])
    ]


def expressions() -> list[str]:
    queries = [target.values[1]["expr"] for target in every_target()]
    return [*queries, *(mark["expr"] for board in BOARDS.values() for mark in board["annotations"]["list"])]


def overrides(panel: dict[str, Any], column: str) -> dict[str, Any]:
    found = [rule for rule in panel["fieldConfig"]["overrides"] if rule["matcher"] == {"id": "byName", "options": column}]
    return {prop["id"]: prop["value"] for rule in found for prop in rule["properties"]}


def test_same_arguments_make_the_same_text_ending_in_a_newline() -> None:
    again = boards("USDT", STRATEGIES)
    assert again == boards("USDT", STRATEGIES)
    assert all(text.endswith("}\n") for text in again.values())


def test_uids_and_titles_are_unique_because_a_duplicate_blocks_all_boards() -> None:
    for key in ("uid", "title"):
        found = [board[key] for board in BOARDS.values()]
        assert len(set(found)) == len(found)


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_a_board_is_read_only_and_says_that_it_is_generated(board: dict[str, Any]) -> None:
    assert board["editable"] is False
    assert "DO NOT EDIT" in board["description"]


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_panels_have_ids_of_their_own_and_do_not_overlap(board: dict[str, Any]) -> None:
    ids = [panel["id"] for panel in panels(board)]
    assert len(set(ids)) == len(ids)
    taken: set[tuple[int, int]] = set()
    for panel in panels(board):
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {(place["x"] + right, place["y"] + down) for right in range(place["w"]) for down in range(place["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


@pytest.mark.parametrize("panel", every_panel())
def test_every_panel_says_what_it_shows(panel: dict[str, Any]) -> None:
    assert panel["description"].endswith(".")
    assert panel["title"]


@pytest.mark.parametrize("panel", every_panel())
def test_every_number_has_a_unit(panel: dict[str, Any]) -> None:
    if panel["type"] in {"stat", "timeseries"}:
        assert panel["fieldConfig"]["defaults"]["unit"]
    elif panel["type"] == "table":
        organized = panel["transformations"][-1]["options"]
        columns = organized["renameByName"]
        values = [field for field in columns if field.startswith("Value")]
        hidden = [field for field in organized["excludeByName"] if field.startswith("Value")]
        assert len(values) + len(hidden) == len(panel["targets"])
        assert all(overrides(panel, columns[field]).get("unit") for field in values)


@pytest.mark.parametrize(("panel", "target"), every_target())
def test_every_query_names_its_lines_or_fills_a_table(panel: dict[str, Any], target: dict[str, Any]) -> None:
    if panel["type"] == "table":
        assert target["format"] == "table"
    else:
        assert target["legendFormat"] not in {"", "__auto"}
    if panel["type"] == "timeseries":
        assert panel["options"]["legend"]["showLegend"] is True
        assert target["range"] is True


@pytest.mark.parametrize(("panel", "target"), every_target())
def test_a_figure_without_a_time_axis_is_of_now_and_goes_when_the_monitor_falls_silent(
    panel: dict[str, Any], target: dict[str, Any]
) -> None:
    assert target["instant"] is (panel["type"] != "timeseries")


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_data_comes_through_the_data_source_variable_alone(board: dict[str, Any]) -> None:
    first, *others = board["templating"]["list"]
    assert (first["name"], first["type"], first["query"]) == ("datasource", "datasource", "prometheus")
    asked = [*others, *board["annotations"]["list"]]
    for panel in panels(board):
        asked += [panel, *panel["targets"]] if "targets" in panel else []
    assert {json.dumps(one["datasource"], sort_keys=True) for one in asked} == {
        '{"type": "prometheus", "uid": "${datasource}"}'
    }


@pytest.mark.parametrize("expr", expressions())
def test_every_metric_and_label_is_in_the_catalogue(expr: str) -> None:
    labels: set[str] = set()
    for name, selector in SELECTED.findall(expr):
        known = ALERT_LABELS if name in ALERT_SERIES else set(metric_of(name).labels)
        assert set(LABEL_MATCH.findall(selector)) <= known, name
        labels |= known
    for grouping in GROUPING.findall(expr):
        assert {label.strip() for label in grouping.split(",") if label.strip()} <= labels
    assert labels or SELECTED.search(expr)


def metric_of(name: str) -> catalog.Metric:
    """The catalogue's metric behind a series' name; a histogram's has `_sum`, `_count` or `_bucket` after it."""
    family = re.sub(r"_(sum|count|bucket)$", "", name)
    if family in catalog.BY_NAME and catalog.BY_NAME[family].kind is Kind.HISTOGRAM:
        return catalog.BY_NAME[family]
    return catalog.BY_NAME[name]


def test_the_strategy_variable_takes_in_strategies_that_appear_later() -> None:
    variable = next(one for one in BOARD["templating"]["list"] if one["name"] == "strategy")
    assert variable["query"]["query"] == f"label_values({catalog.STRATEGY_CAPITAL.name}, strategy)"
    assert (variable["multi"], variable["includeAll"], variable["allValue"]) == (True, True, ".+")


def test_the_columns_of_the_strategies_table_join_on_the_strategy() -> None:
    table = next(panel for panel in BOARD["panels"] if panel["title"] == "Strategies")
    assert table["transformations"][0]["id"] == "merge"
    for target in table["targets"]:
        outer = GROUPING.findall(target["expr"])
        assert outer, target["expr"]
        assert set(outer) == {"strategy"}, target["expr"]


def test_the_strategies_table_has_what_the_portfolio_manager_compares() -> None:
    table = next(panel for panel in BOARD["panels"] if panel["title"] == "Strategies")
    options = table["transformations"][-1]["options"]
    order = sorted(options["indexByName"], key=options["indexByName"].__getitem__)
    titles = [options["renameByName"][field] for field in order]
    assert titles[:4] == ["Strategy", "Equity", "Net P&L", "Today"]
    assert {"Drawdown", "Trades", "Win rate", "Profit factor", "Slippage"} <= set(titles)


def test_a_strategy_has_the_same_colour_on_every_chart_and_none_shares_it() -> None:
    charts = [panel for panel in BOARD["panels"] if panel["type"] == "timeseries"]
    assert len(charts) == 2
    for chart in charts:
        colours = [overrides(chart, name)["color"]["fixedColor"] for name in STRATEGIES]
        assert colours == list(LINES[: len(STRATEGIES)])


def test_more_strategies_than_colours_leave_the_rest_to_grafana() -> None:
    many = [f"s{number}" for number in range(len(LINES) + 3)]
    board = json.loads(boards("USDT", many)["strategies.json"])
    chart = next(panel for panel in board["panels"] if panel["title"] == "Net P&L by strategy")
    assert overrides(chart, many[len(LINES) - 1])
    assert not overrides(chart, many[len(LINES)])
    assert chart["fieldConfig"]["defaults"]["color"] == {"mode": "palette-classic-by-name"}


def test_money_carries_the_reporting_currency() -> None:
    text = boards("EUR")["strategies.json"]
    assert '"unit": "suffix:EUR"' in text
    assert "USDT" not in text


def test_the_threshold_lines_are_those_of_the_drawdown_alert() -> None:
    made = load_settings(ROOT / "config")
    known = {(line.alert, line.severity) for line in thresholds(made.alerts, made.rules)}
    chart = next(panel for panel in BOARD["panels"] if panel["title"] == "Drawdown by strategy")
    drawn = re.findall(r'alert="(\w+)",severity="(\w+)"', " ".join(target["expr"] for target in chart["targets"]))
    assert drawn == [(DRAWDOWN_ALERT, "warning"), (DRAWDOWN_ALERT, "critical")]
    assert set(drawn) <= known


def test_the_alert_list_leaves_the_watchdog_out() -> None:
    alerts = next(panel for panel in BOARD["panels"] if panel["type"] == "alertlist")
    assert alerts["options"]["alertInstanceLabelFilter"] == '{alertname!="Watchdog"}'
    assert alerts["options"]["stateFilter"]["firing"] is True


def test_alerts_are_marked_once_and_not_shaded_for_as_long_as_they_fire() -> None:
    mark, _ = BOARD["annotations"]["list"]
    assert mark["useValueForTime"] is True
    assert mark["expr"].startswith("1e3 * ")


def test_what_rotation_did_is_marked_with_the_strategy_the_step_and_why() -> None:
    _, mark = BOARD["annotations"]["list"]
    assert mark["useValueForTime"] is True
    assert mark["expr"].startswith("1e3 * ")
    shown = mark["titleFormat"] + mark["textFormat"]
    assert set(re.findall(r"{{(\w+)}}", shown)) == set(catalog.ROTATION_STEP_TIMESTAMP_SECONDS.labels)


def test_the_links_of_the_notifications_lead_to_this_board() -> None:
    board = str(load_settings(ROOT / "config").alerts.links.board)
    assert board.endswith(f"/d/{BOARD['uid']}")


def test_a_table_wider_than_the_alphabet_is_refused() -> None:
    columns = [Column(f"c{number}", "up", "none") for number in range(27)]
    with pytest.raises(ValueError, match="27 columns: at most 26"):
        joined(grid("t", "d."), "strategy", "Strategy", columns)
