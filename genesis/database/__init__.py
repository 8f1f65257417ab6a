"""SQLite or PostgreSQL: a database's address, the connection to it, and the lock of its writer."""
