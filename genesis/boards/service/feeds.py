"""Whether marks are current, strategies alive, all figures known, and the books equal to the broker's statement."""

from __future__ import annotations

from typing import Any, Final

from grafana_foundation_sdk.builders import stat, table, timeseries

from genesis.boards import queries, style, thresholds
from genesis.boards.panels import Caption
from genesis.boards.queries import PICKED, series
from genesis.boards.service.small_panels import HEIGHT, SPAN, chart_from_zero, numbers
from genesis.boards.tables import Column, grid, joined, reshaped, sorted_by
from genesis.boards.targets import lines, rows
from genesis.metrics import catalog

_SCOPE: Final = "Rows of the whole account have no strategy."


def panels() -> list[Any]:
    """The panels of the section."""
    return [
        _marks().height(HEIGHT).span(7),
        _silence().height(HEIGHT).span(SPAN),
        _undefined().height(HEIGHT).span(9),
        _books().height(6).span(6),
        _breaks().height(6).span(18),
    ]


def _marks() -> timeseries.Panel:
    caption = Caption(
        "Age of the marks",
        "Time since a quote or trade last confirmed each symbol's mark. If there are more symbols than lines on the board, "
        "the oldest marks. Dashed: where MarketDataStale starts, for symbols that a strategy holds.",
        "No symbol has been quoted yet, or the monitor is not scraped.",
    )

    def confirmed(at: str = "") -> str:
        return queries.account(catalog.MARK_TIMESTAMP_SECONDS, by="symbol", at=at)

    age = f"time() - {confirmed()} and on (symbol) bottomk($lines, {queries.at_end(confirmed)})"
    panel = chart_from_zero(caption, style.SECONDS, 1).with_target(lines(age, "{{symbol}}"))
    return thresholds.of_account(panel, "MarketDataStale", "BC")


def _silence() -> timeseries.Panel:
    caption = Caption(
        "Silence of the strategies",
        "Time since each strategy's last signal, fill or other event. If there are more strategies than lines on the board, "
        "the longest silences. Dashed: where StrategySilent starts; a line with a strategy's name replaces the default for "
        "that strategy. The alert does not count time in which the strategy may not trade or its market does not move.",
        "No strategy has sent anything yet, or the monitor is not scraped.",
    )
    last = queries.at_end(lambda at: queries.each(catalog.STRATEGY_LAST_EVENT_TIMESTAMP_SECONDS, at=at))
    silence = f"{queries.silence()} and on (strategy) bottomk($lines, {last})"
    panel = chart_from_zero(caption, style.SECONDS, 1).with_target(lines(silence, "{{strategy}}"))
    return thresholds.of_strategies(panel, "StrategySilent", "BC")


def _undefined() -> table.Panel:
    caption = Caption(
        "Undefined figures",
        "Figures of the strategies and of the account that cannot be computed, by reason. Most reasons end by themselves or "
        "belong to a strategy; no_mark, no_conversion, too_many_trips and error are faults of the feed or the configuration. "
        "docs/numbers.md explains them; the board Portfolio lists each figure.",
        "Every figure is known, or the monitor is not scraped.",
    )
    strategies = f"count by (reason) ({series(catalog.STRATEGY_UNDEFINED_INFO, PICKED)})"
    columns = [
        Column("Strategies", strategies, style.COUNT, 0, properties=[style.width(104)]),
        Column("Account", f"count by (reason) ({series(catalog.PORTFOLIO_UNDEFINED_INFO)})", style.COUNT, 0),
    ]
    panel = joined(grid(caption), {"reason": "Reason"}, columns).override_by_name("Reason", [style.width(160)])
    return sorted_by(panel, "Strategies", descending=True)


def _books() -> stat.Panel:
    caption = Caption(
        "Books",
        "Differences between the broker's last statement and the books; time since that statement; and the largest difference "
        "between a strategy's net P&L and the sum of its parts, which is exactly 0 unless the program has a fault.",
        "No statement has been compared, and no strategy is known.",
    )
    since = f"time() - max({series(catalog.RECONCILIATION_TIMESTAMP_SECONDS)})"
    figures = {
        "breaks": f"sum({series(catalog.RECONCILIATION_OPEN_BREAKS)})",
        "last statement": since,
        "residual": f"max(abs({series(catalog.STRATEGY_ATTRIBUTION_RESIDUAL, PICKED)}))",
    }
    wrong = style.coloured_steps({None: style.GAIN, 1e-24: style.CRITICAL})
    panel = numbers(caption, figures, style.COUNT)
    panel.override_by_name("last statement", style.unit(style.CLOCK))
    return panel.override_by_name("breaks", wrong).override_by_name("residual", wrong)


def _breaks() -> table.Panel:
    caption = Caption(
        "Breaks",
        f"Positions and cash in the last statement minus those in the books, in units of the symbol or currency. {_SCOPE}",
        "Books and statement agree, or no statement has been sent yet: see docs/reconciliation.md.",
    )
    position, cash = series(catalog.RECONCILIATION_BREAK), series(catalog.RECONCILIATION_CASH_BREAK)
    found = (
        f'label_replace({position}, "item", "position $1", "symbol", "(.*)") or '
        f'label_replace({cash}, "item", "cash $1", "currency", "(.*)")'
    )
    panel = grid(caption).with_target(rows(f"max by (scope, strategy, item) ({found})"))
    panel.override_by_name("Statement less books", style.unit(style.COUNT, 8))
    names = {"scope": "Scope", "strategy": "Strategy", "item": "Of", "Value": "Statement less books"}
    return reshaped(panel, names)
