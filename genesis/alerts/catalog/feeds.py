"""What comes in from the market and the engine, and does not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from genesis.alerts.alert import Alert
from genesis.alerts.figure import AS_DELAY, SECONDS, Figure
from genesis.alerts.kinds import DurationAlert, LeveledAlert, Misfit, Severity
from genesis.alerts.messages import Board, Message, Runbook, RunbookQuery
from genesis.alerts.promql import seconds
from genesis.alerts.rules import Record, Rule, RuleMaker
from genesis.core.duration import Interval, duration_text
from genesis.metrics import catalog

BOARD = Board.SERVICE


class StalenessAlert(LeveledAlert):
    """The age of a symbol's mark, while a strategy holds a position in it."""

    warning: Interval
    """Fires with severity warning from this age on."""
    critical: Interval
    """Fires with severity critical from this age on; must be above `warning`."""


def _stale(maker: RuleMaker, config: StalenessAlert) -> Iterator[Rule]:
    age = f"time() - {catalog.MARK_TIMESTAMP_SECONDS.name}"

    def expr(severity: Severity) -> str:
        # One alert a symbol, however many hold it: `and` keeps the left side's labels and value.
        return (
            f"{age} >= {seconds(getattr(config, severity))}\n"
            f"and on (instance, symbol)\n"
            f"{catalog.STRATEGY_POSITION_QUANTITY.name} != 0"
        )

    words = {"value": SECONDS, "symbol": "{{ $labels.symbol }}"}
    return maker.each_severity(config, expr, words, lambda severity: duration_text(getattr(config, severity)), figure=age)


MARKET_DATA_STALE = Alert(
    name="MarketDataStale",
    about="How old the mark of a held symbol is.",
    board=BOARD,
    settings=StalenessAlert,
    groups=("positions", "marks"),
    rules=_stale,
    message=Message(
        "{symbol}: mark is {value} old (threshold {threshold})",
        "A strategy holds {symbol}, whose mark was last confirmed {value} ago; the {severity} threshold is {threshold}. "
        "Equity and drawdown of its holders are based on that old price.",
    ),
    runbook=Runbook(
        "A strategy holds the symbol, and neither a quote nor a trade has confirmed its price for as long as the "
        "threshold says (wall time of arrival). Unrealised P&L, equity and drawdown of its holders stay at the old "
        "price. It mutes nothing: a loss stays real when its newest price is old.",
        (
            RunbookQuery("How old are the marks (seconds)?", f"time() - {catalog.MARK_TIMESTAMP_SECONDS.name}"),
            RunbookQuery("Who holds what?", f"{catalog.STRATEGY_POSITION_QUANTITY.name} != 0"),
            RunbookQuery(
                "Do market events arrive at all?", f'sum by (kind) (rate({catalog.EVENTS.name}{{outcome="accepted"}}[1m]))'
            ),
            RunbookQuery(
                "Are they refused or too late?",
                f'sum by (kind, outcome) (rate({catalog.EVENTS.name}{{outcome!="accepted"}}[1m]))',
            ),
        ),
        "All symbols: the feed or the engine hangs; restart it. One symbol: see whether the exchange halted it, and "
        "whether it is still subscribed. Until then do not trust the equity of its holders; look up the price elsewhere.",
        "A symbol that trades rarely, or a market that is closed. A replay of recorded data that has ended.",
    ),
)


SILENT_SINCE = "strategy:silent_since:timestamp_seconds"
"""Wall time of the last event of a strategy, or of the last moment at which its market did not move."""
SILENCE = "strategy:silence:seconds"
"""For how long nothing has come from a strategy while its market moved."""

# A strategy with a position series, even of 0, has traded. The monitor or Prometheus may be away for up to five minutes.
_SILENT_SINCE = f"""(
  (
    {catalog.STRATEGY_LAST_EVENT_TIMESTAMP_SECONDS.name} > last_over_time({SILENT_SINCE}[5m])
    or
    last_over_time({SILENT_SINCE}[5m])
    or
    {catalog.STRATEGY_LAST_EVENT_TIMESTAMP_SECONDS.name}
  )
  and on (instance, strategy)
  (
    {catalog.STRATEGY_POSITION_QUANTITY.name}
    and on (instance, symbol)
    QUOTED
  )
  unless on (instance, strategy)
  {catalog.STRATEGY_TIER_ALLOWED.name} == 0
  unless on (strategy)
  {catalog.ROTATION_ENGINE_WEIGHT_RATIO.name} == 0
)
or
0 * {catalog.STRATEGY_CONFIGURED.name} + time()
and on (instance, strategy)
{catalog.STRATEGY_POSITION_QUANTITY.name}"""


class SilenceAlert(DurationAlert):
    """The wall time without an event of a strategy, while its market moves."""

    quoted_within: Interval
    """Its market moves while a mark of a symbol that it has traded is younger; at least twice `scrape_interval`."""

    def timing_misfits(self, scrape_interval: timedelta | None) -> Iterator[Misfit]:
        """Marks that are too old as soon as they are read."""
        if scrape_interval is not None and self.quoted_within < (least := 2 * scrape_interval):
            right = f"must be at least {duration_text(least)}, twice scrape_interval: what was read is as old as that"
            yield Misfit("quoted_within", duration_text(self.quoted_within), right)


def _silence(config: SilenceAlert) -> tuple[Figure, ...]:
    return (Figure(config, SILENCE, AS_DELAY),)


def _silence_records(config: SilenceAlert) -> Iterator[Record]:
    """The clock of a silence stands while the market does, or the strategy may not trade; Prometheus remembers where.

    So a market that opens in the morning does not make a strategy silent since yesterday, and a restart of the monitor, which
    knows of no event before it, does not start the clock again.
    """
    quoted = f"time() - {catalog.MARK_TIMESTAMP_SECONDS.name} < {seconds(config.quoted_within)}"
    yield Record(SILENT_SINCE, _SILENT_SINCE.replace("QUOTED", quoted))
    yield Record(SILENCE, f"time() - {SILENT_SINCE}")


STRATEGY_SILENT = Alert(
    name="StrategySilent",
    about="No event comes from a strategy, while its market moves.",
    board=BOARD,
    settings=SilenceAlert,
    groups=("accounts", "positions", "marks"),
    records=_silence_records,
    figures=_silence,
    message=Message(
        "{strategy}: silent for {value} (threshold {threshold})",
        "Nothing has come from {strategy} for {value} (no signal, no fill), though its market moves; "
        "the {severity} threshold is {threshold}.",
    ),
    runbook=Runbook(
        "The strategy has traded before, a symbol of it is being quoted, and yet no event of it has come for as long as the "
        "threshold says. It hangs, has lost its connection, or its events do not arrive. Its positions are not managed.",
        (
            RunbookQuery("For how long is each silent (seconds)?", SILENCE),
            RunbookQuery("What does it hold?", f"{catalog.STRATEGY_POSITION_VALUE.name} != 0"),
            RunbookQuery("Does anything come in?", f'sum by (kind) (rate({catalog.EVENTS.name}{{outcome="accepted"}}[1m]))'),
            RunbookQuery(
                "Are its events refused?",
                f'sum by (kind, outcome) (rate({catalog.EVENTS.name}{{outcome!="accepted"}}[5m])) > 0',
            ),
            RunbookQuery(
                "Does an engine send without being let in?",
                f'sum by (code) (rate({catalog.API_REQUESTS.name}{{code!="200"}}[5m]))',
            ),
        ),
        "Look at the strategy's process, its log and its order connection at the exchange; start it again if it hangs. "
        "Critical, and it holds something: close that by hand at the exchange, or hedge it. If it trades at the exchange, and "
        "only its events do not come, then P&L and positions here are old: see EventsMissing and RequestsRefused.",
        "A strategy that was paused by hand, or waits for rare moments: silence the alert (`genesis alerts silence`), or give "
        "it an override; one that rotation has paused raises nothing. After a monitor that was down for longer than five "
        "minutes, the count begins again.",
    ),
)
