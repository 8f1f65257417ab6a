"""Events that are refused, or never come."""

from __future__ import annotations

from collections.abc import Iterator

from genesis.core.config import TradingRules
from genesis.core.duration import duration_text
from genesis.monitoring import catalog
from genesis.monitoring.alert_manager.alert import Alert, Inputs
from genesis.monitoring.alert_manager.figure import COUNT, SEVERITIES
from genesis.monitoring.alert_manager.messages import Message
from genesis.monitoring.alert_manager.promql import string
from genesis.monitoring.alert_manager.rules import WINDOW, Rule, RuleMaker
from genesis.monitoring.alert_manager.runbook import Look, Runbook
from genesis.monitoring.alert_manager.thresholds import AlertThreshold

_EVENTS_MISSING = f"{catalog.SOURCE_MISSING_EVENTS.name} > 0"


def _refused(outcome: str) -> str:
    """How many events of each kind had the outcome within `WINDOW`."""
    return f"sum without (outcome) (increase({catalog.EVENTS.name}{{outcome={string(outcome)}}}{WINDOW}))"


def _recent(outcome: str) -> str:
    return _refused(outcome).replace(WINDOW, "[5m]")


def _conflicting(maker: RuleMaker, _: TradingRules) -> Iterator[Rule]:
    yield maker.window(maker.alerts.events_conflicting, f"{_refused('conflict')} > 0")


def _rejected(maker: RuleMaker, _: TradingRules) -> Iterator[Rule]:
    config = maker.alerts.events_rejected
    window = duration_text(config.window)
    yield from maker.each_severity(
        config,
        lambda severity: f"{_refused('rejected')} >= {getattr(config, severity)}".replace(WINDOW, f"[{window}]"),
        {"value": COUNT, "window": window},
        lambda severity: str(getattr(config, severity)),
    )


def _rejected_thresholds(inputs: Inputs) -> Iterator[AlertThreshold]:
    config = inputs.settings.alerts.events_rejected
    for severity in SEVERITIES:
        yield AlertThreshold("EventsRejected", severity, "", float(getattr(config, severity)))


def _missing(maker: RuleMaker, _: TradingRules) -> Iterator[Rule]:
    yield maker.state(maker.alerts.events_missing, _EVENTS_MISSING)


EVENTS_CONFLICTING = Alert(
    name="EventsConflicting",
    rules=_conflicting,
    message=Message(
        "Conflicting events ({kind})",
        "In the last {window}, {value} events of the kind {kind} were refused: others were taken in before under the same "
        "source and event_id. What was refused is not in the books.",
    ),
    runbook=Runbook(
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
)

EVENTS_REJECTED = Alert(
    name="EventsRejected",
    rules=_rejected,
    thresholds=_rejected_thresholds,
    message=Message(
        "{value} events refused ({kind})",
        "In the last {window}, {value} events of the kind {kind} were refused because they hold what cannot be booked; "
        "the {severity} threshold is {threshold}. They are not in the books.",
    ),
    runbook=Runbook(
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
)

EVENTS_MISSING = Alert(
    name="EventsMissing",
    groups=("sources",),
    rules=_missing,
    message=Message(
        "{source}: {value} events are missing",
        "By the numbers that {source} gives its events, {value} have not come for {hold} or longer. They are not in the books.",
    ),
    runbook=Runbook(
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
)

ALERTS = (
    EVENTS_CONFLICTING,
    EVENTS_REJECTED,
    EVENTS_MISSING,
)
