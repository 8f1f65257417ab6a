"""PromQL → allocation: what is observed, what is decided and why, and how the engine follows."""
