"""`genesis demo`: the whole system on one machine, from the engine to Grafana."""
