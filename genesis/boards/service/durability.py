"""The journal: how long engines wait for it, what shares a commit, and whether anything was lost."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import stat, timeseries

from genesis.boards import queries, style, thresholds
from genesis.boards.panels import Caption, names
from genesis.boards.queries import series
from genesis.boards.service.parts import HEIGHT, RARE, SPAN, TILE, low, numbers, times
from genesis.boards.targets import lines
from genesis.metrics import catalog
from genesis.metrics.metric import Metric


def panels() -> list[Any]:
    """The section."""
    return [
        _backend().height(TILE).span(6),
        _counts().height(TILE).span(18),
        _append().height(HEIGHT).span(SPAN),
        _commits().height(HEIGHT).span(SPAN),
        _growth().height(HEIGHT).span(SPAN),
    ]


def _append() -> timeseries.Panel:
    caption = Caption(
        "Append to the journal",
        "How long events waited until they were durable: half, 95 and 99 of 100 appends of the last five minutes took at most "
        "so long, on a scale of powers of ten. Engines wait that long for each answer. Dashed: where JournalSlow starts; it "
        "looks at 95 of 100.",
        "Nothing was appended in the last five minutes, or the monitor is not scraped.",
    )
    panel = times(caption)
    for ref, share in zip("ABC", (0.5, 0.95, 0.99), strict=True):
        panel.with_target(lines(_quantile(share, catalog.JOURNAL_APPEND_SECONDS), f"{share:.0%}", ref))
    style.own_colours(panel, ("50%", "95%", "99%"))
    return thresholds.of_account(panel, "JournalSlow", "DE")


def _commits() -> timeseries.Panel:
    caption = Caption(
        "Events in a commit",
        "Events that shared a commit, in the last five minutes: their mean, and what 95 of 100 commits had at most. It rises "
        "with the load, and with it what the journal can take in.",
        "Nothing was committed in the last five minutes, or the monitor is not scraped.",
    )
    events, commits = (f"sum(rate({series(catalog.JOURNAL_COMMIT_EVENTS, part=part)}[{RARE}]))" for part in ("_sum", "_count"))
    panel = low(caption, style.COUNT, 1).with_target(lines(f"{events} / ({commits} > 0)", "mean"))
    panel.with_target(lines(_quantile(0.95, catalog.JOURNAL_COMMIT_EVENTS), "95%", "B"))
    return style.own_colours(panel, ("mean", "95%"))


def _backend() -> stat.Panel:
    caption = Caption("Kept in", "What the journal is kept in: sqlite or postgresql.", "The monitor is not scraped.")
    return names(caption, queries.account(catalog.JOURNAL_INFO, by="backend"), "backend")


def _counts() -> stat.Panel:
    caption = Caption(
        "Events and commits",
        "Events in the journal, events that wait for their commit, and commits that failed in the last hour: nothing of those "
        "was kept, and whoever sent it was told.",
        "The monitor is not scraped.",
    )
    told = {
        "events": queries.account(catalog.JOURNAL_EVENTS),
        "waiting": queries.account(catalog.JOURNAL_PENDING_EVENTS),
        "failed commits": f"sum(increase({series(catalog.JOURNAL_COMMIT_ERRORS)}[1h]))",
    }
    failed = [*style.coloured_steps({None: style.GAIN, 0.5: style.CRITICAL})]
    return numbers(caption, told, style.COUNT).override_by_name("failed commits", failed)


def _growth() -> timeseries.Panel:
    caption = Caption(
        "Growth of the journal",
        "Events added to the journal a second, over the last five minutes.",
        "There after five minutes of scrapes.",
    )
    added = f"max(deriv({series(catalog.JOURNAL_EVENTS)}[{RARE}]))"
    return style.own_colours(low(caption, style.PER_SECOND, 2).with_target(lines(added, "added")), ("added",))


def _quantile(share: float, metric: Metric) -> str:
    """Of the last five minutes; the comparison takes away the NaN of a time without any."""
    return f"histogram_quantile({share:g}, sum by (le) (rate({series(metric, part='_bucket')}[{RARE}]))) > 0"
