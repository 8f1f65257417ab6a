"""The figures at the top: P&L, state, and the strategy against its limits."""

from __future__ import annotations

from grafana_foundation_sdk.builders import stat
from grafana_foundation_sdk.models import common as common_model
from grafana_foundation_sdk.models import dashboard as model

from genesis.boards import queries, style
from genesis.boards.panels import NO_MARK, NO_RULES, Caption, big_number
from genesis.boards.queries import CHOSEN_WINDOW, THIS
from genesis.boards.targets import now
from genesis.metrics import catalog


def tiles(currency: str) -> list[stat.Panel]:
    """Two rows of six."""
    return [*_money(currency), _state(), *_health(currency), _firing()]


def _money(currency: str) -> list[stat.Panel]:
    since_start = Caption("Since start", "Realised and unrealised P&L less fees plus funding, since start.", NO_MARK)
    figures = [(since_start, queries.own(catalog.STRATEGY_NET_PNL))]
    for title, period in (("Today", "day"), ("This week", "week"), ("This month", "month")):
        caption = Caption(title, f"Net P&L since the {period} began, in the account's time zone.", NO_MARK)
        figures.append((caption, queries.own(catalog.STRATEGY_PERIOD_PNL, f'period="{period}"')))
    unit = style.money(currency)
    pnl = [big_number(caption, now(expr, caption.title), unit, 2).thresholds(style.by_sign()) for caption, expr in figures]
    equity = Caption("Equity", "Capital plus net P&L at the mark.", NO_MARK)
    return [*pnl, big_number(equity, now(queries.own(catalog.STRATEGY_EQUITY), "Equity"), unit, 2)]


def _state() -> stat.Panel:
    caption = Caption(
        "State",
        "What rotation lets the strategy do: active, reduced (a smaller bound on its weight), paused (it only closes "
        "positions), or stopped (no orders at all).",
        "No rotation or scrape.",
    )
    words = {
        f"{queries.STATE_CODES[state]}": model.ValueMappingResult(text=state.value, color=colour)
        for state, colour in style.STATE_COLOURS.items()
    }
    shown = f"max({queries.states(THIS)})"
    return big_number(caption, now(shown, "State"), style.COUNT).mappings([model.ValueMap(options=words)])


def _health(currency: str) -> list[stat.Panel]:
    drawdown = Caption("Drawdown", "How far the marked equity is below its peak, as a share of the peak.", NO_MARK)
    sharpe = Caption("Sharpe", "Annualised Sharpe ratio of the returns in the chosen window.", "Few returns or scrapes.")
    wins = Caption(
        "Win rate", "Winning round trips over all round trips that closed in the chosen window.", "No trades or scrape."
    )
    tail = Caption(
        "VaR, 95 %",
        "Value at risk: the loss exceeded in 5 of 100 periods as long as the horizon in monitor.yaml, from past returns. See "
        "the board Risk.",
        "Few returns or scrapes.",
    )
    capacity = Caption(
        "Capacity",
        "Capital as a share of what the strategy can use; above 100 % it has more than it can use.",
        "No edge or scrape.",
    )
    of_tail = queries.own(catalog.STRATEGY_VALUE_AT_RISK, 'method="historical"', 'confidence="0.95"')
    return [
        big_number(drawdown, now(queries.own(catalog.STRATEGY_DRAWDOWN_RATIO), "Drawdown"), style.RATIO, 2),
        big_number(sharpe, now(queries.own(catalog.STRATEGY_SHARPE_RATIO, CHOSEN_WINDOW), "Sharpe ratio"), style.COUNT, 2),
        big_number(wins, now(queries.own(catalog.STRATEGY_WIN_RATE_RATIO, CHOSEN_WINDOW), "Win rate"), style.RATIO, 1),
        big_number(tail, now(of_tail, "Value at risk"), style.money(currency), 2),
        big_number(capacity, now(queries.own(catalog.STRATEGY_CAPACITY_USED_RATIO), "Capacity used"), style.RATIO, 0),
    ]


def _firing() -> stat.Panel:
    caption = Caption(
        "Firing",
        "Alerts of this strategy that fire now; pending alerts and those of the account are not counted.",
        NO_RULES,
    )
    query = now(f"max({queries.firing_alerts_of_each()})", "Firing")
    return big_number(caption, query, style.COUNT, 0).thresholds(style.above(1)).text_mode(common_model.BigValueTextMode.VALUE)
