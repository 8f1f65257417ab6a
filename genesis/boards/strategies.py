"""The board "Strategies": what the portfolio manager keeps open all day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from grafana_foundation_sdk.builders import common, dashboard, stat, table, timeseries
from grafana_foundation_sdk.models import common as common_model
from grafana_foundation_sdk.models import dashboard as model

from genesis.boards import alerts, queries, rotation, style
from genesis.boards.style import AnyPanel, Column
from genesis.monitoring import catalog

UID: Final = "genesis-strategies"
TITLE: Final = "Strategies"
# As quick as the scrape; slower for a wall screen, quicker for a scrape interval below a second.
REFRESH: Final = "1s"
REFRESH_CHOICES: Final = ["250ms", "1s", "5s", "15s", "1m", "5m"]


def strategies_board(currency: str, strategies: Sequence[str]) -> dict[str, Any]:
    """The board in Grafana's JSON model, panels numbered and placed."""
    board = (
        dashboard.Dashboard(TITLE)
        .uid(UID)
        .description(
            "Live performance of each strategy and of the account, at the mark. DO NOT EDIT: `genesis generate` makes it."
        )
        .tags(["genesis"])
        .readonly()
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .time("now-15m", "now")
        .timezone("browser")
        .refresh(REFRESH)
        .timepicker(dashboard.TimePicker().refresh_intervals(REFRESH_CHOICES))
        .variables([_data_source(), _strategy()])
    )
    for number, panel in enumerate(_panels(currency, strategies), start=1):
        board.with_panel(panel.id(number))
    made: dict[str, Any] = board.build().to_json()
    made["annotations"] = {"list": [alerts.alert_marks(), rotation.step_marks()]}
    return made


def _panels(currency: str, strategies: Sequence[str]) -> list[AnyPanel]:
    """In reading order; the board fills its grid from left to right."""
    top: list[AnyPanel] = [panel.height(3).span(4) for panel in _account_figures(currency)]
    return [
        *top,
        _net_pnl(currency, strategies).height(8).span(12),
        _drawdown(strategies).height(8).span(12),
        _overview(currency).height(7).span(24),
        alerts.alert_table().height(8).span(10),
        alerts.alert_list().height(8).span(6),
        _undefined().height(8).span(8),
    ]


def _account_figures(currency: str) -> list[stat.Panel]:
    money = style.money(currency)
    net = style.big_number(
        "Net P&L",
        "Realised and unrealised P&L less fees plus funding of all strategies, since start.",
        style.now(queries.account(catalog.PORTFOLIO_NET_PNL), "Net P&L"),
        money,
        2,
    )
    today = style.big_number(
        "Today",
        "Net P&L of all strategies since the day began, in the account's time zone.",
        style.now(queries.account(catalog.PORTFOLIO_PERIOD_PNL, 'period="day"'), "Today"),
        money,
        2,
    )
    used = style.big_number(
        "Daily loss used",
        "Today's loss over the daily loss limit of the account's tier, reached at 100 %. 0 on a day without a loss.",
        style.now(queries.account(catalog.PORTFOLIO_DAILY_LOSS_USED_RATIO), "Daily loss used"),
        style.RATIO,
        1,
    )
    return [
        style.big_number(
            "Equity",
            "Capital plus net P&L of all strategies at the mark.",
            style.now(queries.account(catalog.PORTFOLIO_EQUITY), "Equity"),
            money,
            2,
        ),
        net.thresholds(style.by_sign()),
        today.thresholds(style.by_sign()),
        style.big_number(
            "Drawdown",
            "How far the account's marked equity is below its peak, as a share of the peak.",
            style.now(queries.account(catalog.PORTFOLIO_DRAWDOWN_RATIO), "Drawdown"),
            style.RATIO,
            2,
        ),
        used.thresholds(style.above(1.0)),
        _tier(),
    ]


def _tier() -> stat.Panel:
    return style.big_number(
        "Tier",
        "The tier of the account, by its equity; config/trading_rules.yaml has its limits. Empty below the smallest tier.",
        style.now(f"max by (tier) ({catalog.TIER_INFO.name})", "{{tier}}"),
        style.COUNT,
    ).text_mode(common_model.BigValueTextMode.NAME)


def _net_pnl(currency: str, strategies: Sequence[str]) -> timeseries.Panel:
    panel = (
        style.chart(
            "Net P&L by strategy",
            "Realised and unrealised P&L less fees plus funding, since start, at the mark. Vertical marks: an alert fired, "
            "or rotation moved capital.",
            style.money(currency),
        )
        .axis_centered_zero(True)
        .thresholds(style.zero_line())
        .thresholds_style(common.GraphThresholdsStyleConfig().mode(common_model.GraphThresholdsStyleMode.LINE))
        .with_target(style.lines(queries.each(catalog.STRATEGY_NET_PNL), "{{strategy}}"))
    )
    return style.own_colours(panel, strategies)


def _drawdown(strategies: Sequence[str]) -> timeseries.Panel:
    panel = (
        style.chart(
            "Drawdown by strategy",
            "How far the marked equity of each strategy is below its peak, drawn downwards from zero. Dashed: where the alert "
            "of that severity fires; a line with a strategy's name holds for that strategy instead of the default.",
            style.RATIO,
        )
        .fill_opacity(15)
        .axis_soft_max(0)
        .with_target(style.lines(queries.below_peak(), "{{strategy}}"))
    )
    style.own_colours(panel, strategies)
    for ref, severity, colour in (("B", "warning", style.WARNING), ("C", "critical", style.CRITICAL)):
        panel.with_target(style.lines(queries.drawdown_threshold(severity), f"{severity} {{{{strategy}}}}", ref))
        panel.override_by_query(ref, _dashed(colour))
    return panel


def _dashed(colour: str) -> list[model.DynamicConfigValue]:
    return [
        style.fixed(colour),
        model.DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [10, 10]}),
        model.DynamicConfigValue("custom.lineWidth", 2),
        model.DynamicConfigValue("custom.fillOpacity", 0),
    ]


def _overview(currency: str) -> table.Panel:
    panel = style.grid(
        "Strategies",
        f"One row a strategy; money in {currency}. An empty cell is a figure that cannot be computed yet: the table of "
        "undefined figures says why. Trades are round trips from flat to flat. Slippage is the mean of "
        "all fills against their signals' prices, in basis points, positive when it cost money. A strategy's name narrows the "
        "board down to it.",
    )
    columns = [
        Column("Equity", queries.each(catalog.STRATEGY_EQUITY), style.COUNT, 2),
        Column("Net P&L", queries.each(catalog.STRATEGY_NET_PNL), style.COUNT, 2, signed=True),
        Column("Today", queries.each(catalog.STRATEGY_PERIOD_PNL, 'period="day"'), style.COUNT, 2, signed=True),
        Column("Drawdown", queries.each(catalog.STRATEGY_DRAWDOWN_RATIO), style.RATIO, 2),
        Column("Deepest", queries.each(catalog.STRATEGY_MAX_DRAWDOWN_RATIO), style.RATIO, 2),
        Column("Trades", queries.total(catalog.STRATEGY_TRADES), style.COUNT, 0),
        Column("Win rate", queries.each(catalog.STRATEGY_WIN_RATE_RATIO, 'window="all"'), style.RATIO, 1),
        Column("Profit factor", queries.each(catalog.STRATEGY_PROFIT_FACTOR_RATIO, 'window="all"'), style.COUNT, 2),
        Column("Slippage", queries.mean_slippage(), "suffix:bp", 2),
        Column("Last event", queries.silence(), style.SECONDS, 0),
    ]
    link = {"title": "Only this strategy", "url": f"/d/{UID}?var-strategy=${{__value.raw:percentencode}}&${{__url_time_range}}"}
    return (
        style.joined(panel, "strategy", "Strategy", columns)
        .override_by_name("Strategy", [model.DynamicConfigValue("links", [link]), style.width(150)])
        .sort_by([common.TableSortByFieldState().display_name("Strategy").desc(False)])
    )


def _undefined() -> table.Panel:
    panel = style.grid(
        "Undefined figures",
        "Figures that are left out because they cannot be computed, and why; docs/metrics.md explains the figures.",
    ).with_target(style.rows(queries.undefined_figures()))
    panel.override_by_name("Strategy", [style.width(130)])
    names = {"strategy": "Strategy", "figure": "Figure", "reason": "Reason"}
    return style.reshaped(panel, names, hidden=["Value"])


def _data_source() -> dashboard.DatasourceVariable:
    return dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus")


def _strategy() -> dashboard.QueryVariable:
    everything = model.VariableOption(selected=True, text=["All"], value=["$__all"])
    return (
        dashboard.QueryVariable("strategy")
        .label("Strategy")
        .datasource(style.SOURCE)
        .query({"qryType": 1, "query": queries.known_strategies(), "refId": "strategies"})
        .current(everything)
        .multi(True)
        .include_all(True)
        .all_value(".+")  # strategies that appear while the board is open are shown too
        .refresh(model.VariableRefresh.ON_DASHBOARD_LOAD)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
    )
