"""Thresholds in `alerts.yaml` → rules and routes: what Prometheus and Alertmanager work with."""

from genesis.alerts.figure import AlertThreshold
from genesis.alerts.notify.alertmanager import alertmanager_config
from genesis.alerts.notify.templates import templates
from genesis.alerts.rule_files import rule_files, thresholds
from genesis.alerts.scrape import prometheus_config

__all__ = ["AlertThreshold", "alertmanager_config", "prometheus_config", "rule_files", "templates", "thresholds"]
