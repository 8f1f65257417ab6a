"""Whether alerts are evaluated in time, handed over, and delivered."""

from __future__ import annotations

from typing import Any, Final

from grafana_foundation_sdk.builders import stat, table, timeseries

from genesis.boards import foreign, style, thresholds
from genesis.boards.panels import Caption, threshold_line, words
from genesis.boards.queries import AT_END, series
from genesis.boards.service.parts import HEIGHT, RARE, SPAN, low, times
from genesis.boards.tables import Column, grid, joined, sorted_by
from genesis.boards.targets import lines
from genesis.metrics.metric import Metric

_LOADED: Final = ((0.0, "refused", style.CRITICAL), (1.0, "loaded", style.GAIN))


def panels() -> list[Any]:
    """The section."""
    return [
        _evaluation().height(HEIGHT).span(SPAN),
        _missed().height(HEIGHT).span(SPAN),
        _handed_over().height(HEIGHT).span(SPAN),
        _delivered().height(6).span(14),
        _failures().height(6).span(6),
        _configuration().height(6).span(4),
    ]


def _by_group(expr: str) -> str:
    """By group of rules; Prometheus calls it by the path of its file and its name, and the name is enough."""
    return f'max by (group) (label_replace({expr}, "group", "$1", "rule_group", ".*;(?:genesis_)?(.*)"))'


def _evaluation() -> timeseries.Panel:
    caption = Caption(
        "Evaluation of the rules",
        "How long the last evaluation of each group of rules took, on a scale of powers of ten; of more groups than the "
        "board's number of lines, the slowest. Dashed: the time between two evaluations; a group that takes longer leaves some "
        "out.",
        "Prometheus has no rules, or does not scrape itself.",
    )
    last = _by_group(series(foreign.RULE_GROUP_SECONDS))
    slowest = f"topk($lines, {_by_group(series(foreign.RULE_GROUP_SECONDS, at=AT_END))})"
    panel = times(caption).with_target(lines(f"{last} and on (group) {slowest}", "{{group}}"))
    return threshold_line(panel, "B", f"min({series(foreign.RULE_GROUP_INTERVAL_SECONDS)})", "interval", style.QUIET)


def _missed() -> timeseries.Panel:
    caption = Caption(
        "Evaluations left out",
        "Share of the evaluations of the last five minutes that Prometheus left out, by group of rules. Alerts come later by "
        "as much. Dashed: where RulesMissed starts.",
        "No evaluation was left out in the last five minutes, or Prometheus does not scrape itself.",
    )
    missed, due = (
        f"increase({series(metric)}[{RARE}])" for metric in (foreign.RULE_GROUP_MISSED, foreign.RULE_GROUP_ITERATIONS)
    )
    panel = low(caption, style.RATIO, 1).with_target(lines(f"{_by_group(f'{missed} / ({due} > 0)')} > 0", "{{group}}"))
    return thresholds.of_account(panel, "RulesMissed", "BC")


def _handed_over() -> timeseries.Panel:
    caption = Caption(
        "Alerts handed to Alertmanager",
        "Alerts that Prometheus sent to Alertmanager a second, over the last five minutes, and those of them that failed or "
        "were dropped. A firing alert is sent again and again until it is resolved.",
        "Prometheus does not scrape itself, or knows no Alertmanager.",
    )
    panel = low(caption, style.PER_SECOND, 2)
    told = {"sent": foreign.HANDED_OVER, "failed": foreign.HANDING_OVER_FAILED, "dropped": foreign.HANDING_OVER_DROPPED}
    for ref, (name, metric) in zip("ABC", told.items(), strict=True):
        panel.with_target(lines(f"sum(rate({series(metric)}[{RARE}]))", name, ref))
    return style.own_colours(panel, list(told))


def _delivered() -> table.Panel:
    caption = Caption(
        "Notifications by integration",
        "Notifications of the last five minutes, of the last hour, and how many of them could not be delivered, by what they "
        "go through. One that failed is tried again for minutes. Integrations that nothing went through are left out.",
        "Nothing was to be told in the last hour, or Alertmanager is not scraped.",
    )
    columns = [
        Column("In 5 min", _notified(foreign.NOTIFICATIONS, RARE), style.COUNT, 0),
        Column("In 1 h", _notified(foreign.NOTIFICATIONS, "1h"), style.COUNT, 0),
        Column("Failed 5 min", _notified(foreign.NOTIFICATIONS_FAILED, RARE), style.COUNT, 0, properties=_alarming()),
        Column("Failed 1 h", _notified(foreign.NOTIFICATIONS_FAILED, "1h"), style.COUNT, 0, properties=_alarming()),
    ]
    return sorted_by(joined(grid(caption), {"integration": "Integration"}, columns), "Failed 1 h", descending=True)


def _notified(metric: Metric, window: str) -> str:
    """Of the integrations that something went through in the last hour."""
    used = f"sum by (integration) (increase({series(foreign.NOTIFICATIONS)}[1h])) > 0"
    return f"sum by (integration) (increase({series(metric)}[{window}])) and {used}"


def _alarming() -> list[Any]:
    return [style.coloured_text(), *style.coloured_steps({None: "text", 0.5: style.CRITICAL})]


def _configuration() -> stat.Panel:
    caption = Caption(
        "Reloads",
        "Whether Prometheus and Alertmanager took their configuration when they last read it. Refused: they go on with the old "
        "one, and would not start again.",
        "Neither is scraped.",
    )
    told = {
        "Prometheus": f"min({series(foreign.PROMETHEUS_CONFIG_LOADED)})",
        "Alertmanager": f"min({series(foreign.ALERTMANAGER_CONFIG_LOADED)})",
    }
    return words(caption, told, _LOADED)


def _failures() -> timeseries.Panel:
    caption = Caption(
        "Rules that failed",
        "Rules that could not be evaluated in the last five minutes, by group. Alerts of such a group may not fire.",
        "Every rule was evaluated in the last five minutes, or Prometheus does not scrape itself.",
    )
    failed = f"{_by_group(f'increase({series(foreign.RULE_FAILURES)}[{RARE}])')} > 0"
    return low(caption, style.COUNT, 0).with_target(lines(failed, "{{group}}"))
