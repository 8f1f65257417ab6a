"""The audit log: decisions, their inputs, and people's commands, kept next to the journal, read and verified."""
