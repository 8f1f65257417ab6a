"""The durable journal of account events, and the exact books that are computed from it."""
