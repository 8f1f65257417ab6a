"""Thresholds in `alerts.yaml` → rules, rule tests and routes: what Prometheus and Alertmanager work with."""

from genesis.monitoring.alert_manager.alertmanager import alertmanager_config
from genesis.monitoring.alert_manager.rule_files import rule_files, rule_tests, thresholds
from genesis.monitoring.alert_manager.scrape import prometheus_config
from genesis.monitoring.alert_manager.templates import templates
from genesis.monitoring.alert_manager.thresholds import AlertThreshold

__all__ = ["AlertThreshold", "alertmanager_config", "prometheus_config", "rule_files", "rule_tests", "templates", "thresholds"]
