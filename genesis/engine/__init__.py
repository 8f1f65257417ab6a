"""What is watched: a paper-trading engine, the built-in source of events."""
