"""Alerting itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from genesis.alerts.alert import Alert
from genesis.alerts.figure import PERCENT, percent
from genesis.alerts.kinds import AlertSection, CounterWindow, LeveledAlert, LookBack, Misfit, StateAlert, WindowAlert
from genesis.alerts.messages import Board, Message, Runbook, RunbookQuery
from genesis.alerts.promql import number
from genesis.alerts.rules import OTHERS_INTERVAL, WINDOW, Rule, RuleMaker, state_rules, window_rules
from genesis.core.duration import Interval, duration_text
from genesis.settings.section import Name, Ratio

BOARD = Board.SERVICE

FAILED_NOTIFICATIONS = "alertmanager_notifications_failed_total"
FAILED_EVALUATIONS = "prometheus_rule_evaluation_failures_total"
MISSED_ITERATIONS = "prometheus_rule_group_iterations_missed_total"
ITERATIONS = "prometheus_rule_group_iterations_total"
"""With the missed ones."""
SENDING_ERRORS = "prometheus_notifications_errors_total"
ALERTMANAGERS = "prometheus_notifications_alertmanagers_discovered"
RELOADED = {name: f"{name}_config_last_reload_successful" for name in ("prometheus", "alertmanager")}
"""Job → 1 if it runs on its newest configuration, 0 if on an older one."""


class PrometheusWindow(LookBack):
    """An alert on what Prometheus counted of itself within a window."""

    why_longer: ClassVar[str] = ": Prometheus reads itself every five seconds"

    def timing_misfits(self, scrape_interval: timedelta | None) -> Iterator[Misfit]:
        """The same, at the interval at which Prometheus reads itself."""
        return super().timing_misfits(OTHERS_INTERVAL)


class FailingAlert(PrometheusWindow, WindowAlert):
    """Something that happened within a window, or did not."""


RULES_FAILING = Alert(
    name="RulesFailing",
    about="Prometheus could not evaluate rules.",
    board=BOARD,
    settings=FailingAlert,
    rules=window_rules(f"increase({FAILED_EVALUATIONS}{WINDOW}) > 0"),
    message=Message(
        "Prometheus cannot evaluate rules",
        "Failed evaluations of rules of {rule_group} in the last {window}: {value}. Alerts of that group may not fire.",
    ),
    runbook=Runbook(
        "Prometheus ran a rule and got an error instead of a result. Nobody is notified of what that rule watches; the other "
        "rules of the group continue.",
        (
            RunbookQuery("Which groups?", f"increase({FAILED_EVALUATIONS}[5m]) > 0"),
            RunbookQuery("Is a series there twice (two monitors read as one)?", 'count by (instance) (up{job="genesis"}) > 1'),
            RunbookQuery("What fires right now?", 'ALERTS{alertstate="firing"}'),
        ),
        "The group's name says what is not watched (losses, feeds, ...): watch that on the boards until it is "
        "repaired. The page /rules of Prometheus shows the error next to the rule, and its log has it, too. Many-to-many "
        "matching, or the same labels twice: two monitors export the same strategy, or two engines have one name for two "
        "strategies. Too many samples, or a timeout: the machine is too small. A rule that was written by hand: run "
        "`genesis generate`, and reload.",
        "A single failure while Prometheus was starting.",
    ),
)


class MissedAlert(PrometheusWindow, LeveledAlert, CounterWindow):
    """The evaluations of the slowest group of rules that Prometheus left out within a window, as a share of all."""

    window: Interval
    """How far back they go; at least 20s."""
    warning: Ratio
    """Fires with severity warning from here on."""
    critical: Ratio
    """Fires with severity critical from here on; must be above `warning`."""


def _missed(maker: RuleMaker, config: MissedAlert) -> Iterator[Rule]:
    window = duration_text(config.window)
    ratio = f"increase({MISSED_ITERATIONS}[{window}]) / (increase({ITERATIONS}[{window}]) > 0)"
    share = f"max without (rule_group) ({ratio})"
    return maker.each_severity(
        config,
        lambda severity: f"{share} >= {number(getattr(config, severity))}",
        {"value": PERCENT, "window": window},
        lambda severity: percent(getattr(config, severity)),
        figure=share,
    )


RULES_MISSED = Alert(
    name="RulesMissed",
    about="Prometheus leaves out evaluations of rules, as they take too long.",
    board=BOARD,
    settings=MissedAlert,
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


class UnreachableAlert(PrometheusWindow, StateAlert):
    """Something that happened within a window, or did not."""

    def timing_misfits(self, scrape_interval: timedelta | None) -> Iterator[Misfit]:
        """Also: an alert that fires at one failed attempt."""
        if self.hold <= self.window:
            right = (
                f"must be longer than window, which is {duration_text(self.window)}: otherwise one failed attempt is notified"
            )
            yield Misfit("for", duration_text(self.hold), right)
        yield from super().timing_misfits(scrape_interval)


_UNREACHABLE = f"increase({SENDING_ERRORS}{WINDOW}) > 0\nor\n{ALERTMANAGERS} < 1"

ALERTMANAGER_UNREACHABLE = Alert(
    name="AlertmanagerUnreachable",
    about="Prometheus cannot hand its alerts to an Alertmanager.",
    board=BOARD,
    settings=UnreachableAlert,
    rules=window_rules(_UNREACHABLE),
    message=Message(
        "Prometheus cannot hand over alerts",
        "For minutes, Prometheus has not been able to hand its alerts to {alertmanager}.",
    ),
    runbook=Runbook(
        "Prometheus fires alerts, and an Alertmanager does not take them. If it is the only one, nobody is notified of "
        "anything, this alert included: then the dead man's switch behind the Watchdog raises the alarm, and the boards' list "
        "of alerts, which asks Prometheus, still shows all of them. This notification came through another Alertmanager, or "
        "after the outage.",
        (
            RunbookQuery("Which one (errors in two minutes)?", f"increase({SENDING_ERRORS}[2m]) > 0"),
            RunbookQuery("How many does Prometheus know?", ALERTMANAGERS),
            RunbookQuery("Were alerts dropped?", "increase(prometheus_notifications_dropped_total[5m])"),
            RunbookQuery("Does it answer?", 'up{job="alertmanager"}'),
            RunbookQuery("What fires right now?", 'ALERTS{alertstate="firing",alertname!="Watchdog"}'),
        ),
        "First read on the page /alerts of Prometheus what fires: nobody is notified of it. Then start Alertmanager; its log "
        "says why it ended, a configuration that it refuses for example (`amtool check-config alertmanager.yml`). It runs: "
        "compare its address with `alerting` in prometheus.yml, and look at the network and the proxy between. Prometheus "
        "sends again what still fires.",
        "An Alertmanager that was removed on purpose, and is still in prometheus.yml.",
    ),
)


_REFUSED = "\nor\n".join(f"{metric} == 0" for metric in RELOADED.values())

CONFIGURATION_REFUSED = Alert(
    name="ConfigurationRefused",
    about="Prometheus or Alertmanager could not load its new configuration, and runs on the old one.",
    board=BOARD,
    settings=StateAlert,
    rules=state_rules(_REFUSED),
    message=Message(
        "{job} refused its new configuration",
        "{job} could not load its new configuration, and continues with the old one: the changes are not in force. It would "
        "not start again with the new one.",
    ),
    runbook=Runbook(
        "Prometheus (job prometheus) or Alertmanager (job alertmanager) was asked to reload, and refused the files that it "
        "found. It continues with its old configuration: changed thresholds, routes and receivers are not in force, and a "
        "restart would fail.",
        (
            RunbookQuery("Which one?", " or ".join(f"{metric} == 0" for metric in RELOADED.values())),
            RunbookQuery(
                "When was the last one that worked (seconds ago)?",
                "time() - " + " or time() - ".join(f"{name}_config_last_reload_success_timestamp_seconds" for name in RELOADED),
            ),
            RunbookQuery("Is the Watchdog still on its way?", 'ALERTS{alertname="Watchdog"}'),
        ),
        "Its log names file and line. Do not edit generated files: correct config/alerts.yaml, run `genesis generate` and "
        "`genesis check`, which has promtool and amtool read them, copy them all, and reload (SIGHUP, or POST /-/reload). "
        "Files of two versions, half copied, are the usual reason.",
        "The files were still being copied while it reloaded: the next reload takes them.",
    ),
)


_NOTIFICATIONS_FAILING = f"sum by (instance, integration) (rate({FAILED_NOTIFICATIONS}[2m])) > 0"

NOTIFICATIONS_FAILING = Alert(
    name="NotificationsFailing",
    about="Alertmanager cannot deliver.",
    board=BOARD,
    settings=StateAlert,
    rules=state_rules(_NOTIFICATIONS_FAILING),
    message=Message(
        "Notifications through {integration} fail",
        "Alertmanager has not been able to deliver all notifications through {integration} in the last two minutes.",
    ),
    runbook=Runbook(
        "Alertmanager could not deliver a notification. This one came through a receiver that works.",
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


class WatchdogAlert(AlertSection):
    """An alert that always fires: its silence says that alerting itself is broken."""

    receiver: Name
    """Who hears the heartbeat, and raises the alarm when it stops; no route may use the same receiver."""
    repeat_interval: Interval
    """The time between two heartbeats."""


def _watchdog(maker: RuleMaker, _: WatchdogAlert) -> Iterator[Rule]:
    yield maker.always()


WATCHDOG = Alert(
    name="Watchdog",
    about="Always fires.",
    board=BOARD,
    settings=WatchdogAlert,
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
