"""Genesis: live strategy performance monitoring, native to Prometheus and Grafana."""

__version__ = "0.2.0"
