"""What we hold: the durable journal of events, and the exact books that follow from it."""
