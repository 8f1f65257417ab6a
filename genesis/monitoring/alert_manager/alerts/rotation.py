"""The rotation controller; where none is read, nothing of this fires."""

from __future__ import annotations

from collections.abc import Iterator

from genesis.core.config import TradingRules
from genesis.monitoring import catalog
from genesis.monitoring.alert_manager.alert import Alert, Inputs
from genesis.monitoring.alert_manager.figure import NUMBER, PERCENT, percent, plain
from genesis.monitoring.alert_manager.messages import Message
from genesis.monitoring.alert_manager.promql import number
from genesis.monitoring.alert_manager.rules import ROTATION_JOB, Rule, RuleMaker
from genesis.monitoring.alert_manager.runbook import Look, Runbook
from genesis.monitoring.alert_manager.thresholds import AlertThreshold

_DOWN = f'up{{job="{ROTATION_JOB}"}} == 0'
_AGE = f"(time() - {catalog.ROTATION_LAST_DECISION_TIMESTAMP_SECONDS.name})\n/\n({catalog.ROTATION_INTERVAL_SECONDS.name} > 0)"
_DIFFERENCE = f"{catalog.ROTATION_ENGINE_WEIGHT_RATIO.name} - {catalog.ROTATION_TARGET_WEIGHT_RATIO.name}"
_ENFORCING = f"{catalog.ROTATION_ENFORCING.name} == 1"

_NOWHERE = "Where no rotation controller runs, this alert never fires. "


def _down(maker: RuleMaker, _: TradingRules) -> Iterator[Rule]:
    yield maker.state(maker.alerts.rotation_down, _DOWN)


def _stuck(maker: RuleMaker, _: TradingRules) -> Iterator[Rule]:
    config = maker.alerts.rotation_stuck
    yield from maker.each_severity(
        config,
        lambda severity: f"(\n{_AGE}\n) >= {number(getattr(config, severity))}",
        {"value": NUMBER},
        lambda severity: plain(getattr(config, severity)),
        figure=f"(\n{_AGE}\n)",
    )


def _blocked(maker: RuleMaker, _: TradingRules) -> Iterator[Rule]:
    yield maker.state(maker.alerts.rotation_blocked, f"{catalog.ROTATION_BLOCKED_INFO.name} == 1")


def _disagrees(maker: RuleMaker, _: TradingRules) -> Iterator[Rule]:
    config = maker.alerts.rotation_disagrees
    figure = f"abs({_DIFFERENCE})"
    expr = f"{figure} >= {number(config.tolerance)}\nand on (instance)\n{_ENFORCING}"
    words = {"value": PERCENT, "tolerance": percent(config.tolerance)}
    yield maker.rule(config.severity, config, expr, words, figure, of_strategy=True)


def _disagrees_thresholds(inputs: Inputs) -> Iterator[AlertThreshold]:
    config = inputs.settings.alerts.rotation_disagrees
    yield AlertThreshold("RotationDisagrees", config.severity, "", float(config.tolerance))


ROTATION_DOWN = Alert(
    name="RotationDown",
    rules=_down,
    message=Message(
        "Rotation controller down",
        "For {hold}, Prometheus has not been able to read the rotation controller. Allocations stay as they are; nobody takes "
        "capital from a strategy that fails.",
    ),
    runbook=Runbook(
        f"{_NOWHERE}Prometheus cannot read the rotation controller that prometheus.yml has. Allocations stay as they are. "
        "Alerts on strategies fire as ever, but what a rule of rotation would do about them, somebody has to do by hand.",
        (
            Look("Can it be read?", f'up{{job="{ROTATION_JOB}"}}'),
            Look("Did it enforce?", f"last_over_time({catalog.ROTATION_ENFORCING.name}[1h])"),
            Look("What was the last allocation?", f"last_over_time({catalog.ROTATION_TARGET_WEIGHT_RATIO.name}[1h])"),
            Look("Which strategies are in trouble?", 'ALERTS{alertstate="firing",strategy!=""}'),
        ),
        "Look at its process and log, and start it again: it takes up its last allocation from the audit log. Until it is "
        "back, watch the strategies that have alerts, and take capital from them by hand.",
        "A controller that was taken away on purpose, and is still in prometheus.yml.",
    ),
)

ROTATION_STUCK = Alert(
    name="RotationStuck",
    rules=_stuck,
    message=Message(
        "Rotation decides nothing any more",
        "The rotation controller answers, but its last decision is {value} intervals old; the {severity} threshold is "
        "{threshold}.",
    ),
    runbook=Runbook(
        f"{_NOWHERE}The controller answers Prometheus, but has come to no decision for several of its intervals: it hangs in "
        "a query, in its database, or in the delivery to the engine. A decision that changes nothing, or is blocked, counts "
        "as one.",
        (
            Look(
                "How old is the last decision (seconds)?", f"time() - {catalog.ROTATION_LAST_DECISION_TIMESTAMP_SECONDS.name}"
            ),
            Look("How often should there be one (seconds)?", catalog.ROTATION_INTERVAL_SECONDS.name),
            Look("What was decided in the last hour?", f"increase({catalog.ROTATION_DECISIONS.name}[1h]) > 0"),
            Look("Does it enforce?", catalog.ROTATION_ENFORCING.name),
        ),
        "Restart the controller: that is harmless, allocations stay as they are, and a decision is never delivered twice. Its "
        "log says what it waited for. Prometheus slow: see RulesMissed. The database of the audit log: see JournalSlow and "
        "JournalFailing. The engine: see whether it answers. Until it decides again, take capital from what fails by hand.",
        "A clock that was set: the age is told by two clocks, that of Prometheus and that of the controller.",
    ),
)

ROTATION_BLOCKED = Alert(
    name="RotationBlocked",
    rules=_blocked,
    message=Message(
        "Rotation is blocked: {reason}",
        "For {hold}, the rotation controller has taken no step that adds risk ({reason}). Capital does not move to what works.",
    ),
    runbook=Runbook(
        f"{_NOWHERE}The controller takes no step that adds risk, as it does not trust what it sees: Prometheus does not "
        "answer, figures are missing or old, a clock jumped, or the engine does not confirm. Steps that take risk away go on "
        "where their figures are fresh.",
        (
            Look("Why?", catalog.ROTATION_BLOCKED_INFO.name),
            Look("Which figures are old (seconds)?", f"time() - {catalog.STRATEGY_LAST_EVENT_TIMESTAMP_SECONDS.name}"),
            Look("Which figures are not known?", catalog.STRATEGY_UNDEFINED_INFO.name),
            Look("Does the engine follow?", f"{_DIFFERENCE}"),
        ),
        "Mend what the reason names; the block ends by itself. Figures missing or old: see MonitorDown, MarketDataStale and "
        "FiguresUndefined. Engine: see RotationDisagrees. A clock: see that the machines keep time. It is in nobody's way: "
        "strategies trade on with what they have.",
        "A replay, or a market that is closed: its figures are old.",
    ),
)

ROTATION_DISAGREES = Alert(
    name="RotationDisagrees",
    rules=_disagrees,
    thresholds=_disagrees_thresholds,
    message=Message(
        "{strategy}: the engine does not follow rotation",
        "The engine's weight of {strategy} is {value} of the capital away from the one that was decided on; {tolerance} is "
        "tolerated.",
    ),
    runbook=Runbook(
        f"{_NOWHERE}Rotation enforces, but the engine reports another weight of the strategy than was decided on. It may "
        "trade on with capital that was taken from it. In mode advise this never fires: there, nobody has to follow.",
        (
            Look("By how much (above 0, the engine gives more)?", _DIFFERENCE),
            Look("What was decided?", catalog.ROTATION_TARGET_WEIGHT_RATIO.name),
            Look("What does the engine report?", catalog.ROTATION_ENGINE_WEIGHT_RATIO.name),
            Look("Is the controller blocked?", catalog.ROTATION_BLOCKED_INFO.name),
        ),
        "Engine above: reduce or pause the strategy in the engine by hand, now. Then find out why: the controller's audit log "
        "has the decision and the engine's answer; the engine's log has what it did with it. A strategy that cannot be "
        "reduced at once (no liquidity): pin it, so that nobody waits for it.",
        "An engine that moves capital slowly, on purpose: raise `for`. Coarse lots: raise `tolerance`.",
    ),
)

ALERTS = (
    ROTATION_DOWN,
    ROTATION_STUCK,
    ROTATION_BLOCKED,
    ROTATION_DISAGREES,
)
