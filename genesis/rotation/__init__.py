"""PromQL → allocation: what is seen, what is decided on it and why, and how the engine comes to follow."""
