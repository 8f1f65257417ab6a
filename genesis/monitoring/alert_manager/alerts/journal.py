"""The journal: what is not made durable, or not in the right place."""

from __future__ import annotations

from collections.abc import Iterator

from genesis.core.config import TradingRules
from genesis.monitoring import catalog
from genesis.monitoring.alert_manager.alert import Alert
from genesis.monitoring.alert_manager.messages import Message
from genesis.monitoring.alert_manager.rules import WINDOW, Rule, RuleMaker
from genesis.monitoring.alert_manager.runbook import Look, Runbook

_FAILURES = f"increase({catalog.JOURNAL_COMMIT_ERRORS.name}{WINDOW})"

_STORAGE_BELOW_TIER = f"""{catalog.JOURNAL_INFO.name}{{backend="sqlite"}}
and on (instance)
{catalog.TIER_STORAGE_INFO.name}{{storage="postgresql"}}"""


def _failing(maker: RuleMaker, _: TradingRules) -> Iterator[Rule]:
    yield maker.window(maker.alerts.journal_failing, f"{_FAILURES} > 0")


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
            Look("How many failed in a minute?", f"increase({catalog.JOURNAL_COMMIT_ERRORS.name}[1m])"),
            Look("What is the journal in?", catalog.JOURNAL_INFO.name),
            Look("Does it grow?", f"delta({catalog.JOURNAL_EVENTS.name}[5m])"),
        ),
        "The monitor's log has the reason. Disk full: make room. PostgreSQL away: start it, or see why it does not answer. "
        "Read-only or damaged: look at the disk before anything else. The monitor goes on by itself as soon as it can, and "
        "senders that follow the answers lose nothing.",
        "A database that was restarted on purpose.",
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
            Look("Which tier?", catalog.TIER_INFO.name),
            Look("What does it want, and what is there?", f"{catalog.TIER_STORAGE_INFO.name} or {catalog.JOURNAL_INFO.name}"),
            Look("How large is the journal?", catalog.JOURNAL_EVENTS.name),
        ),
        "In a quiet hour: make an empty database, stop the monitor, run `genesis journal copy --to "
        "postgresql://USER@HOST:PORT/DATABASE`, which compares the digests of both, set `journal` in monitor.yaml to the same "
        "address, and start the monitor. Engines that send again what was not acknowledged lose nothing.",
        "The demo: its account is large and its journal a temporary file.",
    ),
)

ALERTS = (
    JOURNAL_FAILING,
    STORAGE_BELOW_TIER,
)
