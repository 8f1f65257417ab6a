"""The monitor itself."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from genesis.alerts.alert import Alert, Inputs
from genesis.alerts.figure import SECONDS, percent
from genesis.alerts.messages import Message
from genesis.alerts.promql import number
from genesis.alerts.rules import JOB, WINDOW, Rule, RuleMaker
from genesis.alerts.runbook import Runbook, RunbookQuery
from genesis.alerts.settings import AlertSettings
from genesis.alerts.settings_kinds import Severity
from genesis.alerts.thresholds import AlertThreshold
from genesis.core.duration import duration_text
from genesis.metrics import catalog
from genesis.settings.trading_rules import TradingRules

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


def _flapping(maker: RuleMaker, _: TradingRules) -> Iterator[Rule]:
    config = maker.alerts.monitor_flapping
    yield maker.window(config, f'resets(up{{job="{JOB}"}}{WINDOW}) >= {config.times}')


def _slow(maker: RuleMaker, _: TradingRules) -> Iterator[Rule]:
    config = maker.alerts.scrape_slow
    window, limits = duration_text(config.window), scrape_limits(maker.settings)
    mean = f'avg_over_time(scrape_duration_seconds{{job="{JOB}"}}[{window}])'
    yield from maker.each_severity(
        config,
        lambda severity: f"{mean} >= {number(limits[severity])}",
        {"value": SECONDS, "window": window},
        lambda severity: scrape_threshold(maker.settings, severity),
        figure=mean,
    )


def scrape_threshold(settings: AlertSettings, severity: Severity) -> str:
    """A threshold of a scrape's time, as messages say it."""
    return f"{percent(getattr(settings.alerts.scrape_slow, severity))} of {duration_text(settings.scrape_interval)}"


def scrape_limits(settings: AlertSettings) -> dict[Severity, Decimal]:
    """The thresholds of a scrape's time, in seconds."""
    interval, config = Decimal(str(settings.scrape_interval.total_seconds())), settings.alerts.scrape_slow
    return {"warning": config.warning * interval, "critical": config.critical * interval}


def _slow_thresholds(inputs: Inputs) -> Iterator[AlertThreshold]:
    for severity, limit in scrape_limits(inputs.settings).items():
        yield AlertThreshold("ScrapeSlow", severity, "", float(limit))


def _folded(maker: RuleMaker, _: TradingRules) -> Iterator[Rule]:
    yield maker.state(maker.alerts.series_folded, f"{catalog.SERIES_FOLDED.name} > 0")


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
            RunbookQuery("Which group?", f"{catalog.COLLECTOR_SUCCESS.name} == 0"),
            RunbookQuery("How long does each group take (seconds)?", catalog.COLLECTOR_DURATION_SECONDS.name),
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
            RunbookQuery("Can it be read?", f'up{{job="{JOB}"}}'),
            RunbookQuery("Was it slow before (seconds)?", f'scrape_duration_seconds{{job="{JOB}"}}'),
            RunbookQuery("How large is the journal?", catalog.JOURNAL_EVENTS.name),
            RunbookQuery("What was the last known drawdown?", f"last_over_time({catalog.STRATEGY_DRAWDOWN_RATIO.name}[1h])"),
        ),
        "The monitor's /readyz says whether it is restoring: then wait. Otherwise look at its process and log, and start it "
        "again; it restores its books from the journal. If it does not come back within minutes, stop the engine: nobody "
        "watches the money.",
        "A restart that takes longer than the alert waits; a wrong address in prometheus.yml.",
    ),
)

MONITOR_FLAPPING = Alert(
    name="MonitorFlapping",
    rules=_flapping,
    message=Message(
        "Monitor lost {value} times in {window}",
        "In the last {window}, Prometheus could read the monitor and then could not, {value} times. Each time, alerts that "
        "were waiting began to wait anew.",
    ),
    runbook=Runbook(
        "The monitor comes and goes, each time for less than MonitorDown waits: its process ends and is started again, or "
        "some scrapes fail. Alerts on strategies work in between, but those that wait (`for`) start anew each time, and the "
        "next fall may be the last.",
        (
            RunbookQuery("When was it there?", f'up{{job="{JOB}"}}'),
            RunbookQuery("Were scrapes slow (seconds)?", f'scrape_duration_seconds{{job="{JOB}"}}'),
            RunbookQuery("What is the journal's size?", catalog.JOURNAL_EVENTS.name),
            RunbookQuery("Did commits fail?", f"increase({catalog.JOURNAL_COMMIT_ERRORS.name}[15m])"),
        ),
        "If it falls again within minutes, pause the strategies that hold the most: in each gap nobody watches. See in the "
        "service manager (systemd, Docker) whether the process was started anew, and with which exit code: killed for its "
        "memory, or an error at the end of its log. If the process never ended, scrapes time out (ScrapeSlow), or the network "
        "between drops them. An event that brings it down comes again from the engine: then stop the engine.",
        "Somebody who restarts it several times in a row, and knows why.",
    ),
)

SCRAPE_SLOW = Alert(
    name="ScrapeSlow",
    rules=_slow,
    thresholds=_slow_thresholds,
    message=Message(
        "Reading the monitor takes {value} (threshold {threshold})",
        "In the last {window}, a scrape of the monitor took {value} on average; the {severity} threshold is {threshold}. "
        "What takes longer than that interval is given up, and its figures are lost.",
    ),
    runbook=Runbook(
        "Prometheus needs nearly as long to read the monitor as it waits for an answer, which is `scrape_interval` of "
        "alerts.yaml (10s at most). What takes longer is lost, the monitor counts as down for that moment, and alerts come "
        "late.",
        (
            RunbookQuery("How long do scrapes take (seconds)?", f'scrape_duration_seconds{{job="{JOB}"}}'),
            RunbookQuery("Which groups take the time?", f"topk(5, {catalog.COLLECTOR_DURATION_SECONDS.name})"),
            RunbookQuery("How many samples?", f'scrape_samples_scraped{{job="{JOB}"}}'),
            RunbookQuery("How many events come in (a second)?", f"sum(rate({catalog.EVENTS.name}[1m]))"),
        ),
        "Critical: double `scrape_interval`, run `genesis generate` and reload Prometheus; alerts then come a second later, "
        "but they come. More strategies or symbols than before: leave it so. One group that takes most of the time: have "
        "monitor.yaml work out less of it (fewer windows, fewer confidences). Otherwise the machine is busy: see what else "
        "runs on it.",
        "A machine that was suspended, or busy with an upgrade, for a minute.",
    ),
)

SERIES_FOLDED = Alert(
    name="SeriesFolded",
    groups=("accounts",),
    rules=_folded,
    message=Message(
        "{value} names ({label}) are not told",
        "The monitor has {value} more names ({label}) than monitor.yaml lets it tell. They share the name `other`, and have no "
        "drawdown, staleness or limit of their own to alert on.",
    ),
    runbook=Runbook(
        "There are more strategies or symbols than `max_strategies` or `max_symbols` of monitor.yaml. The last to come are "
        "summed up as `other`: the account's totals are right, but what has no name has no alerts.",
        (
            RunbookQuery("How many of which?", f"{catalog.SERIES_FOLDED.name} > 0"),
            RunbookQuery("What has `other`?", f'{catalog.STRATEGY_NET_PNL.name}{{strategy="other"}}'),
            RunbookQuery("How many strategies have a name?", f"count({catalog.STRATEGY_CONFIGURED.name})"),
            RunbookQuery("Which are in no configuration?", f"{catalog.STRATEGY_CONFIGURED.name} == 0"),
        ),
        "Names that should be there: raise the limit in monitor.yaml and restart the monitor; see afterwards that scrapes stay "
        "quick. Names that should not: an engine makes them up, an order's number for a strategy for example; mend it, and set "
        "`events.unknown_strategies` to refuse.",
        "None is known.",
    ),
)

ALERTS = (
    COLLECTOR_FAILING,
    MONITOR_DOWN,
    MONITOR_FLAPPING,
    SCRAPE_SLOW,
    SERIES_FOLDED,
)
