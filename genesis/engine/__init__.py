"""The built-in source of events: a paper-trading engine."""
