"""The journal: what is not made durable, or too slowly, or not in the right place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from pydantic import field_validator

from genesis.alerts.alert import Alert
from genesis.alerts.figure import SECONDS, percent
from genesis.alerts.kinds import CounterWindow, Least, LeveledAlert, Quantile, StateAlert, WindowAlert
from genesis.alerts.messages import Board, Message, Runbook, RunbookQuery
from genesis.alerts.promql import number, seconds
from genesis.alerts.rules import WINDOW, Rule, RuleMaker, state_rules, window_rules
from genesis.core.duration import Interval, duration_text
from genesis.metrics import catalog

BOARD = Board.SERVICE

JOURNAL_FAILING = Alert(
    name="JournalFailing",
    about="Events could not be made durable, and were not acknowledged.",
    board=BOARD,
    settings=WindowAlert,
    muted_by="MonitorDown",
    rules=window_rules(f"increase({catalog.JOURNAL_COMMIT_ERRORS.name}{WINDOW}) > 0"),
    message=Message(
        "The journal cannot be written",
        "In the last {window}, events could not be made durable. They were not acknowledged and are not in the books; their "
        "senders have to send them again.",
    ),
    runbook=Runbook(
        "Commits of the journal fail. Their events were not acknowledged, and are not in the books; senders are asked to try "
        "again. The figures stand still meanwhile, though the marks move on.",
        (
            RunbookQuery("How many failed in a minute?", f"increase({catalog.JOURNAL_COMMIT_ERRORS.name}[1m])"),
            RunbookQuery("What is the journal in?", catalog.JOURNAL_INFO.name),
            RunbookQuery("Does it grow?", f"delta({catalog.JOURNAL_EVENTS.name}[5m])"),
        ),
        "The monitor's log has the reason. Disk full: make room. PostgreSQL away: start it, or see why it does not answer. "
        "Read-only or damaged: look at the disk before anything else. The monitor continues by itself as soon as it can, and "
        "senders that follow the answers lose nothing.",
        "A database that was restarted on purpose.",
    ),
)


LONGEST_APPEND = timedelta(seconds=1)
"""The last bucket of the histogram of appends: no quantile above it is known."""


class JournalSlowAlert(CounterWindow, LeveledAlert):
    """A quantile of the wall time of a durable append to the journal, over a window."""

    warning: Interval
    """Fires with severity warning from here on."""
    critical: Interval
    """Fires with severity critical from here on; must be above `warning`, and at most 1s, the last bucket of the histogram."""
    quantile: Quantile
    """The share of the appends that take no longer than the threshold."""
    window: Interval
    """How far back the appends go, in wall time; at least four times `scrape_interval`."""
    min_appends: Least
    """With fewer appends than this in the window the alert does not fire."""

    @field_validator("critical")
    @classmethod
    def _is_in_the_histogram(cls, critical: timedelta) -> timedelta:
        if critical > LONGEST_APPEND:
            raise ValueError(f"must be at most {duration_text(LONGEST_APPEND)}: the histogram has no longer appends")
        return critical


def _slow(maker: RuleMaker, config: JournalSlowAlert) -> Iterator[Rule]:
    window, appends = duration_text(config.window), catalog.JOURNAL_APPEND_SECONDS.name
    quantile = f"histogram_quantile({number(config.quantile)}, increase({appends}_bucket[{window}]))"
    enough = f"increase({appends}_count[{window}]) >= {config.min_appends}"
    return maker.each_severity(
        config,
        lambda severity: f"{quantile} >= {seconds(getattr(config, severity))}\nand\n{enough}",
        {"value": SECONDS, "quantile": percent(config.quantile), "window": window},
        lambda severity: duration_text(getattr(config, severity)),
        figure=quantile,
    )


JOURNAL_SLOW = Alert(
    name="JournalSlow",
    about="Events are long on their way into the journal.",
    board=BOARD,
    settings=JournalSlowAlert,
    muted_by="MonitorDown",
    rules=_slow,
    message=Message(
        "The journal is slow: {value} (threshold {threshold})",
        "In the last {window}, {quantile} of the appends to the journal took up to {value}, the others longer; the {severity} "
        "threshold is {threshold}. Engines wait that long for each answer.",
    ),
    runbook=Runbook(
        "It takes long to make an event durable. Nothing is lost, but every figure is later by as much, engines that wait for "
        "the answer are held up, and above some rate events pile up.",
        (
            RunbookQuery(
                "How long do appends take (seconds)?",
                f"histogram_quantile(0.95, rate({catalog.JOURNAL_APPEND_SECONDS.name}_bucket[5m]))",
            ),
            RunbookQuery("Do events wait?", f"{catalog.JOURNAL_PENDING_EVENTS.name} or {catalog.INGEST_PENDING_EVENTS.name}"),
            RunbookQuery(
                "How many events share a commit?",
                f"rate({catalog.JOURNAL_COMMIT_EVENTS.name}_sum[5m]) / rate({catalog.JOURNAL_COMMIT_EVENTS.name}_count[5m])",
            ),
            RunbookQuery("What is the journal in?", catalog.JOURNAL_INFO.name),
        ),
        "Critical: see whether events wait and grow in number; if they do, have the engines send fewer quotes, or pause those "
        "that can wait. Then look at the disk of the journal: is it busy with something else, nearly full, or on a network? "
        "PostgreSQL: look for locks and a checkpoint or vacuum that does not end, and at the network between. SQLite on a "
        "slow disk: move the file to a fast one, or the journal to PostgreSQL with `genesis journal copy`.",
        "A backup or a copy that runs on the same disk, and ends.",
    ),
)


_STORAGE_BELOW_TIER = f"""{catalog.JOURNAL_INFO.name}{{backend="sqlite"}}
and on (instance)
{catalog.TIER_STORAGE_INFO.name}{{storage="postgresql"}}"""

STORAGE_BELOW_TIER = Alert(
    name="StorageBelowTier",
    about="The journal is in SQLite, and the tier of the account requires PostgreSQL.",
    board=BOARD,
    settings=StateAlert,
    groups=("portfolio",),
    rules=state_rules(_STORAGE_BELOW_TIER),
    message=Message(
        "The account has outgrown SQLite",
        "The journal is in SQLite, and the account's tier requires PostgreSQL. `genesis journal copy --to URL` moves it.",
    ),
    runbook=Runbook(
        "The journal is in SQLite, and by its equity the account is in a tier whose `storage` in trading_rules.yaml is "
        "postgresql. Nothing is wrong yet: SQLite loses nothing either, but it is one file on one disk.",
        (
            RunbookQuery("Which tier?", catalog.TIER_INFO.name),
            RunbookQuery(
                "What does it require, and what is there?", f"{catalog.TIER_STORAGE_INFO.name} or {catalog.JOURNAL_INFO.name}"
            ),
            RunbookQuery("How large is the journal?", catalog.JOURNAL_EVENTS.name),
        ),
        "In a quiet hour: make an empty database, stop the monitor, run `genesis journal copy --to "
        "postgresql://USER@HOST:PORT/DATABASE`, which compares the digests of both, set `journal` in monitor.yaml to the same "
        "address, and start the monitor. Engines that send again what was not acknowledged lose nothing.",
        "The demo: its account is large and its journal a temporary file.",
    ),
)
