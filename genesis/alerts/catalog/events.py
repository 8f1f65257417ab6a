"""Events that are refused, come late, or never come."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from genesis.alerts.alert import Alert
from genesis.alerts.figure import COUNT
from genesis.alerts.kinds import CounterWindow, Least, LeveledAlert, StateAlert, WindowAlert
from genesis.alerts.messages import Board, Message, Runbook, RunbookQuery
from genesis.alerts.promql import any_of, string
from genesis.alerts.rules import WINDOW, Rule, RuleMaker, state_rules, window_rules
from genesis.core.duration import Interval, duration_text
from genesis.metrics import catalog

BOARD = Board.SERVICE

TURNED_AWAY = ("401", "403", "413", "429", "503")
"""What the API answers without having read the events."""


class CountAlert(LeveledAlert, CounterWindow):
    """How often something happened within a window."""

    window: Interval
    """How far back it counts, in wall time; at least four times `scrape_interval`."""
    warning: Least
    """Fires with severity warning from this number on."""
    critical: Least
    """Fires with severity critical from this number on; must be above `warning`."""


class RejectedAlert(CountAlert):
    """How many events of a kind were refused within a window, because they cannot be booked."""


class LateAlert(CountAlert):
    """How many account events of a kind were booked late within a window (`events.late_after_seconds` of monitor.yaml)."""


class TurnedAwayAlert(CountAlert):
    """How many requests to the API were turned away with the same status within a window, before their events were read."""


def _counted(increase: str) -> Callable[[RuleMaker, CountAlert], Iterator[Rule]]:
    """One rule a severity, on how often something happened within `WINDOW`."""

    def rules(maker: RuleMaker, config: CountAlert) -> Iterator[Rule]:
        window = duration_text(config.window)
        figure = increase.replace(WINDOW, f"[{window}]")
        return maker.each_severity(
            config,
            lambda severity: f"{figure} >= {getattr(config, severity)}",
            {"value": COUNT, "window": window},
            lambda severity: str(getattr(config, severity)),
            figure=figure,
        )

    return rules


def _refused(outcome: str) -> str:
    """How many events of each kind had the outcome within `WINDOW`."""
    return f"sum without (outcome) (increase({catalog.EVENTS.name}{{outcome={string(outcome)}}}{WINDOW}))"


def _recent(outcome: str) -> str:
    return _refused(outcome).replace(WINDOW, "[5m]")


EVENTS_CONFLICTING = Alert(
    name="EventsConflicting",
    about="An event was refused because another one was accepted under its identity.",
    board=BOARD,
    settings=WindowAlert,
    rules=window_rules(f"{_refused('conflict')} > 0"),
    message=Message(
        "Conflicting events ({kind})",
        "Events of the kind {kind} refused in the last {window}: {value}. Others were accepted before under the same source "
        "and event_id. The refused ones are not in the books.",
    ),
    runbook=Runbook(
        "An event was refused because another one, with other content, is in the journal under the same source and event_id. "
        "The first one stands; the second is not in the books.",
        (
            RunbookQuery("Of which kind, since the monitor's start?", f'{catalog.EVENTS.name}{{outcome="conflict"}} > 0'),
            RunbookQuery("Are numbers missing as well?", f"{catalog.SOURCE_MISSING_EVENTS.name} > 0"),
        ),
        "The answer to the sender and the monitor's log name the event. If it is another event, its sender uses one identity "
        "twice: correct that, and send it again under an identity of its own. If it is the same event with other content, "
        "find out which is right; if the second is, send a void of the first and the second under a new event_id. Then "
        "compare with the broker's statement.",
        "An engine that restarted and counts its event_ids from the beginning: give each run its own prefix.",
    ),
)

EVENTS_REJECTED = Alert(
    name="EventsRejected",
    about="Events were refused because they cannot be booked.",
    board=BOARD,
    settings=RejectedAlert,
    rules=_counted(_refused("rejected")),
    message=Message(
        "Events refused ({kind}): {value} (threshold {threshold})",
        "Events of the kind {kind} refused in the last {window} because they cannot be booked: {value}; the {severity} "
        "threshold is {threshold}. They are not in the books.",
    ),
    runbook=Runbook(
        "Events were refused because they cannot be booked: a field is missing or wrong, a time is too far ahead, or a "
        "strategy is not configured where that is required. They are not in the books.",
        (
            RunbookQuery("How many, of which kind, in five minutes?", f"{_recent('rejected')} > 0"),
            RunbookQuery("What share of all events?", f"sum({_recent('rejected')}) / sum(increase({catalog.EVENTS.name}[5m]))"),
            RunbookQuery("Is a clock wrong (seconds ahead of ours)?", catalog.SOURCE_CLOCK_OFFSET_SECONDS.name),
        ),
        "The answer to the sender and the monitor's log have field, value and reason. Correct the sender and send the events "
        "again; a refused event does not use up its identity. Time ahead: set the sender's clock, and send UTC. Unknown "
        "strategy: add it to strategies.yaml. Kind `unknown`: lines that are not events at all.",
        "A person tries the interface by hand.",
    ),
)

EVENTS_LATE = Alert(
    name="EventsLate",
    about="Account events were booked, but long after they happened.",
    board=BOARD,
    settings=LateAlert,
    rules=_counted(f"increase({catalog.EVENTS_LATE.name}{WINDOW})"),
    message=Message(
        "Late events ({kind}): {value} (threshold {threshold})",
        "Events of the kind {kind} booked in the last {window}, long after they happened: {value}; the {severity} threshold "
        "is {threshold}. Until they were booked, positions and P&L lacked them.",
    ),
    runbook=Runbook(
        "Account events were booked although they are more than `events.late_after_seconds` (monitor.yaml) behind the latest "
        "event. The books are right now; between the event and its arrival they were not, and alerts used wrong "
        "positions.",
        (
            RunbookQuery("How many, of which kind, in five minutes?", f"increase({catalog.EVENTS_LATE.name}[5m]) > 0"),
            RunbookQuery(
                "How late is the slowest one in twenty (seconds)?",
                f"histogram_quantile(0.95, sum by (le, kind) (rate({catalog.EVENT_LAG_SECONDS.name}_bucket[5m])))",
            ),
            RunbookQuery(
                "Do events wait here?", f"{catalog.INGEST_PENDING_EVENTS.name} or {catalog.JOURNAL_PENDING_EVENTS.name}"
            ),
            RunbookQuery("Is a clock wrong (seconds ahead of ours)?", catalog.SOURCE_CLOCK_OFFSET_SECONDS.name),
        ),
        "Look at the positions and the drawdown of the strategies once more first: they are right only now, and what was "
        "decided on them before may have to be taken back. Then, events wait here: the monitor or its journal is slow, see "
        "JournalSlow. None waits: they are held up on their way; look at the engine's own queue and log. One source that is "
        "always late: set its clock.",
        "A backlog that an engine sends after an outage, or events that are entered by hand afterwards.",
    ),
)

_TURNED_AWAY = f"sum without (path) (increase({catalog.API_REQUESTS.name}{{code=~{any_of(TURNED_AWAY)}}}{WINDOW}))"

REQUESTS_REFUSED = Alert(
    name="RequestsRefused",
    about="Senders are turned away before their events are read.",
    board=BOARD,
    settings=TurnedAwayAlert,
    rules=_counted(_TURNED_AWAY),
    message=Message(
        "Requests turned away (HTTP {code}): {value} (threshold {threshold})",
        "Requests to the monitor's API answered with {code} in the last {window}: {value}; the {severity} threshold is "
        "{threshold}. Their events were not read.",
    ),
    runbook=Runbook(
        "Requests to the monitor's API were turned away before their events were read: 401 or 403, the token or certificate is "
        "wrong; 413, the body is too large; 429, more events wait than may; 503, the journal is away or the books are being "
        "restored. What an engine cannot deliver is not watched, and no number says that it is missing.",
        (
            RunbookQuery(
                "Which answers, on which path?", f"sum by (path, code) (increase({catalog.API_REQUESTS.name}[5m])) > 0"
            ),
            RunbookQuery("Does anything come in?", f'sum by (kind) (rate({catalog.EVENTS.name}{{outcome="accepted"}}[1m]))'),
            RunbookQuery(
                "Do events wait to be booked?", f"{catalog.INGEST_PENDING_EVENTS.name} or {catalog.JOURNAL_PENDING_EVENTS.name}"
            ),
        ),
        "Critical: find the engine; while it trades and is turned away, it is not watched, so pause it unless it is accepted "
        "within minutes. The monitor's log names the sender. 401, 403: give it the token of `ingest` in monitor.yaml, or a "
        "certificate that the monitor trusts. 413: have it send smaller bodies. 429: see JournalSlow; a sender must wait as "
        "Retry-After says, and keep what it could not deliver. 503: see JournalFailing and MonitorDown.",
        "A person tries the interface by hand, or a scanner finds it. A burst after an outage, which drains by itself.",
    ),
)

EVENTS_MISSING = Alert(
    name="EventsMissing",
    about="The numbers of a source say that an event never came.",
    board=BOARD,
    settings=StateAlert,
    groups=("sources",),
    rules=state_rules(f"{catalog.SOURCE_MISSING_EVENTS.name} > 0"),
    message=Message(
        "{source}: missing events: {value}",
        "Events that have not come for {hold} or longer, by the numbers that {source} gives them: {value}. They are not in "
        "the books.",
    ),
    runbook=Runbook(
        "The source numbers its account events, and a number below its highest has not come. A fill among them makes the "
        "position wrong.",
        (
            RunbookQuery("How many, of which source?", f"{catalog.SOURCE_MISSING_EVENTS.name} > 0"),
            RunbookQuery("Do fillers arrive?", f"rate({catalog.SOURCE_NUMBERED_EVENTS.name}[1m]) > 0"),
            RunbookQuery(
                "Were events refused?",
                f'sum by (kind, outcome) (increase({catalog.EVENTS.name}{{outcome=~"rejected|conflict"}}[1h])) > 0',
            ),
        ),
        "See in the engine what it did with the answer to the event: correct one that was refused, and send it again with "
        "its number; send one without an answer again as it was. A number that was never used is filled by a "
        "capital_flow of amount 0. Compare with the broker's statement when in doubt.",
        "An engine that leaves numbers out on purpose: it must not send seq, or must number only the account events.",
    ),
)
