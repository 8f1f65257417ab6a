"""What to do when an alert fires: for docs/alerts.md, and for the page that a notification's link opens."""

from __future__ import annotations

from html import escape

from genesis.monitoring import catalog
from genesis.monitoring.alert_manager.figure_runbooks import FIGURE_RUNBOOKS
from genesis.monitoring.alert_manager.rules import (
    FAILED_NOTIFICATIONS,
    JOB,
    SLIPPAGE_FILLS,
    SLIPPAGE_MEAN,
    WINDOW,
    refused_events,
)
from genesis.monitoring.alert_manager.runbook import Look, Runbook


def _recent(outcome: str) -> str:
    return refused_events(outcome).replace(WINDOW, "[5m]")


RUNBOOKS: dict[str, Runbook] = {
    "StrategyDrawdown": Runbook(
        "The strategy's equity, marked at every tick with its open positions, is as far below its highest value as the "
        "threshold says. This is money lost, realised or not. Capital moved in or out is no drawdown.",
        (
            Look("How deep, and how deep was it ever?", catalog.STRATEGY_DRAWDOWN_RATIO.name),
            Look("For how long (seconds of event time)?", catalog.STRATEGY_UNDER_WATER_SECONDS.name),
            Look("Realised or open, price or fees?", catalog.STRATEGY_PNL.name),
            Look("In which symbols is it still exposed?", f"{catalog.STRATEGY_POSITION_VALUE.name} != 0"),
            Look("Is it trading on, a minute's fills?", f"sum by (strategy) (increase({catalog.STRATEGY_FILLS.name}[1m]))"),
        ),
        "Warning: see whether the loss is one position or many small ones, and whether the strategy still trades into it. "
        "Critical: pause the strategy in the engine; close what it holds if the reason is not understood. Then look at "
        "SlippageHigh and MarketDataStale of the same time: a broken feed or book makes losses of its own.",
        "A single wrong quote marks the position wrongly for a moment: the drawdown is gone at the next quote, though the "
        "alert goes on for keep_firing_for. A strategy that takes large swings by design wants an override.",
    ),
    "DailyLoss": Runbook(
        "The account as a whole has lost, since the start of the day in the configured time zone, the given share of its "
        "tier's daily loss limit. At 100 % the limit is used up.",
        (
            Look("How much of the limit?", catalog.PORTFOLIO_DAILY_LOSS_USED_RATIO.name),
            Look("Which tier and limit?", f'{catalog.TIER_LIMIT.name}{{limit="max_daily_loss"}}'),
            Look("Which strategies lost it?", f'sort({catalog.STRATEGY_PERIOD_PNL.name}{{period="day"}})'),
            Look("What is still open?", f"sum by (strategy) (abs({catalog.STRATEGY_POSITION_VALUE.name}))"),
        ),
        "Warning: stop adding risk; reduce the strategies that lose most. Critical: stop all strategies for the day and "
        "close what can be closed in order. The limit comes back with the next day, not before.",
        "The limit belongs to the tier, and the tier follows the equity: an account that falls below a tier's first "
        "dollar has a smaller limit at once, and the same loss uses more of it. This is meant.",
    ),
    "SlippageHigh": Runbook(
        "Over the window, the strategy's fills were on average that much worse than the prices it decided on. Fills that "
        "were better count against those that were worse. Fewer than min_fills fills raise nothing.",
        (
            Look("Mean slippage in the window, positive costs", SLIPPAGE_MEAN),
            Look("From how many fills?", SLIPPAGE_FILLS),
            Look(
                "Are the fills late? 95 % come within (seconds):",
                "histogram_quantile(0.95, sum by (strategy, le) "
                f"(rate({catalog.STRATEGY_FILL_DELAY_SECONDS.name}_bucket[5m])))",
            ),
            Look(
                "Taker or maker, volume per second?",
                f"sum by (strategy, liquidity) (rate({catalog.STRATEGY_VOLUME.name}[5m]))",
            ),
        ),
        "If the delay has grown, look at the connection to the exchange. If not, the market is thinner or the orders "
        "larger than before: reduce the order size, or pause the strategy while its edge is smaller than the slippage.",
        "A window with one large move right after a signal. If the mean stays high while the strategy earns, the "
        "threshold is too tight for it: give it an override.",
    ),
    "MarketDataStale": Runbook(
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
    "DrawdownUnknown": Runbook(
        "The strategy has an account, but no drawdown: it is undefined, or the strategy's book failed. StrategyDrawdown "
        "cannot fire for it.",
        (
            Look("What is undefined, and why?", catalog.STRATEGY_UNDEFINED_INFO.name),
            Look(
                "Held without a mark?",
                f"{catalog.STRATEGY_POSITION_QUANTITY.name} != 0 "
                f"unless on (instance, symbol) {catalog.MARK_TIMESTAMP_SECONDS.name}",
            ),
            Look("Has it capital?", catalog.STRATEGY_CAPITAL.name),
            Look("Were names folded into `other`?", f"{catalog.SERIES_FOLDED.name} > 0"),
        ),
        "Held without a mark: send quotes for the symbol, under the same name as in the fills. No capital: send a "
        "capital_flow. figure=all, reason=error: the book met an event that it could not take; the monitor's log has the "
        "error. Strategy `other`: raise max_strategies in monitor.yaml.",
        "A strategy that opened its first position before the first quote: it ends with the quote.",
    ),
    "AttributionResidual": Runbook(
        "The strategy's net P&L is kept up event by event, and its parts (component and symbol) are worked out each time from "
        "what was paid, received and held. Both are exact, so the residual between them is 0; now it is not, or it is absent "
        "and no reason is told. No market and no data can do that: it is a fault of the program.",
        (
            Look("By how much?", f"{catalog.STRATEGY_ATTRIBUTION_RESIDUAL.name} != 0"),
            Look("Of which net P&L?", catalog.STRATEGY_NET_PNL.name),
            Look("Which parts are there?", catalog.STRATEGY_ATTRIBUTION.name),
            Look("What is undefined, and why?", catalog.STRATEGY_UNDEFINED_INFO.name),
        ),
        "Do not trust equity, drawdown and P&L of the strategy; compare positions and cash with the broker's statement "
        "(`genesis reconcile`). Keep a copy of the journal for whoever looks for the fault. A restart works every sum out anew "
        "from the holdings, and usually ends the alert: that mends the figures, and not the fault.",
        "None is known.",
    ),
    **FIGURE_RUNBOOKS,
    "ReconciliationBreak": Runbook(
        "The last statement that was compared with the books differs from them: the broker or the exchange has other "
        "positions or other cash than the events say. P&L, exposure and limits of what differs cannot be trusted.",
        (
            Look("Which positions (statement less books, in units)?", catalog.RECONCILIATION_BREAK.name),
            Look("Which balances?", catalog.RECONCILIATION_CASH_BREAK.name),
            Look("How old is the comparison (seconds)?", f"time() - {catalog.RECONCILIATION_TIMESTAMP_SECONDS.name}"),
            Look("Did events never come?", f"{catalog.SOURCE_MISSING_EVENTS.name} > 0"),
            Look(
                "Were events refused?",
                f'sum by (kind, outcome) (increase({catalog.EVENTS.name}{{outcome=~"rejected|conflict"}}[1d])) > 0',
            ),
        ),
        "Find the fill, funding or transfer that one side lacks, in the exchange's own history. If the books lack it, send it "
        "as an event; if they have one too many, send a void of it. Then compare again with `genesis reconcile --statement "
        "FILE`: a statement without breaks ends the alert.",
        "A statement of another moment than the books: draw it while nothing trades, or compare again. A statement of some "
        "strategies that was compared with all: name them with --strategy. Cash that the broker rounds: --tolerance.",
    ),
    "EventsConflicting": Runbook(
        "An event was refused because another one, with other content, is in the journal under the same source and event_id. "
        "The first one stands; the second is not in the books.",
        (
            Look("Of which kind, since the monitor's start?", f'{catalog.EVENTS.name}{{outcome="conflict"}} > 0'),
            Look("Do numbers miss as well?", f"{catalog.SOURCE_MISSING_EVENTS.name} > 0"),
        ),
        "The answer to the sender and the monitor's log name the event. If it is another event, its sender uses an identity "
        "twice: mend that, and send it again under one of its own. If it is the same event told differently, find out which is "
        "right; if the second is, send a void of the first and the second under a new event_id. Then compare with the broker's "
        "statement.",
        "An engine that started anew and counts its event_ids from the beginning: give each run a prefix of its own.",
    ),
    "EventsRejected": Runbook(
        "Events were refused because they hold what cannot be booked: a field that is missing or wrong, a time too far ahead, "
        "a strategy that is not configured where that is asked for. They are not in the books.",
        (
            Look("How many of which kind in five minutes?", f"{_recent('rejected')} > 0"),
            Look("What share of all events?", f"sum({_recent('rejected')}) / sum(increase({catalog.EVENTS.name}[5m]))"),
            Look("Is a clock wrong (seconds ahead of ours)?", catalog.SOURCE_CLOCK_OFFSET_SECONDS.name),
        ),
        "The answer to the sender and the monitor's log have field, value and reason. Mend the sender and send the events "
        "again; what was refused took no identity. Time ahead: set the sender's clock, and send UTC. Unknown strategy: add it "
        "to strategies.yaml. Kind `unknown`: lines that are no event at all.",
        "Somebody tries out the interface by hand.",
    ),
    "EventsMissing": Runbook(
        "The source numbers its account events, and a number below its highest has not come. A fill among them makes the "
        "position wrong.",
        (
            Look("How many of which source?", f"{catalog.SOURCE_MISSING_EVENTS.name} > 0"),
            Look("Do fillers arrive?", f"rate({catalog.SOURCE_NUMBERED_EVENTS.name}[1m]) > 0"),
            Look(
                "Were events refused?",
                f'sum by (kind, outcome) (increase({catalog.EVENTS.name}{{outcome=~"rejected|conflict"}}[1h])) > 0',
            ),
        ),
        "See in the engine what it did with the answer to the event: one that was refused is to be mended and sent again with "
        "its number, one without an answer to be sent again as it was. A number that was never used is filled by a "
        "capital_flow of amount 0. Compare with the broker's statement when in doubt.",
        "An engine that leaves numbers out on purpose: it must not send seq, or number the account events alone.",
    ),
    "JournalFailing": Runbook(
        "Commits of the journal fail. What was in them was not acknowledged, and is not in the books; senders are told to try "
        "again. The figures stand still meanwhile, though the marks move on.",
        (
            Look("How many failed in a minute?", f"increase({catalog.JOURNAL_COMMIT_ERRORS.name}[1m])"),
            Look("What is the journal in?", catalog.JOURNAL_INFO.name),
            Look("Does it grow?", f"delta({catalog.JOURNAL_EVENTS.name}[5m])"),
        ),
        "The monitor's log has the reason. Disk full: make room. PostgreSQL away: start it, or see why it does not answer. "
        "Read-only or damaged: look at the disk before anything else. The monitor goes on by itself as soon as it can, and "
        "senders that follow the answers lose nothing.",
        "A database that was restarted on purpose.",
    ),
    "StorageBelowTier": Runbook(
        "The journal is in SQLite, and by its equity the account is in a tier whose `storage` in trading_rules.yaml is "
        "postgresql. Nothing is wrong yet: SQLite loses nothing either, but it is one file on one disk.",
        (
            Look("Which tier?", catalog.TIER_INFO.name),
            Look("What does it want, and what is there?", f"{catalog.TIER_STORAGE_INFO.name} or {catalog.JOURNAL_INFO.name}"),
            Look("How large is the journal?", catalog.JOURNAL_EVENTS.name),
        ),
        "In a quiet hour: make an empty database, stop the monitor, run `genesis journal copy --to "
        "postgresql://USER@HOST:PORT/DATABASE`, which compares the digests of both, set `journal` in monitor.yaml to the same "
        "address, and start the monitor. Engines that send again what was not acknowledged lose nothing.",
        "The demo: its account is large and its journal a temporary file.",
    ),
    "CollectorFailing": Runbook(
        "The monitor answers Prometheus, but a group of its metrics failed. Alerts on the figures of that group cannot "
        "fire; their end is muted, because it would not be a recovery. Alerts on other figures go on.",
        (
            Look("Which group?", f"{catalog.COLLECTOR_SUCCESS.name} == 0"),
            Look("How long does each group take (seconds)?", catalog.COLLECTOR_DURATION_SECONDS.name),
        ),
        "The monitor's log has the error (collector group failed). A restart restores the books from the journal, and "
        "loses nothing that was acknowledged; if the group fails again, it is a fault of the program.",
        "None is known.",
    ),
    "MonitorDown": Runbook(
        "Prometheus cannot read the monitor, or knows of none, or the monitor tells nothing of the strategies because it "
        "is still restoring its books. Strategies may trade on without being watched. Alerts on strategies are muted "
        "meanwhile: they end with their figures, and that is no recovery. A receiver that keeps an incident open until it "
        "is resolved may keep it open: close it by hand.",
        (
            Look("Can it be read?", f'up{{job="{JOB}"}}'),
            Look("Was it slow before (seconds)?", f'scrape_duration_seconds{{job="{JOB}"}}'),
            Look("How large is the journal?", catalog.JOURNAL_EVENTS.name),
            Look("What was the last known drawdown?", f"last_over_time({catalog.STRATEGY_DRAWDOWN_RATIO.name}[1h])"),
        ),
        "The monitor's /readyz says whether it is restoring: then wait. Otherwise look at its process and log, and start it "
        "again; it restores its books from the journal. If it does not come back within minutes, stop the engine: nobody "
        "watches the money.",
        "A restart that takes longer than the alert waits; a wrong address in prometheus.yml.",
    ),
    "NotificationsFailing": Runbook(
        "Alertmanager tried to notify somebody and could not. This notification came through a receiver that works.",
        (
            Look("Which integration?", f"sum by (integration) (rate({FAILED_NOTIFICATIONS}[2m])) > 0"),
            Look("What fires right now?", 'ALERTS{alertstate="firing"}'),
        ),
        "Alertmanager's log has the reason. A secret file that is missing or unreadable is the usual one: Alertmanager "
        "starts without it, and reads it at each notification, so that putting it there is enough. Otherwise the service "
        "is down, or refuses the key.",
        "A service that was away for a moment: Alertmanager tries again by itself.",
    ),
    "Watchdog": Runbook(
        "Nothing is wrong: this alert always fires, and its receiver expects it. Give that receiver to a dead man's "
        "switch, which raises the alarm when the heartbeat stops.",
        (Look("Does Prometheus fire it?", 'ALERTS{alertname="Watchdog"}'),),
        "When it stops: see whether Prometheus runs, whether it reaches Alertmanager, and whether Alertmanager reaches "
        "the receiver, in this order.",
        "Never, as long as it arrives.",
    ),
}


def runbook_page() -> str:
    """All runbooks as one HTML page; the anchor of each is the alert's name in lower case, as `runbook_url` has it."""
    sections = "".join(_section(alert, runbook) for alert, runbook in RUNBOOKS.items())
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>Runbooks</title>\n'
        "<style>body { font-family: sans-serif; margin: 3em auto; max-width: 50em; line-height: 1.5; }"
        " pre { background: #eee; padding: .5em; white-space: pre-wrap; }</style></head>\n"
        f"<body>\n<h1>Runbooks</h1>\n{sections}</body>\n</html>\n"
    )


def _section(alert: str, runbook: Runbook) -> str:
    looks = "".join(f"<p>{escape(look.question)}</p>\n<pre>{escape(look.query)}</pre>\n" for look in runbook.looks)
    return (
        f'<section id="{alert.lower()}">\n<h2>{alert}</h2>\n<p>{escape(runbook.meaning)}</p>\n'
        f"<h3>What to look at</h3>\n{looks}"
        f"<h3>What to do</h3>\n<p>{escape(runbook.action)}</p>\n"
        f"<h3>When it is a false alarm</h3>\n<p>{escape(runbook.false_alarm)}</p>\n</section>\n"
    )
