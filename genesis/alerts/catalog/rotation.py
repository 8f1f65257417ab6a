"""The rotation controller; where none is read, nothing of this fires."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from genesis.alerts.alert import Alert
from genesis.alerts.figure import NUMBER, PERCENT, AlertThreshold, percent, plain
from genesis.alerts.kinds import LeveledAlert, StateAlert
from genesis.alerts.messages import Board, Message, Runbook, RunbookQuery
from genesis.alerts.promql import number
from genesis.alerts.rules import ROTATION_JOB, Context, Rule, RuleMaker, state_rules
from genesis.metrics import catalog
from genesis.settings.section import Ratio

BOARD = Board.ROTATION

_NOWHERE = "Where no rotation controller runs, this alert never fires. "
_DIFFERENCE = f"{catalog.ROTATION_ENGINE_WEIGHT_RATIO.name} - {catalog.ROTATION_TARGET_WEIGHT_RATIO.name}"

ROTATION_DOWN = Alert(
    name="RotationDown",
    about="Prometheus cannot read the rotation controller; it never fires without one.",
    board=BOARD,
    settings=StateAlert,
    rules=state_rules(f'up{{job="{ROTATION_JOB}"}} == 0'),
    message=Message(
        "Rotation controller down",
        "For {hold}, Prometheus has not been able to read the rotation controller. Allocations stay as they are; nothing takes "
        "capital from a strategy that fails.",
    ),
    runbook=Runbook(
        f"{_NOWHERE}Prometheus cannot read the rotation controller that prometheus.yml has. Allocations stay as they are. "
        "Alerts on strategies still fire, but what the rules of rotation would do has to be done by hand.",
        (
            RunbookQuery("Can it be read?", f'up{{job="{ROTATION_JOB}"}}'),
            RunbookQuery("Did it enforce?", f"last_over_time({catalog.ROTATION_ENFORCING.name}[1h])"),
            RunbookQuery("What was the last allocation?", f"last_over_time({catalog.ROTATION_TARGET_WEIGHT_RATIO.name}[1h])"),
            RunbookQuery("Which strategies are in trouble?", 'ALERTS{alertstate="firing",strategy!=""}'),
        ),
        "Look at its process and log, and start it again with `genesis rotate run`: it takes up its last decision from the "
        "audit log, and delivers nothing twice. `genesis rotate status` says what it decided last, without the process. Until "
        "it is back, watch the strategies that have alerts, and take capital from them by hand, in the engine.",
        "A controller that was removed on purpose, and is still in prometheus.yml.",
    ),
)


Intervals = Annotated[Decimal, Field(gt=1, le=100)]
_AGE = f"(time() - {catalog.ROTATION_LAST_DECISION_TIMESTAMP_SECONDS.name})\n/\n({catalog.ROTATION_INTERVAL_SECONDS.name} > 0)"


class StuckAlert(LeveledAlert):
    """The age of the controller's last decision, in multiples of the interval at which it decides."""

    warning: Intervals
    """Fires with severity warning from here on; above 1, as a decision is one interval old when the next one comes."""
    critical: Intervals
    """Fires with severity critical from here on; must be above `warning`."""


def _stuck(maker: RuleMaker, config: StuckAlert) -> Iterator[Rule]:
    return maker.each_severity(
        config,
        lambda severity: f"(\n{_AGE}\n) >= {number(getattr(config, severity))}",
        {"value": NUMBER},
        lambda severity: plain(getattr(config, severity)),
        figure=f"(\n{_AGE}\n)",
    )


ROTATION_STUCK = Alert(
    name="RotationStuck",
    about="The rotation controller answers, but has stopped deciding.",
    board=BOARD,
    settings=StuckAlert,
    muted_by="RotationDown",
    rules=_stuck,
    message=Message(
        "Rotation decides nothing any more",
        "The rotation controller answers, but its last decision is {value} intervals old; the {severity} threshold is "
        "{threshold}.",
    ),
    runbook=Runbook(
        f"{_NOWHERE}The controller answers Prometheus, but has made no decision for several of its intervals: it hangs in "
        "a query, in its database, or in the delivery to the engine. A decision that changes nothing, or is blocked, counts "
        "as one.",
        (
            RunbookQuery(
                "How old is the last decision (seconds)?", f"time() - {catalog.ROTATION_LAST_DECISION_TIMESTAMP_SECONDS.name}"
            ),
            RunbookQuery("How often should there be one (seconds)?", catalog.ROTATION_INTERVAL_SECONDS.name),
            RunbookQuery("What was decided in the last hour?", f"increase({catalog.ROTATION_DECISIONS.name}[1h]) > 0"),
            RunbookQuery("Does it enforce?", catalog.ROTATION_ENFORCING.name),
        ),
        "Restart the controller: that is harmless, allocations stay as they are, and a decision is never applied twice. Its "
        "log, its /healthz and the last line of `genesis rotate audit` say what it waited for. Prometheus slow: see "
        "RulesMissed. The database of the audit log, which is the journal's: see JournalSlow and JournalFailing. The engine: "
        "see whether it answers. Until it decides again, take capital from what fails by hand.",
        "A clock that was set: the age comes from two clocks, that of Prometheus and that of the controller.",
    ),
)


# The first hour of a strategy is not a fault: what it lacks after that is `partial`.
_BLOCKED = f'{catalog.ROTATION_BLOCKED_INFO.name}{{reason!="warming_up"}} == 1'

ROTATION_BLOCKED = Alert(
    name="RotationBlocked",
    about="The rotation controller takes no step that adds risk.",
    board=BOARD,
    settings=StateAlert,
    muted_by="RotationDown",
    rules=state_rules(_BLOCKED),
    message=Message(
        "Rotation is blocked: {reason}",
        "For {hold}, the rotation controller has taken no step that adds risk ({reason}). Capital does not move to what works.",
    ),
    runbook=Runbook(
        f"{_NOWHERE}The controller takes no step that adds risk, as it does not trust what it sees: Prometheus does not "
        "answer, figures are missing or old, a clock jumped, alert rules are not evaluated, the engine does not confirm, or "
        "the audit log cannot be written, without which nothing is delivered at all. Steps that take risk away go on where "
        "their figures are fresh. The first hour of a strategy (`warm_up`) has the reason warming_up, and raises no alert.",
        (
            RunbookQuery("Why?", catalog.ROTATION_BLOCKED_INFO.name),
            RunbookQuery("Which figures are old (seconds)?", f"time() - {catalog.STRATEGY_LAST_EVENT_TIMESTAMP_SECONDS.name}"),
            RunbookQuery("Which figures are not known?", catalog.STRATEGY_UNDEFINED_INFO.name),
            RunbookQuery("Does the engine follow?", f"{_DIFFERENCE}"),
        ),
        "`genesis rotate status` says in words what is wrong, and names the strategy and the signal. Correct that; the block "
        "ends by itself. prometheus: it does not answer the controller. stale, partial: see MonitorDown, MarketDataStale and "
        "FiguresUndefined. signals: an expression of rotation.yaml fails, or two monitors are read. rules: see RulesFailing. "
        "engine, unconfirmed: see RotationDisagrees. audit: the journal's database; see JournalFailing. clock: see that the "
        "machines keep time. tier, daily_loss: the account itself; there is nothing to correct. Meanwhile "
        "strategies trade on with what they have.",
        "A replay, or a market that is closed: its figures are old.",
    ),
)


class DisagreementAlert(StateAlert):
    """How far the weight that the engine reports of a strategy is from the one that was decided on."""

    tolerance: Ratio
    """Fires from this difference on, as a share of the capital."""


def _disagrees(maker: RuleMaker, config: DisagreementAlert) -> Iterator[Rule]:
    figure = f"abs({_DIFFERENCE})"
    expr = f"{figure} >= {number(config.tolerance)}\nand on (instance)\n{catalog.ROTATION_ENFORCING.name} == 1"
    words = {"value": PERCENT, "tolerance": percent(config.tolerance)}
    yield maker.rule(config.severity, config, expr, words, figure, of_strategy=True)


def _disagrees_thresholds(alert: str, config: DisagreementAlert, _: Context) -> Iterator[AlertThreshold]:
    yield AlertThreshold(alert, config.severity, "", float(config.tolerance))


ROTATION_DISAGREES = Alert(
    name="RotationDisagrees",
    about="The engine gives a strategy another weight than rotation decided.",
    board=BOARD,
    settings=DisagreementAlert,
    muted_by="RotationDown",
    rules=_disagrees,
    thresholds=_disagrees_thresholds,
    message=Message(
        "{strategy}: the engine does not follow rotation",
        "The engine's weight of {strategy} is {value} of the capital away from the one that was decided on; {tolerance} is "
        "tolerated.",
    ),
    runbook=Runbook(
        f"{_NOWHERE}Rotation enforces, but the engine reports another weight of the strategy than was decided on. It may "
        "trade on with capital that was taken from it. In mode advise this never fires, because the engine need not follow.",
        (
            RunbookQuery("By how much (above 0, the engine gives more)?", _DIFFERENCE),
            RunbookQuery("What was decided?", catalog.ROTATION_TARGET_WEIGHT_RATIO.name),
            RunbookQuery("What does the engine report?", catalog.ROTATION_ENGINE_WEIGHT_RATIO.name),
            RunbookQuery("Is the controller blocked?", catalog.ROTATION_BLOCKED_INFO.name),
        ),
        "Engine above: reduce or pause the strategy in the engine by hand, now. Then find out why: `genesis rotate audit "
        "--changes` has the decision and the engine's answer; the engine's log has what it did with it. A strategy that "
        "cannot be reduced at once (no liquidity), or that was changed by hand: pin it with `genesis rotate pin`, and "
        "rotation leaves it alone.",
        "An engine that moves capital slowly, on purpose: raise `for`. Coarse lots: raise `tolerance`.",
    ),
)

ROTATION_HALTED = Alert(
    name="RotationHalted",
    about="Rotation was halted, and not resumed.",
    board=BOARD,
    settings=StateAlert,
    muted_by="RotationDown",
    rules=state_rules(f"{catalog.ROTATION_HALTED.name} == 1"),
    message=Message(
        "Rotation is halted",
        "For {hold}, rotation has been halted: no weight and no state changes, whatever happens to a strategy.",
    ),
    runbook=Runbook(
        f"{_NOWHERE}Rotation was halted with `genesis rotate halt`, or there is the file that `halt_file` of "
        "rotation.yaml names. Decisions are made and written down, and all of them leave everything as it is: the hard rules "
        "do not take capital from what fails either.",
        (
            RunbookQuery("Is it halted?", catalog.ROTATION_HALTED.name),
            RunbookQuery("What has every strategy?", catalog.ROTATION_ENGINE_WEIGHT_RATIO.name),
            RunbookQuery("Which rules would take capital away?", f"{catalog.ROTATION_RULE_HOLDS.name} == 1"),
        ),
        "`genesis rotate status` says who halted it, since when, and why. Ask them. When the reason is gone: `genesis rotate "
        'resume --why "..."`, and remove the file if there is one. Before that, see what the rules would do: they do it '
        "with the next decision. To keep a strategy as it is: `genesis rotate pin`.",
        "A long maintenance: silence the alert until its end (`genesis alerts silence`).",
    ),
)

_LEADING = catalog.ROTATION_LEADING.name

ROTATION_LEADERLESS = Alert(
    name="RotationLeaderless",
    about="Rotation controllers answer, and none of them decides.",
    board=BOARD,
    settings=StateAlert,
    muted_by="RotationDown",
    rules=state_rules(f"{_LEADING} == 0\nunless on ()\n({_LEADING} == 1)"),
    message=Message(
        "Rotation: no controller decides",
        "For {hold}, the rotation controller has waited to decide, and no other one that Prometheus reads does. Allocations "
        "stay as they are.",
    ),
    runbook=Runbook(
        f"{_NOWHERE}One controller at a time decides: the one that holds the lock in the audit log's database. The ones that "
        "Prometheus reads all wait for it: a process that Prometheus does not read holds it, or the database does not answer.",
        (
            RunbookQuery("Who leads?", catalog.ROTATION_LEADING.name),
            RunbookQuery("Why not?", catalog.ROTATION_BLOCKED_INFO.name),
        ),
        "The controller's log, and its landing page, say what it waits for: where another process holds the lock, which one. "
        "Stop that one, or let Prometheus read it. With reason audit, the database cannot be opened: see JournalFailing.",
        "A second controller that is started before Prometheus reads the first one.",
    ),
)
