"""The monitor: it keeps the accounts, takes snapshots of their figures, and serves them over HTTP."""
