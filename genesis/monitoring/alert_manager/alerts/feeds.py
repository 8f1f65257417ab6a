"""What comes in from the market and the engine, and does not."""

from __future__ import annotations

from collections.abc import Iterator

from genesis.core.config import TradingRules
from genesis.core.duration import duration_text
from genesis.core.strategy_alert import Severity
from genesis.monitoring import catalog
from genesis.monitoring.alert_manager.alert import Alert, Inputs
from genesis.monitoring.alert_manager.figure import SECONDS, SEVERITIES
from genesis.monitoring.alert_manager.messages import Message
from genesis.monitoring.alert_manager.promql import seconds
from genesis.monitoring.alert_manager.rules import Rule, RuleMaker
from genesis.monitoring.alert_manager.runbook import Look, Runbook
from genesis.monitoring.alert_manager.thresholds import AlertThreshold


def _stale(maker: RuleMaker, _: TradingRules) -> Iterator[Rule]:
    config = maker.alerts.market_data_stale

    def expr(severity: Severity) -> str:
        # One alert a symbol, however many hold it: `and` keeps the left side's labels and value.
        return (
            f"time() - {catalog.MARK_TIMESTAMP_SECONDS.name} >= {seconds(getattr(config, severity))}\n"
            f"and on (instance, symbol)\n"
            f"{catalog.STRATEGY_POSITION_QUANTITY.name} != 0"
        )

    words = {"value": SECONDS, "symbol": "{{ $labels.symbol }}"}
    yield from maker.each_severity(config, expr, words, lambda severity: duration_text(getattr(config, severity)))


def _stale_thresholds(inputs: Inputs) -> Iterator[AlertThreshold]:
    config = inputs.settings.alerts.market_data_stale
    for severity in SEVERITIES:
        yield AlertThreshold("MarketDataStale", severity, "", getattr(config, severity).total_seconds())


MARKET_DATA_STALE = Alert(
    name="MarketDataStale",
    groups=("positions", "marks"),
    rules=_stale,
    thresholds=_stale_thresholds,
    message=Message(
        "{symbol}: mark is {value} old",
        "A strategy holds {symbol}, whose mark was last confirmed {value} ago; the {severity} threshold is {threshold}. "
        "Equity and drawdown of its holders stand on that old price.",
    ),
    runbook=Runbook(
        "A strategy holds the symbol, and neither a quote nor a trade has confirmed its price for as long as the "
        "threshold says (wall time of arrival). Unrealised P&L, equity and drawdown of its holders stand still at the old "
        "price. It mutes nothing: a loss is no less real because its newest price is old.",
        (
            Look("How old are the marks (seconds)?", f"time() - {catalog.MARK_TIMESTAMP_SECONDS.name}"),
            Look("Who holds what?", f"{catalog.STRATEGY_POSITION_QUANTITY.name} != 0"),
            Look("Do market events arrive at all?", f'sum by (kind) (rate({catalog.EVENTS.name}{{outcome="accepted"}}[1m]))'),
            Look(
                "Are they refused or too late?",
                f'sum by (kind, outcome) (rate({catalog.EVENTS.name}{{outcome!="accepted"}}[1m]))',
            ),
        ),
        "All symbols: the feed or the engine hangs; restart it. One symbol: see whether the exchange halted it, and "
        "whether it is still subscribed. Until then do not trust the equity of its holders; look up the price elsewhere.",
        "A symbol that trades rarely, or a market that is closed. A replay of recorded data that has come to its end.",
    ),
)

ALERTS = (MARKET_DATA_STALE,)
