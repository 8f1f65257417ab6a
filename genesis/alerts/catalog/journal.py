"""The journal: what is not made durable, or too slowly, or not in the right place."""

from __future__ import annotations

from collections.abc import Iterator

from genesis.alerts.alert import Alert
from genesis.alerts.figure import SECONDS, percent
from genesis.alerts.messages import Message
from genesis.alerts.promql import number, seconds
from genesis.alerts.rules import WINDOW, Rule, RuleMaker
from genesis.alerts.runbook import Runbook, RunbookQuery
from genesis.core.duration import duration_text
from genesis.metrics import catalog
from genesis.settings.trading_rules import TradingRules

_FAILURES = f"increase({catalog.JOURNAL_COMMIT_ERRORS.name}{WINDOW})"

_STORAGE_BELOW_TIER = f"""{catalog.JOURNAL_INFO.name}{{backend="sqlite"}}
and on (instance)
{catalog.TIER_STORAGE_INFO.name}{{storage="postgresql"}}"""


def _failing(maker: RuleMaker, _: TradingRules) -> Iterator[Rule]:
    yield maker.window(maker.alerts.journal_failing, f"{_FAILURES} > 0")


def _slow(maker: RuleMaker, _: TradingRules) -> Iterator[Rule]:
    config = maker.alerts.journal_slow
    window, appends = duration_text(config.window), catalog.JOURNAL_APPEND_SECONDS.name
    quantile = f"histogram_quantile({number(config.quantile)}, increase({appends}_bucket[{window}]))"
    enough = f"increase({appends}_count[{window}]) >= {config.min_appends}"
    yield from maker.each_severity(
        config,
        lambda severity: f"{quantile} >= {seconds(getattr(config, severity))}\nand\n{enough}",
        {"value": SECONDS, "quantile": percent(config.quantile), "window": window},
        lambda severity: duration_text(getattr(config, severity)),
        figure=quantile,
    )


def _storage(maker: RuleMaker, _: TradingRules) -> Iterator[Rule]:
    yield maker.state(maker.alerts.storage_below_tier, _STORAGE_BELOW_TIER)


JOURNAL_FAILING = Alert(
    name="JournalFailing",
    rules=_failing,
    message=Message(
        "The journal cannot be written",
        "In the last {window}, events could not be made durable. They were not acknowledged and are not in the books; whoever "
        "sent them has to send them again.",
    ),
    runbook=Runbook(
        "Commits of the journal fail. What was in them was not acknowledged, and is not in the books; senders are told to try "
        "again. The figures stand still meanwhile, though the marks move on.",
        (
            RunbookQuery("How many failed in a minute?", f"increase({catalog.JOURNAL_COMMIT_ERRORS.name}[1m])"),
            RunbookQuery("What is the journal in?", catalog.JOURNAL_INFO.name),
            RunbookQuery("Does it grow?", f"delta({catalog.JOURNAL_EVENTS.name}[5m])"),
        ),
        "The monitor's log has the reason. Disk full: make room. PostgreSQL away: start it, or see why it does not answer. "
        "Read-only or damaged: look at the disk before anything else. The monitor goes on by itself as soon as it can, and "
        "senders that follow the answers lose nothing.",
        "A database that was restarted on purpose.",
    ),
)

JOURNAL_SLOW = Alert(
    name="JournalSlow",
    rules=_slow,
    message=Message(
        "The journal is slow: {value} (threshold {threshold})",
        "In the last {window}, {quantile} of the appends to the journal took up to {value}, the others longer; the {severity} "
        "threshold is {threshold}. Engines wait that long for each answer.",
    ),
    runbook=Runbook(
        "Making an event durable takes long. Nothing is lost, but every figure is later by as much, engines that wait for the "
        "answer are held up, and from some rate on events pile up.",
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

STORAGE_BELOW_TIER = Alert(
    name="StorageBelowTier",
    groups=("portfolio",),
    rules=_storage,
    message=Message(
        "The account has outgrown SQLite",
        "The journal is in SQLite, and the account's tier wants PostgreSQL. `genesis journal copy --to URL` moves it.",
    ),
    runbook=Runbook(
        "The journal is in SQLite, and by its equity the account is in a tier whose `storage` in trading_rules.yaml is "
        "postgresql. Nothing is wrong yet: SQLite loses nothing either, but it is one file on one disk.",
        (
            RunbookQuery("Which tier?", catalog.TIER_INFO.name),
            RunbookQuery(
                "What does it want, and what is there?", f"{catalog.TIER_STORAGE_INFO.name} or {catalog.JOURNAL_INFO.name}"
            ),
            RunbookQuery("How large is the journal?", catalog.JOURNAL_EVENTS.name),
        ),
        "In a quiet hour: make an empty database, stop the monitor, run `genesis journal copy --to "
        "postgresql://USER@HOST:PORT/DATABASE`, which compares the digests of both, set `journal` in monitor.yaml to the same "
        "address, and start the monitor. Engines that send again what was not acknowledged lose nothing.",
        "The demo: its account is large and its journal a temporary file.",
    ),
)

ALERTS = (
    JOURNAL_FAILING,
    JOURNAL_SLOW,
    STORAGE_BELOW_TIER,
)
