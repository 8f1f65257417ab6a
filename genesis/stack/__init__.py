"""Prometheus, Alertmanager and Grafana as child processes: found, started, watched, stopped."""
