"""The monitor itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from genesis.alerts.alert import Alert
from genesis.alerts.figure import SECONDS, SEVERITIES, AlertThreshold, percent
from genesis.alerts.kinds import Least, LeveledAlert, LookBack, Misfit, Severity, StateAlert, WindowAlert
from genesis.alerts.messages import Board, Message, Runbook, RunbookQuery
from genesis.alerts.promql import number
from genesis.alerts.rules import JOB, WINDOW, Context, Rule, RuleMaker, state_rules
from genesis.core.duration import Interval, duration_text
from genesis.metrics import catalog
from genesis.settings.section import Ratio

BOARD = Board.SERVICE

COLLECTOR_FAILING = Alert(
    name="CollectorFailing",
    about="The monitor answers, but could not collect a group of its metrics.",
    board=BOARD,
    settings=StateAlert,
    muted_by="MonitorDown",
    rules=state_rules(f"{catalog.COLLECTOR_SUCCESS.name} == 0"),
    message=Message(
        "Monitor {instance}: {group} is missing",
        "The monitor {instance} answers, but could not collect its metrics of the group {group}; alerts on them cannot fire.",
    ),
    runbook=Runbook(
        "The monitor answers Prometheus, but a group of its metrics failed. Alerts on the figures of that group cannot "
        "fire. Their end is muted, because it is not a recovery. Alerts on other figures continue.",
        (
            RunbookQuery("Which group?", f"{catalog.COLLECTOR_SUCCESS.name} == 0"),
            RunbookQuery("How long does each group take (seconds)?", catalog.COLLECTOR_DURATION_SECONDS.name),
        ),
        "The monitor's log has the error (collector group failed). A restart restores the books from the journal, and "
        "loses nothing that was acknowledged; if the group fails again, it is a fault of the program.",
        "None is known.",
    ),
)


# While the monitor restores its books it answers, but has no figures of strategies: nothing is watched then, either.
_MONITOR_DOWN = f"""up{{job="{JOB}"}} == 0
or
absent(up{{job="{JOB}"}})
or
(
  up{{job="{JOB}"}} == 1
  unless on (instance)
  {catalog.COLLECTOR_SUCCESS.name}{{group="accounts"}}
)"""

MONITOR_DOWN = Alert(
    name="MonitorDown",
    about="Prometheus cannot read the monitor, or the monitor exports nothing about the strategies.",
    board=BOARD,
    settings=StateAlert,
    rules=state_rules(_MONITOR_DOWN),
    message=Message(
        "Monitor down: the strategies are not watched",
        "For {hold}, Prometheus has not been able to read the monitor, or the monitor has exported nothing about the "
        "strategies. Positions may be open, and no other alert on them can fire.",
    ),
    runbook=Runbook(
        "Prometheus cannot read the monitor, or knows of none, or the monitor exports nothing about the strategies because it "
        "is still restoring its books. Strategies may trade on without being watched. Alerts on strategies are muted "
        "meanwhile: they end with their figures, and that is not a recovery. A receiver that keeps an incident open until it "
        "is resolved may keep it open: close it by hand.",
        (
            RunbookQuery("Can it be read?", f'up{{job="{JOB}"}}'),
            RunbookQuery("Was it slow before (seconds)?", f'scrape_duration_seconds{{job="{JOB}"}}'),
            RunbookQuery("How large is the journal?", catalog.JOURNAL_EVENTS.name),
            RunbookQuery("What was the last known drawdown?", f"last_over_time({catalog.STRATEGY_DRAWDOWN_RATIO.name}[1h])"),
        ),
        "The monitor's /readyz says whether it is restoring: then wait. Otherwise look at its process and log, and start it "
        "again; it restores its books from the journal. If it does not come back within minutes, stop the engine: the "
        "money is not watched.",
        "A restart that takes longer than the alert waits; a wrong address in prometheus.yml.",
    ),
)


class FlappingAlert(WindowAlert):
    """How often the monitor was lost within a window."""

    times: Least
    """Fires when Prometheus could read the monitor, and then could not, this often."""

    def timing_misfits(self, scrape_interval: timedelta | None) -> Iterator[Misfit]:
        """Also: a window in which it cannot be lost so often."""
        yield from super().timing_misfits(scrape_interval)
        if scrape_interval is not None and self.window <= (least := 2 * self.times * scrape_interval):
            right = f"must be longer than {duration_text(least)}: it takes two scrapes to see one of the {self.times} times"
            yield Misfit("window", duration_text(self.window), right)


def _flapping(maker: RuleMaker, config: FlappingAlert) -> Iterator[Rule]:
    yield maker.window(config, f'resets(up{{job="{JOB}"}}{WINDOW}) >= {config.times}')


MONITOR_FLAPPING = Alert(
    name="MonitorFlapping",
    about="The monitor is lost again and again, each time too briefly for MonitorDown.",
    board=BOARD,
    settings=FlappingAlert,
    muted_by="MonitorDown",
    rules=_flapping,
    message=Message(
        "Monitor lost {value} times in {window}",
        "In the last {window}, Prometheus could read the monitor and then could not, {value} times. Each time, alerts that "
        "were waiting started to wait again.",
    ),
    runbook=Runbook(
        "The monitor comes and goes, each time for less than MonitorDown waits: its process ends and is started again, or "
        "some scrapes fail. Alerts on strategies work in between, but those that wait (`for`) start again each time, and the "
        "next fall may be the last.",
        (
            RunbookQuery("When was it there?", f'up{{job="{JOB}"}}'),
            RunbookQuery("Were scrapes slow (seconds)?", f'scrape_duration_seconds{{job="{JOB}"}}'),
            RunbookQuery("What is the journal's size?", catalog.JOURNAL_EVENTS.name),
            RunbookQuery("Did commits fail?", f"increase({catalog.JOURNAL_COMMIT_ERRORS.name}[15m])"),
        ),
        "If it falls again within minutes, pause the strategies that hold the most: in each gap they are not watched. See in "
        "the service manager (systemd, Docker) whether the process was restarted, and with which exit code: killed for its "
        "memory, or an error at the end of its log. If the process never ended, scrapes time out (ScrapeSlow), or the network "
        "between drops them. An event that brings it down comes again from the engine: then stop the engine.",
        "It is restarted several times in a row, on purpose.",
    ),
)


class ScrapeSlowAlert(LookBack, LeveledAlert):
    """The mean time of a scrape of the monitor, over a window, as a share of `scrape_interval`."""

    warning: Ratio
    """Fires with severity warning from here on."""
    critical: Ratio
    """Fires with severity critical from here on; must be above `warning`. At 1 the scrape is given up, and its samples lost."""
    window: Interval
    """How far back the scrapes go; at least four times `scrape_interval`."""

    def seconds(self, severity: Severity, scrape_interval: timedelta) -> Decimal:
        """The threshold in seconds."""
        ratio: Decimal = getattr(self, severity)
        return ratio * Decimal(str(scrape_interval.total_seconds()))

    def text(self, severity: Severity, scrape_interval: timedelta) -> str:
        """The threshold as messages say it."""
        return f"{percent(getattr(self, severity))} of {duration_text(scrape_interval)}"


def _slow(maker: RuleMaker, config: ScrapeSlowAlert) -> Iterator[Rule]:
    window, interval = duration_text(config.window), maker.context.scrape_interval
    mean = f'avg_over_time(scrape_duration_seconds{{job="{JOB}"}}[{window}])'
    return maker.each_severity(
        config,
        lambda severity: f"{mean} >= {number(config.seconds(severity, interval))}",
        {"value": SECONDS, "window": window},
        lambda severity: config.text(severity, interval),
        figure=mean,
    )


def _slow_thresholds(alert: str, config: ScrapeSlowAlert, context: Context) -> Iterator[AlertThreshold]:
    for severity in SEVERITIES:
        yield AlertThreshold(alert, severity, "", float(config.seconds(severity, context.scrape_interval)))


SCRAPE_SLOW = Alert(
    name="ScrapeSlow",
    about="Reading the monitor takes nearly as long as Prometheus waits.",
    board=BOARD,
    settings=ScrapeSlowAlert,
    muted_by="MonitorDown",
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
        "monitor.yaml compute less of it (fewer windows, fewer confidences). Otherwise the machine is busy: see what else "
        "runs on it.",
        "A machine that was suspended, or busy with an upgrade, for a minute.",
    ),
)


SERIES_FOLDED = Alert(
    name="SeriesFolded",
    about="There are more strategies or symbols than the monitor exports by name.",
    board=BOARD,
    settings=StateAlert,
    groups=("accounts",),
    rules=state_rules(f"{catalog.SERIES_FOLDED.name} > 0"),
    message=Message(
        "Names without their own series ({label}): {value}",
        "Names ({label}) above the limit of monitor.yaml: {value}. They share the name `other`, and have no drawdown, "
        "staleness or limit of their own to alert on.",
    ),
    runbook=Runbook(
        "There are more strategies or symbols than `max_strategies` or `max_symbols` of monitor.yaml. The last to come are "
        "added up as `other`: the totals of the account are right, but a strategy or symbol without a name has no alerts.",
        (
            RunbookQuery("How many, of which label?", f"{catalog.SERIES_FOLDED.name} > 0"),
            RunbookQuery("What has `other`?", f'{catalog.STRATEGY_NET_PNL.name}{{strategy="other"}}'),
            RunbookQuery("How many strategies have a name?", f"count({catalog.STRATEGY_CONFIGURED.name})"),
            RunbookQuery("Which are in no configuration?", f"{catalog.STRATEGY_CONFIGURED.name} == 0"),
        ),
        "Names that should be there: raise the limit in monitor.yaml and restart the monitor; see afterwards that scrapes "
        "stay quick. Names that should not: an engine makes them up, for example it sends the number of an order as the "
        "strategy; correct it, and set `events.unknown_strategies` to refuse.",
        "None is known.",
    ),
)
