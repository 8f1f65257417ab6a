"""Metrics of others that the boards show: Prometheus's own, Alertmanager's, and what each process uses of the machine.

They are told by the job that Prometheus scrapes them from, and have its labels, `job` and `instance`, besides their own.
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


# What Prometheus tells of every target.
UP = _gauge("up", "", "1 if the last scrape was answered, 0 if not.")
SCRAPE_DURATION_SECONDS = _gauge("scrape_duration_seconds", "", "How long the last scrape took.")
SCRAPE_SAMPLES = _gauge("scrape_samples_scraped", "", "Samples in the last scrape.")
SCRAPE_SERIES_ADDED = _gauge("scrape_series_added", "", "About how many series of the last scrape were new.")

# What every process tells of itself.
PROCESS_MEMORY_BYTES = _gauge("process_resident_memory_bytes", "", "Memory that the process has in RAM.")
PROCESS_CPU_SECONDS = _counter("process_cpu_seconds_total", "", "Processor time that the process has used.")
PROCESS_OPEN_FDS = _gauge("process_open_fds", "", "Files and connections that are open.")
PROCESS_START_TIME_SECONDS = _gauge("process_start_time_seconds", "", "Wall time at which the process began.")

# Prometheus.
HEAD_SERIES = _gauge("prometheus_tsdb_head_series", "", "Series that Prometheus holds in memory.")
RULE_GROUP_SECONDS = _gauge("prometheus_rule_group_last_duration_seconds", "rule_group", "Time of the group's last evaluation.")
RULE_GROUP_INTERVAL_SECONDS = _gauge("prometheus_rule_group_interval_seconds", "rule_group", "Time between two evaluations.")
RULE_GROUP_ITERATIONS = _counter("prometheus_rule_group_iterations_total", "rule_group", "Evaluations that were due.")
RULE_GROUP_MISSED = _counter("prometheus_rule_group_iterations_missed_total", "rule_group", "Evaluations left out.")
RULE_FAILURES = _counter("prometheus_rule_evaluation_failures_total", "rule_group", "Rules that could not be evaluated.")
ALERTMANAGERS = _gauge("prometheus_notifications_alertmanagers_discovered", "", "Alertmanagers that Prometheus knows.")
HANDED_OVER = _counter("prometheus_notifications_sent_total", "alertmanager", "Alerts handed to Alertmanager.")
HANDING_OVER_FAILED = _counter("prometheus_notifications_errors_total", "alertmanager", "Alerts that could not be handed over.")
HANDING_OVER_DROPPED = _counter(
    "prometheus_notifications_dropped_total", "", "Alerts dropped, as handing over did not keep up."
)
PROMETHEUS_CONFIG_LOADED = _gauge("prometheus_config_last_reload_successful", "", "1 if the last configuration was taken.")

# Alertmanager.
NOTIFICATIONS = _counter("alertmanager_notifications_total", "integration", "Notifications that were to be delivered.")
NOTIFICATIONS_FAILED = _counter("alertmanager_notifications_failed_total", "integration reason", "Those that were not.")
ALERTMANAGER_CONFIG_LOADED = _gauge("alertmanager_config_last_reload_successful", "", "1 if the last configuration was taken.")

FOREIGN: Final[Mapping[str, Metric]] = {value.name: value for value in list(globals().values()) if isinstance(value, Metric)}
"""Name → metric."""
