"""Metrics: what is exposed, how it is read from the snapshot, and the text of /metrics."""
