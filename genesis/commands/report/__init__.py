"""`genesis report`: the figures of /metrics, from a journal, for people."""
