"""Django's engine for SQLite, with a better way to wait for other writers."""
