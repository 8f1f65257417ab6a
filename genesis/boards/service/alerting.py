"""Whether alerts are evaluated in time, sent to Alertmanager, and delivered."""

from __future__ import annotations

from typing import Any, Final

from grafana_foundation_sdk.builders import stat, table, timeseries

from genesis.boards import foreign, style, thresholds
from genesis.boards.panels import Caption, threshold_line, words
from genesis.boards.queries import AT_END, series
from genesis.boards.service.small_panels import HEIGHT, RARE_WINDOW, SPAN, chart_from_zero, durations
from genesis.boards.tables import Column, grid, joined, sorted_by
from genesis.boards.targets import lines
from genesis.metrics.metric import Metric

_LOADED: Final = ((0.0, "refused", style.CRITICAL), (1.0, "loaded", style.GAIN))


def panels() -> list[Any]:
    """The panels of the section."""
    return [
        _evaluation().height(HEIGHT).span(SPAN),
        _missed().height(HEIGHT).span(SPAN),
        _sent_alerts().height(HEIGHT).span(SPAN),
        _delivered().height(6).span(14),
        _failures().height(6).span(6),
        _configuration().height(6).span(4),
    ]


def _by_group(expr: str) -> str:
    """The expression by rule group. Prometheus labels a group with the path of its file and its name; only the name is kept."""
    return f'max by (group) (label_replace({expr}, "group", "$1", "rule_group", ".*;(?:genesis_)?(.*)"))'


def _evaluation() -> timeseries.Panel:
    caption = Caption(
        "Evaluation of the rules",
        "How long the last evaluation of each rule group took, on a logarithmic scale. If there are more groups than lines on "
        "the board, the slowest. Dashed: the interval between evaluations; a group that takes longer skips some.",
        "Prometheus has no rules, or does not scrape itself.",
    )
    last = _by_group(series(foreign.RULE_GROUP_SECONDS))
    slowest = f"topk($lines, {_by_group(series(foreign.RULE_GROUP_SECONDS, at=AT_END))})"
    panel = durations(caption).with_target(lines(f"{last} and on (group) {slowest}", "{{group}}"))
    return threshold_line(panel, "B", f"min({series(foreign.RULE_GROUP_INTERVAL_SECONDS)})", "interval", style.QUIET)


def _missed() -> timeseries.Panel:
    caption = Caption(
        "Evaluations left out",
        "Share of the evaluations in the last five minutes that Prometheus skipped, by rule group. Alerts of the group are "
        "late. Dashed: where RulesMissed starts.",
        "No evaluation was skipped in the last five minutes, or Prometheus does not scrape itself.",
    )
    missed, due = (
        f"increase({series(metric)}[{RARE_WINDOW}])" for metric in (foreign.RULE_GROUP_MISSED, foreign.RULE_GROUP_ITERATIONS)
    )
    panel = chart_from_zero(caption, style.RATIO, 1).with_target(
        lines(f"{_by_group(f'{missed} / ({due} > 0)')} > 0", "{{group}}")
    )
    return thresholds.of_account(panel, "RulesMissed", "BC")


def _sent_alerts() -> timeseries.Panel:
    caption = Caption(
        "Alerts sent to Alertmanager",
        "Alerts per second that Prometheus sent to Alertmanager over the last five minutes, and alerts that failed or were "
        "dropped. A firing alert is sent repeatedly until it is resolved.",
        "Prometheus does not scrape itself, or knows no Alertmanager.",
    )
    panel = chart_from_zero(caption, style.PER_SECOND, 2)
    outcomes = {"sent": foreign.ALERTS_SENT, "failed": foreign.ALERTS_SEND_FAILED, "dropped": foreign.ALERTS_DROPPED}
    for ref, (name, metric) in zip("ABC", outcomes.items(), strict=True):
        panel.with_target(lines(f"sum(rate({series(metric)}[{RARE_WINDOW}]))", name, ref))
    return style.own_colours(panel, list(outcomes))


def _delivered() -> table.Panel:
    caption = Caption(
        "Notifications by integration",
        "Notifications in the last five minutes and in the last hour, and how many of them could not be delivered, by "
        "integration. Alertmanager tries a failed one again for minutes. Integrations without a notification in the last hour "
        "are left out.",
        "There was no notification in the last hour, or Alertmanager is not scraped.",
    )
    columns = [
        Column("In 5 min", _notified(foreign.NOTIFICATIONS, RARE_WINDOW), style.COUNT, 0),
        Column("In 1 h", _notified(foreign.NOTIFICATIONS, "1h"), style.COUNT, 0),
        Column("Failed 5 min", _notified(foreign.NOTIFICATIONS_FAILED, RARE_WINDOW), style.COUNT, 0, properties=_alarming()),
        Column("Failed 1 h", _notified(foreign.NOTIFICATIONS_FAILED, "1h"), style.COUNT, 0, properties=_alarming()),
    ]
    return sorted_by(joined(grid(caption), {"integration": "Integration"}, columns), "Failed 1 h", descending=True)


def _notified(metric: Metric, window: str) -> str:
    """Notifications in the window, only for integrations that were used in the last hour."""
    used = f"sum by (integration) (increase({series(foreign.NOTIFICATIONS)}[1h])) > 0"
    return f"sum by (integration) (increase({series(metric)}[{window}])) and {used}"


def _alarming() -> list[Any]:
    return [style.coloured_text(), *style.coloured_steps({None: "text", 0.5: style.CRITICAL})]


def _configuration() -> stat.Panel:
    caption = Caption(
        "Reloads",
        "Whether Prometheus and Alertmanager accepted their configuration at the last reload. Refused: the program continues "
        "with the old one, and would not start again.",
        "Neither is scraped.",
    )
    loaded = {
        "Prometheus": f"min({series(foreign.PROMETHEUS_CONFIG_LOADED)})",
        "Alertmanager": f"min({series(foreign.ALERTMANAGER_CONFIG_LOADED)})",
    }
    return words(caption, loaded, _LOADED)


def _failures() -> timeseries.Panel:
    caption = Caption(
        "Rules that failed",
        "How many rule evaluations failed in the last five minutes, by group. Alerts of such a group may not fire.",
        "Every rule was evaluated in the last five minutes, or Prometheus does not scrape itself.",
    )
    failed = f"{_by_group(f'increase({series(foreign.RULE_FAILURES)}[{RARE_WINDOW}])')} > 0"
    return chart_from_zero(caption, style.COUNT, 0).with_target(lines(failed, "{{group}}"))
