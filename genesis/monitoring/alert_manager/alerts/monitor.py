"""The monitor itself."""

from __future__ import annotations

from collections.abc import Iterator

from genesis.core.config import TradingRules
from genesis.monitoring import catalog
from genesis.monitoring.alert_manager.alert import Alert
from genesis.monitoring.alert_manager.messages import Message
from genesis.monitoring.alert_manager.rules import JOB, Rule, RuleMaker
from genesis.monitoring.alert_manager.runbook import Look, Runbook

_COLLECTOR_FAILING = f"{catalog.COLLECTOR_SUCCESS.name} == 0"

# While the books are restored the monitor answers, but collects no group of a strategy's figures: nobody watches then either.
_MONITOR_DOWN = f"""up{{job="{JOB}"}} == 0
or
absent(up{{job="{JOB}"}})
or
(
  up{{job="{JOB}"}} == 1
  unless on (instance)
  {catalog.COLLECTOR_SUCCESS.name}{{group="accounts"}}
)"""


def _collector(maker: RuleMaker, _: TradingRules) -> Iterator[Rule]:
    yield maker.state(maker.alerts.collector_failing, _COLLECTOR_FAILING)


def _down(maker: RuleMaker, _: TradingRules) -> Iterator[Rule]:
    yield maker.state(maker.alerts.monitor_down, _MONITOR_DOWN)


COLLECTOR_FAILING = Alert(
    name="CollectorFailing",
    rules=_collector,
    message=Message(
        "Monitor {instance}: {group} is missing",
        "The monitor {instance} answers, but could not collect its metrics of the group {group}; alerts on them cannot fire.",
    ),
    runbook=Runbook(
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
)

MONITOR_DOWN = Alert(
    name="MonitorDown",
    rules=_down,
    message=Message(
        "Monitor down: nobody watches the strategies",
        "For {hold}, Prometheus has not been able to read the monitor, or the monitor has told nothing of the strategies. "
        "Positions may be open, and no other alert tells.",
    ),
    runbook=Runbook(
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
)

ALERTS = (
    COLLECTOR_FAILING,
    MONITOR_DOWN,
)
