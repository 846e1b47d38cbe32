"""Django's engine for PostgreSQL, which asks less often whether a connection is still one."""
