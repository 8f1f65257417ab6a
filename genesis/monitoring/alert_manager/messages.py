"""What a notification says. One text serves two ends: the rules fill it with Go templates, the rule tests with literals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from genesis.core.alert_config import Links


class Message(NamedTuple):
    """The texts of one alert; words in braces are filled in."""

    summary: str
    description: str


MESSAGES: dict[str, Message] = {
    "StrategyDrawdown": Message(
        "{strategy}: drawdown {value}",
        "The marked equity of {strategy} is {value} below its peak; the {severity} threshold is {threshold}.",
    ),
    "DailyLoss": Message(
        "Daily loss: {value} of the limit",
        "Today's loss of the account has used {value} of the daily loss limit of its tier; "
        "the {severity} threshold is {threshold}.",
    ),
    "SlippageHigh": Message(
        "{strategy}: fills cost {value} against their signals",
        "The fills of {strategy} were on average {value} worse than their decision prices over the last {window}; "
        "the {severity} threshold is {threshold}.",
    ),
    "MarketDataStale": Message(
        "{symbol}: mark is {value} old",
        "A strategy holds {symbol}, whose mark was last confirmed {value} ago; the {severity} threshold is {threshold}. "
        "Equity and drawdown of its holders stand on that old price.",
    ),
    "DrawdownUnknown": Message(
        "{strategy}: drawdown unknown",
        "The drawdown of {strategy} cannot be told, so that no drawdown alert can fire for it. "
        "genesis_strategy_undefined_info gives the reason.",
    ),
    "AttributionResidual": Message(
        "{strategy}: P&L does not add up",
        "The net P&L of {strategy} is not the sum of its parts, or nothing says whether it is. "
        "genesis_strategy_attribution_residual has the difference.",
    ),
    "ValueAtRiskExceeded": Message(
        "{strategy}: losses exceed the value at risk too often",
        "The returns of {strategy} exceed its {method} value at risk ({confidence}) more often than they should, which would "
        "come by chance with a probability of {value}; the {severity} threshold is {threshold}.",
    ),
    "ExpectedShortfallHigh": Message(
        "{strategy}: expected shortfall {value}",
        "The {method} expected shortfall of {strategy} ({confidence}) is {value} of its equity at the horizon; "
        "the {severity} threshold is {threshold}.",
    ),
    "WinRateLow": Message(
        "{strategy}: win rate {value}",
        "Of the round trips of {strategy} (window {window}), {value} won; the {severity} threshold is {threshold}.",
    ),
    "ProfitFactorLow": Message(
        "{strategy}: profit factor {value}",
        "The round trips of {strategy} (window {window}) won {value} for each 1 that was lost; "
        "the {severity} threshold is {threshold}.",
    ),
    "SharpeDegraded": Message(
        "{strategy}: worse than its baseline",
        "The returns of {strategy} are worse than its baseline: {figure} {value}; the {severity} threshold is {threshold}.",
    ),
    "SlippageAboveExpected": Message(
        "{strategy}: slippage {value} times the expected",
        "The fills of {strategy} over the last {window} cost on average {value} times the slippage that strategies.yaml "
        "expects; the {severity} threshold is {threshold} times.",
    ),
    "FillDelayHigh": Message(
        "{strategy}: fills take {value}",
        "Of the fills of {strategy} over the last {window}, {quantile} came within {value} of their signals, and the rest "
        "later; the {severity} threshold is {threshold}.",
    ),
    "CorrelationHigh": Message(
        "{strategy} and {other}: correlation {value}",
        "The returns of {strategy} and {other} have a correlation of {value}; from {threshold} on they are the same bet.",
    ),
    "BetaOutOfBand": Message(
        "{strategy}: beta {value}",
        "The beta of {strategy} is {value}, more than {standard_errors} standard errors outside its band of {threshold}.",
    ),
    "CapacityNearlyUsed": Message(
        "{strategy}: {value} of its capacity used",
        "The capital of {strategy} is {value} of what it can use; the {severity} threshold is {threshold}.",
    ),
    "PeriodLoss": Message(
        "{strategy}: {value} lost this {period}",
        "Since the start of the {period}, {strategy} has lost {value} of the equity that it had then; "
        "the {severity} threshold is {threshold}.",
    ),
    "FiguresUndefined": Message(
        "{strategy}: {value} figures unknown ({reason})",
        "For {hold} or longer, figures of {strategy} have not been known, {value} of them now, for the reason {reason}, which "
        "waiting does not mend. genesis_strategy_undefined_info has them.",
    ),
    "ReconciliationBreak": Message(
        "Books and statement differ in {value} places",
        "The last statement of {scope} and the books differ in {value} positions or balances. "
        "genesis_reconciliation_break and genesis_reconciliation_cash_break say in which, and by how much.",
    ),
    "EventsConflicting": Message(
        "Conflicting events ({kind})",
        "In the last {window}, {value} events of the kind {kind} were refused: others were taken in before under the same "
        "source and event_id. What was refused is not in the books.",
    ),
    "EventsRejected": Message(
        "{value} events refused ({kind})",
        "In the last {window}, {value} events of the kind {kind} were refused because they hold what cannot be booked; "
        "the {severity} threshold is {threshold}. They are not in the books.",
    ),
    "EventsMissing": Message(
        "{source}: {value} events are missing",
        "By the numbers that {source} gives its events, {value} have not come for {hold} or longer. They are not in the books.",
    ),
    "JournalFailing": Message(
        "The journal cannot be written",
        "In the last {window}, events could not be made durable. They were not acknowledged and are not in the books; whoever "
        "sent them has to send them again.",
    ),
    "StorageBelowTier": Message(
        "The account has outgrown SQLite",
        "The journal is in SQLite, and the account's tier wants PostgreSQL. `genesis journal copy --to URL` moves it.",
    ),
    "CollectorFailing": Message(
        "Monitor {instance}: {group} is missing",
        "The monitor {instance} answers, but could not collect its metrics of the group {group}; alerts on them cannot fire.",
    ),
    "MonitorDown": Message(
        "Monitor down: nobody watches the strategies",
        "For {hold}, Prometheus has not been able to read the monitor, or the monitor has told nothing of the strategies. "
        "Positions may be open, and no other alert tells.",
    ),
    "NotificationsFailing": Message(
        "Notifications through {integration} fail",
        "Alertmanager has not been able to deliver all notifications through {integration} in the last two minutes.",
    ),
    "Watchdog": Message(
        "Heartbeat",
        "Always fires. When it stops arriving, Prometheus or Alertmanager is broken, and no alert will arrive.",
    ),
}


def annotate(alert: str, words: Mapping[str, str], links: Links, strategy: str | None = None) -> dict[str, str]:
    """The annotations of an alert.

    Args:
        alert: its name.
        words: what stands for the words in braces.
        links: where the links lead.
        strategy: the strategy as it stands in an address; None for an alert that has none.
    """
    message = MESSAGES[alert]
    joint = "&" if "?" in links.board else "?"
    return {
        "summary": message.summary.format_map(words),
        "description": message.description.format_map(words),
        "runbook_url": f"{links.runbooks}#{alert.lower()}",
        "dashboard_url": links.board if strategy is None else f"{links.board}{joint}var-strategy={strategy}",
    }
