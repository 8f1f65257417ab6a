"""SQLite or PostgreSQL: where a database is, the one connection to it, and the lock that one process holds there."""
