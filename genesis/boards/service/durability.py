"""The journal: how long engines wait for it, how many events share a commit, and whether commits failed."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import stat, timeseries

from genesis.boards import queries, style, thresholds
from genesis.boards.panels import Caption, names
from genesis.boards.queries import series
from genesis.boards.service.small_panels import HEIGHT, RARE_WINDOW, SPAN, TILE, chart_from_zero, durations, numbers
from genesis.boards.targets import lines
from genesis.metrics import catalog
from genesis.metrics.metric import Metric


def panels() -> list[Any]:
    """The panels of the section."""
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
        "How long events waited until they were durable: 50, 95 and 99 % of the appends in the last five minutes took at most "
        "this long. Logarithmic scale. Engines wait this long for each answer. Dashed: where JournalSlow starts, which uses "
        "the 95 %.",
        "No event was appended in the last five minutes, or the monitor is not scraped.",
    )
    panel = durations(caption)
    for ref, share in zip("ABC", (0.5, 0.95, 0.99), strict=True):
        panel.with_target(lines(_quantile(share, catalog.JOURNAL_APPEND_SECONDS), f"{share:.0%}", ref))
    style.own_colours(panel, ("50%", "95%", "99%"))
    return thresholds.of_account(panel, "JournalSlow", "DE")


def _commits() -> timeseries.Panel:
    caption = Caption(
        "Events per commit",
        "Events that shared a commit in the last five minutes: the mean, and the number that 95 % of the commits did not "
        "exceed. It rises with the load, and so does the throughput of the journal.",
        "Nothing was committed in the last five minutes, or the monitor is not scraped.",
    )
    events, commits = (
        f"sum(rate({series(catalog.JOURNAL_COMMIT_EVENTS, part=part)}[{RARE_WINDOW}]))" for part in ("_sum", "_count")
    )
    panel = chart_from_zero(caption, style.COUNT, 1).with_target(lines(f"{events} / ({commits} > 0)", "mean"))
    panel.with_target(lines(_quantile(0.95, catalog.JOURNAL_COMMIT_EVENTS), "95%", "B"))
    return style.own_colours(panel, ("mean", "95%"))


def _backend() -> stat.Panel:
    caption = Caption("Kept in", "The database of the journal: sqlite or postgresql.", "The monitor is not scraped.")
    return names(caption, queries.account(catalog.JOURNAL_INFO, by="backend"), "backend")


def _counts() -> stat.Panel:
    caption = Caption(
        "Events and commits",
        "Events in the journal, events that wait for their commit, and commits that failed in the last hour. The events of a "
        "failed commit were not stored, and their senders received an error.",
        "The monitor is not scraped.",
    )
    figures = {
        "events": queries.account(catalog.JOURNAL_EVENTS),
        "waiting": queries.account(catalog.JOURNAL_PENDING_EVENTS),
        "failed commits": f"sum(increase({series(catalog.JOURNAL_COMMIT_ERRORS)}[1h]))",
    }
    failed = [*style.coloured_steps({None: style.GAIN, 0.5: style.CRITICAL})]
    return numbers(caption, figures, style.COUNT).override_by_name("failed commits", failed)


def _growth() -> timeseries.Panel:
    caption = Caption(
        "Growth of the journal",
        "Events per second added to the journal, over the last five minutes.",
        "Available after five minutes of scrapes.",
    )
    added = f"max(deriv({series(catalog.JOURNAL_EVENTS)}[{RARE_WINDOW}]))"
    return style.own_colours(chart_from_zero(caption, style.PER_SECOND, 2).with_target(lines(added, "added")), ("added",))


def _quantile(share: float, metric: Metric) -> str:
    """The quantile over the last five minutes; `> 0` removes the NaN of a time without observations."""
    return f"histogram_quantile({share:g}, sum by (le) (rate({series(metric, part='_bucket')}[{RARE_WINDOW}]))) > 0"
