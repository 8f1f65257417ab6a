"""What is told: the monitor's snapshot, the metric catalogue, the exporter, the HTTP server, the alert rules."""
