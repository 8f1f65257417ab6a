"""Alerts: what fires when, what it says, who is notified."""
