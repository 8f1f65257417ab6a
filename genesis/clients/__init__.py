"""Clients of the HTTP interfaces of Prometheus and Alertmanager: typed answers, time limits, errors that say what to do."""
