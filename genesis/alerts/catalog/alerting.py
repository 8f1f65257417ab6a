"""Alerting itself."""

from __future__ import annotations

from collections.abc import Iterator

from genesis.alerts.alert import Alert
from genesis.alerts.figure import PERCENT, percent
from genesis.alerts.messages import Message
from genesis.alerts.promql import number
from genesis.alerts.rules import WINDOW, Rule, RuleMaker
from genesis.alerts.runbook import Runbook, RunbookQuery
from genesis.core.duration import duration_text
from genesis.settings.trading_rules import TradingRules

FAILED_NOTIFICATIONS = "alertmanager_notifications_failed_total"
FAILED_EVALUATIONS = "prometheus_rule_evaluation_failures_total"
MISSED_ITERATIONS = "prometheus_rule_group_iterations_missed_total"
ITERATIONS = "prometheus_rule_group_iterations_total"
"""With the missed ones."""
SENDING_ERRORS = "prometheus_notifications_errors_total"
ALERTMANAGERS = "prometheus_notifications_alertmanagers_discovered"
RELOADED = {name: f"{name}_config_last_reload_successful" for name in ("prometheus", "alertmanager")}
"""Job → 1 if it runs on its newest configuration, 0 if on an older one."""

_NOTIFICATIONS_FAILING = f"sum by (instance, integration) (rate({FAILED_NOTIFICATIONS}[2m])) > 0"


def _notifications(maker: RuleMaker, _: TradingRules) -> Iterator[Rule]:
    yield maker.state(maker.alerts.notifications_failing, _NOTIFICATIONS_FAILING)


def _failing(maker: RuleMaker, _: TradingRules) -> Iterator[Rule]:
    yield maker.window(maker.alerts.rules_failing, f"increase({FAILED_EVALUATIONS}{WINDOW}) > 0")


def _missed(maker: RuleMaker, _: TradingRules) -> Iterator[Rule]:
    config = maker.alerts.rules_missed
    window = duration_text(config.window)
    ratio = f"increase({MISSED_ITERATIONS}[{window}]) / (increase({ITERATIONS}[{window}]) > 0)"
    share = f"max without (rule_group) ({ratio})"
    yield from maker.each_severity(
        config,
        lambda severity: f"{share} >= {number(getattr(config, severity))}",
        {"value": PERCENT, "window": window},
        lambda severity: percent(getattr(config, severity)),
        figure=share,
    )


def _unreachable(maker: RuleMaker, _: TradingRules) -> Iterator[Rule]:
    expr = f"increase({SENDING_ERRORS}{WINDOW}) > 0\nor\n{ALERTMANAGERS} < 1"
    yield maker.window(maker.alerts.alertmanager_unreachable, expr)


def _refused(maker: RuleMaker, _: TradingRules) -> Iterator[Rule]:
    yield maker.state(maker.alerts.configuration_refused, "\nor\n".join(f"{metric} == 0" for metric in RELOADED.values()))


def _watchdog(maker: RuleMaker, _: TradingRules) -> Iterator[Rule]:
    yield maker.always()


RULES_FAILING = Alert(
    name="RulesFailing",
    rules=_failing,
    message=Message(
        "Prometheus cannot evaluate rules",
        "In the last {window}, {value} evaluations of rules of {rule_group} failed. Alerts of that group may not fire.",
    ),
    runbook=Runbook(
        "Prometheus ran a rule and got an error instead of a result. What that rule would tell is told to nobody; the other "
        "rules of the group go on.",
        (
            RunbookQuery("Which groups?", f"increase({FAILED_EVALUATIONS}[5m]) > 0"),
            RunbookQuery("Is a series there twice (two monitors read as one)?", 'count by (instance) (up{job="genesis"}) > 1'),
            RunbookQuery("What fires right now?", 'ALERTS{alertstate="firing"}'),
        ),
        "The group's name says what is not watched (losses, feeds, ...): have somebody look at that on the boards until it is "
        "mended. Prometheus's page /rules shows the error beside the rule, and its log has it, too. Many-to-many matching, or "
        "the same labels twice: two monitors or two engines tell the same strategy under the same name. Too many samples, or "
        "a timeout: the machine is too small. A rule that was written by hand: run `genesis generate`, and reload.",
        "A single failure while Prometheus was starting.",
    ),
)

RULES_MISSED = Alert(
    name="RulesMissed",
    rules=_missed,
    message=Message(
        "Prometheus leaves out {value} of the evaluations (threshold {threshold})",
        "In the last {window}, Prometheus left out {value} of the evaluations of its slowest group of rules; the {severity} "
        "threshold is {threshold}. Alerts come later than they should.",
    ),
    runbook=Runbook(
        "Evaluating a group of rules takes longer than `evaluation_interval` of alerts.yaml, and Prometheus leaves the next "
        "one out. Nothing is lost, but alerts come later, and what lasted for a moment may not be seen.",
        (
            RunbookQuery("Which groups?", f"increase({MISSED_ITERATIONS}[5m]) > 0"),
            RunbookQuery("How long do they take (seconds)?", "topk(5, prometheus_rule_group_last_duration_seconds)"),
            RunbookQuery("How long may they (seconds)?", "prometheus_rule_group_interval_seconds"),
            RunbookQuery("How many series are there?", "prometheus_tsdb_head_series"),
        ),
        "Critical: double `evaluation_interval`, run `genesis generate` and reload. See what else keeps the machine busy; a "
        "board that looks back over weeks is often it. Otherwise shorten the longest `window` of the slow group, or give "
        "Prometheus a core more.",
        "A machine that was suspended.",
    ),
)

ALERTMANAGER_UNREACHABLE = Alert(
    name="AlertmanagerUnreachable",
    rules=_unreachable,
    message=Message(
        "Prometheus cannot hand over alerts",
        "For minutes, Prometheus has not been able to hand its alerts to {alertmanager}.",
    ),
    runbook=Runbook(
        "Prometheus fires alerts, and an Alertmanager does not take them. If it is the only one, nobody is told of anything, "
        "this alert included: then the dead man's switch behind the Watchdog raises the alarm, and the boards' list of "
        "alerts, which asks Prometheus, still shows all of them. This notification came through another Alertmanager, or "
        "after the outage.",
        (
            RunbookQuery("Which one (errors in two minutes)?", f"increase({SENDING_ERRORS}[2m]) > 0"),
            RunbookQuery("How many does Prometheus know?", ALERTMANAGERS),
            RunbookQuery("Were alerts dropped?", "increase(prometheus_notifications_dropped_total[5m])"),
            RunbookQuery("Does it answer?", 'up{job="alertmanager"}'),
            RunbookQuery("What fires right now?", 'ALERTS{alertstate="firing",alertname!="Watchdog"}'),
        ),
        "Read what fires in Prometheus's page /alerts first: nobody else does. Then start Alertmanager; its log says why it "
        "ended, a configuration that it refuses for example (`amtool check-config alertmanager.yml`). It runs: compare its "
        "address with `alerting` in prometheus.yml, and look at the network and the proxy between. Prometheus sends again "
        "what still fires.",
        "An Alertmanager that was taken away on purpose, and is still in prometheus.yml.",
    ),
)

CONFIGURATION_REFUSED = Alert(
    name="ConfigurationRefused",
    rules=_refused,
    message=Message(
        "{job} refused its new configuration",
        "{job} could not load its new configuration, and goes on with the old one: what was changed does not hold. It would "
        "not start again with the new one.",
    ),
    runbook=Runbook(
        "Prometheus (job prometheus) or Alertmanager (job alertmanager) was told to reload, and refused the files that it "
        "found. It goes on with what it had; thresholds, routes and receivers that were changed since do not hold, and a "
        "restart would fail.",
        (
            RunbookQuery("Which one?", " or ".join(f"{metric} == 0" for metric in RELOADED.values())),
            RunbookQuery(
                "When was the last one that worked (seconds ago)?",
                "time() - " + " or time() - ".join(f"{name}_config_last_reload_success_timestamp_seconds" for name in RELOADED),
            ),
            RunbookQuery("Is the Watchdog still on its way?", 'ALERTS{alertname="Watchdog"}'),
        ),
        "Its log names file and line. Do not mend generated files: mend config/alerts.yaml, run `genesis generate` and "
        "`genesis check`, which has promtool and amtool read them, copy them all, and reload (SIGHUP, or POST /-/reload). "
        "Files of two versions, half copied, are the usual reason.",
        "A copy that was under way while it reloaded: the next reload takes it.",
    ),
)

NOTIFICATIONS_FAILING = Alert(
    name="NotificationsFailing",
    rules=_notifications,
    message=Message(
        "Notifications through {integration} fail",
        "Alertmanager has not been able to deliver all notifications through {integration} in the last two minutes.",
    ),
    runbook=Runbook(
        "Alertmanager tried to notify somebody and could not. This notification came through a receiver that works.",
        (
            RunbookQuery("Which integration?", f"sum by (integration) (rate({FAILED_NOTIFICATIONS}[2m])) > 0"),
            RunbookQuery("What fires right now?", 'ALERTS{alertstate="firing"}'),
        ),
        "Alertmanager's log has the reason. A secret file that is missing or unreadable is the usual one: Alertmanager "
        "starts without it, and reads it at each notification, so that putting it there is enough. Otherwise the service "
        "is down, or refuses the key.",
        "A service that was away for a moment: Alertmanager tries again by itself.",
    ),
)

WATCHDOG = Alert(
    name="Watchdog",
    rules=_watchdog,
    message=Message(
        "Heartbeat",
        "Always fires. When it stops arriving, Prometheus or Alertmanager is broken, and no alert will arrive.",
    ),
    runbook=Runbook(
        "Nothing is wrong: this alert always fires, and its receiver expects it. Give that receiver to a dead man's "
        "switch, which raises the alarm when the heartbeat stops.",
        (RunbookQuery("Does Prometheus fire it?", 'ALERTS{alertname="Watchdog"}'),),
        "When it stops: see whether Prometheus runs, whether it reaches Alertmanager, and whether Alertmanager reaches "
        "the receiver, in this order.",
        "Never, as long as it arrives.",
    ),
)

ALERTS = (
    RULES_FAILING,
    RULES_MISSED,
    ALERTMANAGER_UNREACHABLE,
    CONFIGURATION_REFUSED,
    NOTIFICATIONS_FAILING,
    WATCHDOG,
)
