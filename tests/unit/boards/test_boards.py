"""What every board must keep to, whatever is on it."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

from genesis.alerts.catalog import ALERTS
from genesis.alerts.catalog.execution import FILL_DELAY_HIGH, SLIPPAGE_ABOVE_EXPECTED, SLIPPAGE_HIGH
from genesis.boards import boards, foreign, links, style
from genesis.boards.panels import Caption
from genesis.boards.queries import BEFORE_END
from genesis.boards.tables import Column, grid, joined
from genesis.configuration import load_settings
from genesis.core.duration import parse_duration
from genesis.metrics import catalog
from genesis.metrics.metric import Kind
from genesis.monitoring.alert_manager import thresholds
from tests.cases import every_case
from tests.unit.boards.made import BOARDS, ROOT, SETTINGS, STEP, expressions, overrides, panel_of, panels, targets

CHARTS = {"timeseries", "state-timeline", "status-history", "heatmap"}
NUMBERS = {"stat", "bargauge", "timeseries", "heatmap", "state-timeline", "status-history", "gauge", "barchart"}

# What Prometheus itself makes of an alert: its series have the labels of the alert.
ALERT_SERIES = {"ALERTS", "ALERTS_FOR_STATE"}
ALERT_LABELS = {"alertname", "alertstate", "severity", "strategy", "symbol"}
NAME = re.compile(r"\b([a-zA-Z_:][\w:]*)\s*(?:\{([^}]*)\})")
LABEL_MATCH = re.compile(r'(\w+)(?:=~|!~|!=|=)["`]')
GROUPING = re.compile(r"\b(?:by|without|ignoring|on|group_left|group_right)\s*\(([^)]*)\)")
ADDED_LABEL = re.compile(r'label_(?:replace|join)\(.*?,\s*"(\w+)"')
WORD = re.compile(r"\b[a-zA-Z_:][\w:]*\b(?!\s*\()")
RANGE = re.compile(r"\[([^\]]+)\]")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`')

each_board = pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)


def every_panel() -> Iterator[tuple[str, dict[str, Any]]]:
    """Where it is, and the panel."""
    return ((f"{name}: {panel['title']}", panel) for name, board in BOARDS.items() for panel in panels(board))


def every_target() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Where it is, the panel and its query."""
    for name, board in BOARDS.items():
        for panel, target in targets(board):
            yield f"{name}: {panel['title']}: {target['refId']}", panel, target


def every_expression() -> dict[str, str]:
    """Each different expression → a board that it is on."""
    return {expr: name for name, board in BOARDS.items() for expr in expressions(board)}


def test_same_settings_make_the_same_text_ending_in_a_newline() -> None:
    again = boards(SETTINGS)
    assert again == boards(SETTINGS)
    assert all(text.endswith("}\n") for text in again.values())


def test_there_is_one_board_for_each_link() -> None:
    assert {name: (board["uid"], board["title"]) for name, board in BOARDS.items()} == {
        f"{linked.name}.json": (linked.uid, linked.title) for linked in links.ALL
    }


def test_uids_and_titles_are_unique_because_a_duplicate_blocks_all_boards() -> None:
    for key in ("uid", "title"):
        found = [board[key] for board in BOARDS.values()]
        assert len(set(found)) == len(found)


@each_board
def test_a_board_is_read_only_and_says_that_it_is_generated(board: dict[str, Any]) -> None:
    assert board["editable"] is False
    assert "DO NOT EDIT" in board["description"]


@each_board
def test_a_board_is_what_the_sdk_knows(board: dict[str, Any]) -> None:
    """Read by the SDK's models and written again, nothing is lost but what its annotations and alert list do not know."""
    read = model.Dashboard.from_json(board)
    again = json.loads(json.dumps(read, cls=JSONEncoder))
    for one in (again, copy := json.loads(json.dumps(board))):
        one.pop("annotations")
    assert again == copy


@each_board
def test_panels_have_ids_and_titles_of_their_own_and_do_not_overlap(board: dict[str, Any]) -> None:
    for key in ("id", "title"):
        found = [panel[key] for panel in board["panels"]]
        assert len(set(found)) == len(found)
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {(place["x"] + right, place["y"] + down) for right in range(place["w"]) for down in range(place["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


@each_board
def test_rows_of_panels_have_no_holes(board: dict[str, Any]) -> None:
    for top in {panel["gridPos"]["y"] for panel in board["panels"]}:
        row = [panel["gridPos"] for panel in board["panels"] if panel["gridPos"]["y"] == top]
        assert sum(place["w"] for place in row) == 24, top
        assert len({place["h"] for place in row}) == 1, top


def test_every_panel_says_what_it_shows_and_why_it_may_be_empty() -> None:
    with every_case() as case:
        for where, panel in every_panel():
            with case(where):
                assert panel["title"]
                assert panel["description"].endswith(".")
                if panel["type"] != "alertlist":  # its words for an empty list are its own
                    assert re.fullmatch(r"[A-Z].*\.", panel["fieldConfig"]["defaults"]["noValue"])


def test_the_reason_of_an_empty_number_fits_its_small_space() -> None:
    with every_case() as case:
        for where, panel in every_panel():
            if panel["type"] == "stat" and panel["gridPos"]["h"] <= 3:
                with case(where):
                    assert len(panel["fieldConfig"]["defaults"]["noValue"]) <= 8 * panel["gridPos"]["w"]


def test_every_number_has_a_unit() -> None:
    with every_case() as case:
        for where, panel in every_panel():
            with case(where):
                numbers_have_units(panel)


def numbers_have_units(panel: dict[str, Any]) -> None:
    """Fail unless each number of the panel, or each column of a table, has a unit."""
    if panel["type"] in NUMBERS:
        assert panel["fieldConfig"]["defaults"]["unit"]
    elif panel["type"] == "table":
        if panel["fieldConfig"]["defaults"].get("unit"):
            return
        organized = next(one["options"] for one in panel["transformations"] if one["id"] == "organize")
        columns = organized["renameByName"]
        values = [field for field in columns if field.startswith("Value") and field not in organized["excludeByName"]]
        assert all(overrides(panel, columns[field]).get("unit") for field in values)


def test_every_query_names_its_lines_or_fills_a_table() -> None:
    with every_case() as case:
        for where, panel, target in every_target():
            with case(where):
                if panel["type"] == "table" or target.get("format") == "table":
                    assert target.get("format") == "table" or target.get("range")
                else:
                    assert target["legendFormat"] not in {"", "__auto"}
                if panel["type"] == "timeseries":
                    assert panel["options"]["legend"]["showLegend"] is True


def test_a_figure_without_a_time_axis_is_of_now_and_goes_when_the_monitor_falls_silent() -> None:
    with every_case() as case:
        for where, panel, target in every_target():
            trend = panel["type"] == "table" and any(one["id"] == "timeSeriesTable" for one in panel["transformations"])
            over_time = panel["type"] in CHARTS or (trend and target["refId"] == "Trend")
            with case(where):
                assert bool(target.get("range")) is over_time
                assert bool(target.get("instant")) is not over_time


def test_no_query_over_time_asks_for_steps_shorter_than_the_scrape_interval() -> None:
    with every_case() as case:
        for where, _, target in every_target():
            with case(where):
                assert target.get("interval") == (STEP if target.get("range") else None)


@each_board
def test_data_comes_through_the_data_source_variable_alone(board: dict[str, Any]) -> None:
    first, *others = board["templating"]["list"]
    assert (first["name"], first["type"], first["query"]) == ("datasource", "datasource", "prometheus")
    asked = [one for one in others if one["type"] == "query"] + board["annotations"]["list"]
    for panel in panels(board):
        asked += [panel, *panel["targets"]] if "targets" in panel else []
    assert {json.dumps(one["datasource"], sort_keys=True) for one in asked} == {
        '{"type": "prometheus", "uid": "${datasource}"}'
    }


def test_every_metric_and_label_is_in_the_catalogue() -> None:
    with every_case() as case:
        for expr, board in every_expression().items():
            with case(f"{board}: {expr}"):
                asks_for_what_the_catalogue_has(expr)


def asks_for_what_the_catalogue_has(expr: str) -> None:
    """Fail unless each metric is in the catalogue, and each label is one of its metric's or made by the expression."""
    metrics = metrics_in(expr)
    assert metrics, f"no metric in {expr}"
    known = {label for name in metrics for label in labels_of(name)} | set(ADDED_LABEL.findall(expr))
    for name, selector in NAME.findall(expr.replace("${", "$(").replace(":regex}", ")").replace(":raw}", ")")):
        assert set(LABEL_MATCH.findall(selector)) <= set(labels_of(name)), name
    for grouping in GROUPING.findall(expr):
        assert {label.strip() for label in grouping.split(",") if label.strip()} <= known


def metrics_in(expr: str) -> set[str]:
    """The metrics' names: what is neither in a string, braces or brackets, nor a list of labels, nor a word of PromQL."""
    bare = GROUPING.sub(" ", RANGE.sub(" ", re.sub(r"\{[^}]*\}", " ", STRING.sub('""', expr))))
    keywords = {"and", "or", "unless", "by", "without", "on", "ignoring", "offset", "bool", "inf", "nan"}
    return {word for word in WORD.findall(re.sub(r"\$\w+", "8", bare)) if word.lower() not in keywords}


def labels_of(series: str) -> tuple[str, ...] | set[str]:
    """The labels of a series by its name; fails for a name that no metric has."""
    if series in ALERT_SERIES:
        return ALERT_LABELS
    family = re.sub(r"_(sum|count|bucket)$", "", series)
    for known in (catalog.BY_NAME, foreign.FOREIGN):
        if family in known and known[family].kind is Kind.HISTOGRAM:
            return (*known[family].labels, "le")
        if series in known:
            return known[series].labels
    raise AssertionError(f"neither the catalogue nor the list of foreign metrics has {series}")


@each_board
def test_every_link_leads_to_a_board_that_there_is(board: dict[str, Any]) -> None:
    uids = {one["uid"] for one in BOARDS.values()}
    urls = re.findall(r'"url": "([^"]*)"', json.dumps(board))
    assert len(urls) >= len(links.ALL)
    for url in urls:
        parts = urlsplit(url)
        if parts.netloc:
            continue
        assert parts.path.removeprefix("/d/") in uids, url


@each_board
def test_the_links_on_top_lead_to_all_boards_and_keep_the_time_range(board: dict[str, Any]) -> None:
    assert [link["url"].partition("?")[0] for link in board["links"]] == [linked.path for linked in links.ALL]
    assert all(link["keepTime"] for link in board["links"])


@each_board
def test_what_is_picked_goes_along_except_all_strategies_to_the_board_of_one(board: dict[str, Any]) -> None:
    for link in board["links"]:
        to_one = link["url"].startswith("/d/genesis-strategy") and board["uid"] != "genesis-strategy"
        assert link["includeVars"] is not to_one


@each_board
def test_a_variable_that_is_used_is_there_and_none_is_there_for_nothing(board: dict[str, Any]) -> None:
    names = {variable["name"] for variable in board["templating"]["list"]}
    content = json.dumps([board["panels"], board["annotations"], [one["query"] for one in board["templating"]["list"]]])
    used = {name for name in re.findall(r"\$\{?([a-z_]+)", content) if not name.startswith("__")}
    assert used == names


@each_board
def test_the_thresholds_that_are_drawn_are_those_of_alerts_that_have_them(board: dict[str, Any]) -> None:
    made = load_settings(ROOT / "config")
    known = {(line.alert, line.severity) for line in thresholds(made.alerts, made.rules)}
    drawn = re.findall(r'alert="(\w+)",severity="(\w+)"', " ".join(expressions(board)))
    assert set(drawn) <= known


def test_charts_of_what_an_alert_looks_at_look_as_far_back_and_at_the_same_quantile() -> None:
    ten, twenty, forty = (timedelta(minutes=minutes) for minutes in (10, 20, 40))
    changed = (
        SETTINGS.alerts.changed(SLIPPAGE_HIGH, window=ten)
        .changed(SLIPPAGE_ABOVE_EXPECTED, window=twenty)
        .changed(FILL_DELAY_HIGH, window=forty, quantile=Decimal("0.99"))
    )
    board = json.loads(boards(SETTINGS._replace(alerts=changed))["execution.json"])
    looks = {
        "Slippage": ["[10m:30s]"],
        "Slippage against expected": ["[10m:30s]"],
        "Slippage by strategy": ["[10m:30s]", "[20m:1m]"],
        "Mean slippage by strategy": ["[10m:30s]"],
        "Slippage over expected": ["[20m:1m]"],
        "Fill delay, p99": ["[40m:2m]", "histogram_quantile(0.99,"],
        "Fill delay by strategy": ["[40m:2m]", "histogram_quantile(0.99,"],
    }
    for title, parts in looks.items():
        told = " ".join(target["expr"] for target in panel_of(board, title)["targets"]).replace(BEFORE_END, "")
        assert all(part in told for part in parts)
        assert set(re.findall(r"\[\d\w*:\w+]", told)) == {part for part in parts if part.startswith("[")}


@each_board
def test_money_carries_the_reporting_currency(board: dict[str, Any]) -> None:
    in_euros = boards(SETTINGS._replace(currency="EUR"))
    text = next(text for text in in_euros.values() if json.loads(text)["uid"] == board["uid"])
    assert "USDT" not in text
    assert ("suffix:EUR" in text) is ("suffix:USDT" in json.dumps(board))


@each_board
def test_what_is_not_known_has_the_colour_of_neither_gain_nor_loss(board: dict[str, Any]) -> None:
    for panel in panels(board):
        defaults = panel.get("fieldConfig", {}).get("defaults", {})
        found = [defaults["thresholds"]] if panel["type"] in {"stat", "bargauge"} else []
        found += [
            prop["value"]
            for rule in panel.get("fieldConfig", {}).get("overrides", [])
            for prop in rule["properties"]
            if prop["id"] == "thresholds"
        ]
        for thresholds_of_it in found:
            base, *_ = thresholds_of_it["steps"]
            assert base["value"] is None
            assert base["color"] in {style.QUIET, "text"}, panel["title"]


@each_board
def test_marks_are_at_the_time_that_the_query_tells_and_no_shade_for_as_long_as_it_lasts(board: dict[str, Any]) -> None:
    for mark in board["annotations"]["list"]:
        assert mark["useValueForTime"] is True
        assert mark["expr"].startswith("1e3 * ")


@each_board
def test_pauses_reductions_resumptions_and_pins_are_marked_and_a_switch_shows_the_other_steps(board: dict[str, Any]) -> None:
    marks = {mark["name"]: mark for mark in board["annotations"]["list"] if "rotation_step" in mark["expr"]}
    if not marks:
        assert board["uid"] == "genesis-service"
        return
    turns, others = marks["Rotation"], marks["Rotation: other steps"]
    assert len(marks) == 2
    assert 'action=~"pause|reduce|resume|pin"' in turns["expr"]
    assert 'action=~"raise|lower|restore"' in others["expr"]
    assert (turns["enable"], others["enable"]) == (True, False)
    assert not any(mark["hide"] for mark in marks.values()), "the switch is not shown"


@each_board
def test_colours_are_of_the_palette_that_every_kind_of_colour_vision_tells_apart(board: dict[str, Any]) -> None:
    known = {*style.LINES, style.GAIN, style.LOSS, style.WARNING, style.CRITICAL, style.QUIET}
    assert set(re.findall(r"#[0-9A-Fa-f]{6}", json.dumps(board))) <= known
    names = {"red", "green", "dark-red", "dark-green", "semi-dark-red", "semi-dark-green"}
    assert not names & set(re.findall(r'"(?:color|fixedColor)": "([\w-]+)"', json.dumps(board)))


def test_the_scrape_interval_is_the_least_step() -> None:
    made = boards(SETTINGS._replace(scrape_interval=timedelta(milliseconds=500)))
    steps = {target["interval"] for text in made.values() for _, target in targets(json.loads(text)) if target.get("range")}
    assert steps == {"500ms"}


@each_board
def test_a_board_refreshes_calmly_and_falls_back_to_calm_while_the_quick_choices_stay(board: dict[str, Any]) -> None:
    """Grafana takes the first choice, or that before the first longer one, for a refresh that is not among the choices."""
    first, *others = board["timepicker"]["refresh_intervals"]
    assert board["refresh"] == first == "10s"
    assert {"250ms", "500ms", "1s", "30s"} <= set(others)
    assert others == sorted(set(others) - {first}, key=parse_duration)


def test_the_links_of_the_notifications_lead_to_boards_that_there_are() -> None:
    uids = {board["uid"] for board in BOARDS.values()}
    assert {alert.board for alert in ALERTS.values()} <= uids


def test_grafana_opens_with_the_portfolio() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    home = compose["services"]["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert Path(home).name in BOARDS
    assert BOARDS[Path(home).name]["title"] == "Portfolio"


def test_a_table_wider_than_the_alphabet_is_refused() -> None:
    columns = [Column(f"c{number}", "up", "none") for number in range(27)]
    with pytest.raises(ValueError, match="at most 26 columns, not 27"):
        joined(grid(Caption("t", "d.", "e.")), {"strategy": "Strategy"}, columns)


def test_a_threshold_is_not_drawn_where_there_is_nothing_to_stand_beside_it() -> None:
    charts = {
        "strategy.json": ["Probabilistic Sharpe ratio"],
        "risk.json": ["Beta by strategy"],
        "execution.json": ["Slippage over expected"],
        "rotation.json": ["Engine's weights less targets", "Age in intervals"],
    }
    for name, titles in charts.items():
        for title in titles:
            dashed = [
                target["expr"] for target in panel_of(BOARDS[name], title)["targets"] if "alert_threshold" in target["expr"]
            ]
            assert dashed
            assert all(" and on () (" in expr for expr in dashed), title
