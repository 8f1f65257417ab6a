"""`genesis report`: the figures of /metrics, from a journal, as text."""
