"""The board "Portfolio": what the portfolio manager keeps open all day."""

from __future__ import annotations

from typing import Any, Final

from grafana_foundation_sdk.builders import bargauge, stat, table, timeseries
from grafana_foundation_sdk.models import dashboard as model

from genesis.boards import alerts, event_annotations, frame, links, queries, style, thresholds, variables
from genesis.boards.frame import BoardSettings, Section
from genesis.boards.panels import (
    NO_MARK,
    NO_RULES,
    UNDEFINED,
    Caption,
    bars,
    big_number,
    chart,
    legend_below,
    names,
    signed,
)
from genesis.boards.tables import Column, Trend, grid, per_strategy, reshaped, sorted_by
from genesis.boards.targets import lines, now, rows
from genesis.metrics import catalog

_LIMITS: Final = {"max_daily_loss": "Daily loss", "max_positions": "Open positions"}


def portfolio_board(settings: BoardSettings) -> dict[str, Any]:
    """The board in Grafana's JSON model."""
    sections = [
        Section(None, [panel.height(3).span(4) for panel in [*_money(settings.currency), *_limits(settings.currency)]]),
        Section(
            None,
            [
                _equity(settings.currency).height(7).span(12),
                _net_pnl(settings).height(7).span(12),
                _strategies().height(8).span(24),
                _drawdown(settings).height(8).span(12),
                alerts.alert_table(queries.PICKED_OR_NONE).height(8).span(12),
            ],
        ),
        Section(
            "Tier, rules and undefined figures",
            [
                _tier_limits().height(7).span(6),
                alerts.alert_list().height(7).span(8),
                _undefined().height(7).span(10),
            ],
        ),
    ]
    return frame.board(
        links.PORTFOLIO,
        settings,
        sections,
        choices=[variables.strategies(), variables.window(), variables.most_lines()],
        annotations=[event_annotations.alerts(queries.PICKED_OR_NONE), *event_annotations.rotations(queries.PICKED)],
    )


def _money(currency: str) -> list[stat.Panel]:
    """P&L over several periods, and equity."""
    soon = Caption(
        "5 minutes",
        "By how much the net P&L of all strategies has changed in the last five minutes.",
        "Too early, or no scrape.",
    )
    whole = Caption(
        "Since start", "Realised and unrealised P&L less fees plus funding of all strategies, since start.", NO_MARK
    )
    periods = [("Today", "day"), ("This week", "week"), ("This month", "month")]
    figures = [
        (soon, queries.account_change(catalog.PORTFOLIO_NET_PNL, "5m")),
        *(
            (_period(title, period), queries.account(catalog.PORTFOLIO_PERIOD_PNL, f'period="{period}"'))
            for title, period in periods
        ),
        (whole, queries.account(catalog.PORTFOLIO_NET_PNL)),
    ]
    unit = style.money(currency)
    pnl = [big_number(caption, now(expr, caption.title), unit, 2).thresholds(style.by_sign()) for caption, expr in figures]
    equity = Caption("Equity", "Capital plus net P&L of all strategies at the mark.", NO_MARK)
    return [*pnl, big_number(equity, now(queries.account(catalog.PORTFOLIO_EQUITY), "Equity"), unit, 2)]


def _period(title: str, period: str) -> Caption:
    return Caption(title, f"Net P&L of all strategies since the {period} began, in the account's time zone.", NO_MARK)


def _limits(currency: str) -> list[stat.Panel]:
    """The account against its limits."""
    drawdown = Caption("Drawdown", "How far the account's marked equity is below its peak, as a share of the peak.", NO_MARK)
    risk = Caption(
        "VaR, 95 %",
        "Value at risk: the loss exceeded in 5 of 100 periods as long as the horizon in monitor.yaml, from past returns. See "
        "the board Risk.",
        "Few returns or scrapes.",
    )
    used = Caption(
        "Loss limit",
        "Today's loss as a share of the daily loss limit of the account's tier; 0 on a day without a loss.",
        "No tier, mark or scrape.",
    )
    positions = Caption(
        "Positions", "Open positions of all strategies; two strategies in one symbol count as two.", "No scrape."
    )
    tail = queries.account(catalog.PORTFOLIO_VALUE_AT_RISK, 'method="historical"', 'confidence="0.95"')
    return [
        big_number(drawdown, now(queries.account(catalog.PORTFOLIO_DRAWDOWN_RATIO), "Drawdown"), style.RATIO, 2),
        big_number(risk, now(tail, "Value at risk"), style.money(currency), 2),
        big_number(
            used, now(queries.account(catalog.PORTFOLIO_DAILY_LOSS_USED_RATIO), "Daily loss used"), style.RATIO, 1
        ).thresholds(style.steps({None: style.GAIN, 0.8: style.WARNING, 1.0: style.CRITICAL})),
        big_number(positions, now(queries.account(catalog.PORTFOLIO_OPEN_POSITIONS), "Open positions"), style.COUNT, 0),
        _tier(),
        _firing(),
    ]


def _tier() -> stat.Panel:
    caption = Caption(
        "Tier",
        "The tier of the account by its equity; config/trading_rules.yaml has its limits.",
        "Too small, or no scrape.",
    )
    return names(caption, queries.account(catalog.TIER_INFO, by="tier"), "tier")


def _firing() -> stat.Panel:
    caption = Caption(
        "Firing",
        "Alerts of the account and of all strategies that fire now; pending alerts are not counted.",
        NO_RULES,
    )
    return big_number(caption, now(queries.firing_alerts(), "Firing"), style.COUNT, 0).thresholds(style.above(1))


def _equity(currency: str) -> timeseries.Panel:
    caption = Caption(
        "Equity and drawdown",
        "The account's capital plus net P&L at the mark; and the drawdown from the peak, downwards from zero on the right "
        "axis. A step in the equity without one in the drawdown is a deposit or withdrawal. Vertical lines: an alert fired, "
        "or rotation paused, reduced or resumed a strategy.",
        UNDEFINED,
    )
    drawdown = [
        model.DynamicConfigValue("custom.axisPlacement", "right"),
        *style.unit(style.RATIO),
        model.DynamicConfigValue("custom.fillOpacity", 25),
        model.DynamicConfigValue("custom.lineWidth", 1),
        model.DynamicConfigValue("max", 0),
        style.fixed(style.LOSS),
    ]
    return (
        legend_below(chart(caption, style.money(currency), 2))
        .with_target(lines(queries.account(catalog.PORTFOLIO_EQUITY), "Equity"))
        .with_target(lines(f"-{queries.account(catalog.PORTFOLIO_DRAWDOWN_RATIO)}", "Drawdown", "B"))
        .override_by_name("Equity", [style.fixed(style.GAIN)])
        .override_by_name("Drawdown", drawdown)
    )


def _net_pnl(settings: BoardSettings) -> timeseries.Panel:
    caption = Caption(
        "Net P&L by strategy",
        "Realised and unrealised P&L less fees plus funding, since start, at the mark. If there are more strategies than "
        "lines on the board, those furthest from zero.",
        UNDEFINED,
    )
    panel = signed(chart(caption, style.money(settings.currency), 2)).with_target(
        lines(queries.furthest(catalog.STRATEGY_NET_PNL), "{{strategy}}")
    )
    return style.own_colours(panel, settings.strategies)


def _strategies() -> table.Panel:
    caption = Caption(
        "Strategies",
        "One row for each strategy, today's worst first; the name links to its board. Money in the account's currency. Trend: "
        "net P&L over the board's time range. A dash: the figure cannot be computed yet; the strategy's board says why. Win "
        "rate, profit factor and Sharpe ratio (annualised) are for the chosen window. Slippage: mean of the fills against the "
        "signals' prices; above 0 it cost money. Capacity: the strategy's capital as a share of what it can use.",
        "No strategy is known: none has an event yet, or the monitor was not scraped.",
    )
    columns = [
        Column("State", queries.states(queries.PICKED), style.COUNT, properties=style.states()),
        Column("Net P&L", queries.each(catalog.STRATEGY_NET_PNL), style.COUNT, 2, signed=True),
        Column("Today", queries.each(catalog.STRATEGY_PERIOD_PNL, 'period="day"'), style.COUNT, 2, signed=True),
        Column("Drawdown", queries.each(catalog.STRATEGY_DRAWDOWN_RATIO), style.RATIO, 2),
        Column("Sharpe", queries.each(catalog.STRATEGY_SHARPE_RATIO, queries.CHOSEN_WINDOW), style.COUNT, 1),
        Column("Win rate", queries.each(catalog.STRATEGY_WIN_RATE_RATIO, queries.CHOSEN_WINDOW), style.RATIO, 1),
        Column("Profit factor", queries.each(catalog.STRATEGY_PROFIT_FACTOR_RATIO, queries.CHOSEN_WINDOW), style.COUNT, 2),
        Column("Slippage", f"1e4 * {queries.each(catalog.STRATEGY_MEAN_SLIPPAGE_RATIO)}", style.BASIS_POINTS, 2),
        Column("Capacity", queries.each(catalog.STRATEGY_CAPACITY_USED_RATIO), style.RATIO, 0),
        Column("Alerts", queries.firing_alerts_of_each(), style.COUNT, 0, properties=_alarming()),
    ]
    pnl = catalog.STRATEGY_NET_PNL
    # Only of the strategies that are known at the end of the range: a trend must not add a row.
    trend = Trend("Trend", f"{queries.each(pnl)} and on (strategy) {queries.each(pnl, at=queries.AT_END)}")
    return sorted_by(per_strategy(caption, columns, trend), "Today")


def _alarming() -> list[model.DynamicConfigValue]:
    return [style.coloured_text(), *style.coloured_steps({None: "text", 1: style.CRITICAL})]


def _drawdown(settings: BoardSettings) -> timeseries.Panel:
    caption = Caption(
        "Drawdown by strategy",
        "How far the marked equity of each strategy is below its peak, drawn downwards from zero. If there are more "
        "strategies than lines on the board, the deepest drawdowns. Dashed: where StrategyDrawdown of that severity fires; a "
        "line with a strategy's name replaces the default for that strategy.",
        UNDEFINED,
    )
    panel = (
        chart(caption, style.RATIO, 2)
        .axis_soft_max(0)
        .with_target(lines(f"-({queries.furthest(catalog.STRATEGY_DRAWDOWN_RATIO)})", "{{strategy}}"))
    )
    style.own_colours(panel, settings.strategies)
    return thresholds.of_strategies(panel, "StrategyDrawdown", "BC", scale="-")


def _tier_limits() -> bargauge.Panel:
    caption = Caption(
        "Tier limits used",
        "Today's loss and the open positions as shares of what the account's tier allows.",
        "No tier, or the day's P&L is unknown.",
    )
    panel = (
        bars(caption, style.RATIO, 0)
        .min(0)
        .max(1)
        .thresholds(style.steps({None: style.GAIN, 0.8: style.WARNING, 1.0: style.CRITICAL}))
    )
    for ref, (limit, name) in zip("AB", _LIMITS.items(), strict=True):
        panel.with_target(now(queries.account(catalog.TIER_USED_RATIO, f'limit="{limit}"'), name, ref))
    return panel


def _undefined() -> table.Panel:
    caption = Caption(
        "Undefined figures",
        "Figures that cannot be computed, with the reason, and for how many of the selected strategies, or for the account. "
        "docs/numbers.md explains the reasons. The board of a strategy lists its own.",
        "Every figure is known, or the monitor is not scraped.",
    )
    panel = grid(caption).with_target(rows(queries.undefined_figures_counted()))
    panel.override_by_name("Of", [style.width(110)])
    panel.override_by_name("Strategies", [*style.unit(style.COUNT, 0), style.width(96)])
    names = {"of": "Of", "figure": "Figure", "reason": "Reason", "Value": "Strategies"}
    return sorted_by(reshaped(panel, names), "Strategies", descending=True)
