"""What the books mean: pure functions and small tallies; no I/O, no clock, no labels."""
