"""Metrics that the boards show and Genesis does not export: those of Prometheus, of Alertmanager and of each process.

`job` and `instance`, the labels of the scrape target, come before a metric's own labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from genesis.metrics.metric import Kind, Metric

JOBS: Final[Mapping[str, str]] = {
    "Monitor": "genesis",
    "Rotation": "rotation",
    "Prometheus": "prometheus",
    "Alertmanager": "alertmanager",
}
"""Program → its job in prometheus.yml."""

_TARGET = ("job", "instance")


def _gauge(name: str, labels: str, text: str) -> Metric:
    return Metric(name, Kind.GAUGE, (*_TARGET, *labels.split()), text)


def _counter(name: str, labels: str, text: str) -> Metric:
    return Metric(name, Kind.COUNTER, (*_TARGET, *labels.split()), text)


# What Prometheus records for every target.
UP = _gauge("up", "", "1 if the last scrape succeeded, 0 if not.")
SCRAPE_DURATION_SECONDS = _gauge("scrape_duration_seconds", "", "How long the last scrape took.")
SCRAPE_SAMPLES = _gauge("scrape_samples_scraped", "", "Samples in the last scrape.")
SCRAPE_SERIES_ADDED = _gauge("scrape_series_added", "", "About how many series of the last scrape were new.")

# What every process exports about itself.
PROCESS_MEMORY_BYTES = _gauge("process_resident_memory_bytes", "", "Resident memory of the process.")
PROCESS_CPU_SECONDS = _counter("process_cpu_seconds_total", "", "CPU time that the process has used.")
PROCESS_OPEN_FDS = _gauge("process_open_fds", "", "Open files and connections.")
PROCESS_START_TIME_SECONDS = _gauge("process_start_time_seconds", "", "Wall time of the start of the process.")

# Prometheus.
HEAD_SERIES = _gauge("prometheus_tsdb_head_series", "", "Series that Prometheus holds in memory.")
RULE_GROUP_SECONDS = _gauge(
    "prometheus_rule_group_last_duration_seconds", "rule_group", "How long the last evaluation of the group took."
)
RULE_GROUP_INTERVAL_SECONDS = _gauge("prometheus_rule_group_interval_seconds", "rule_group", "Time between two evaluations.")
RULE_GROUP_ITERATIONS = _counter("prometheus_rule_group_iterations_total", "rule_group", "Evaluations that were due.")
RULE_GROUP_MISSED = _counter("prometheus_rule_group_iterations_missed_total", "rule_group", "Evaluations that were skipped.")
RULE_FAILURES = _counter("prometheus_rule_evaluation_failures_total", "rule_group", "Rules that could not be evaluated.")
ALERTMANAGERS = _gauge("prometheus_notifications_alertmanagers_discovered", "", "Alertmanagers that Prometheus knows.")
ALERTS_SENT = _counter("prometheus_notifications_sent_total", "alertmanager", "Alerts sent to Alertmanager.")
ALERTS_SEND_FAILED = _counter("prometheus_notifications_errors_total", "alertmanager", "Alerts that could not be sent.")
ALERTS_DROPPED = _counter("prometheus_notifications_dropped_total", "", "Alerts dropped because sending did not keep up.")
PROMETHEUS_CONFIG_LOADED = _gauge(
    "prometheus_config_last_reload_successful", "", "1 if the last reload of the configuration succeeded."
)

# Alertmanager.
NOTIFICATIONS = _counter("alertmanager_notifications_total", "integration", "Notifications that Alertmanager tried to deliver.")
NOTIFICATIONS_FAILED = _counter(
    "alertmanager_notifications_failed_total", "integration reason", "Notifications that could not be delivered."
)
ALERTMANAGER_CONFIG_LOADED = _gauge(
    "alertmanager_config_last_reload_successful", "", "1 if the last reload of the configuration succeeded."
)

FOREIGN: Final[Mapping[str, Metric]] = {value.name: value for value in list(globals().values()) if isinstance(value, Metric)}
"""Name → metric."""
