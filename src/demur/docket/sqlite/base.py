"""The engine: Django asks for this module and this class by name."""

import sqlite3
import time

from django.db.backends.sqlite3 import base

_STEP_SECONDS = 0.002


class DatabaseWrapper(base.DatabaseWrapper):
    """SQLite in which a writer waits for its turn in short steps.

    SQLite's own steps grow to a tenth of a second, while a turn takes a few thousandths: under load whoever came
    last got the next turn, and whoever had waited longest waited on.
    """

    def _start_transaction_under_autocommit(self) -> None:
        limit_seconds = float(self.settings_dict["OPTIONS"]["timeout"])
        until = time.monotonic() + limit_seconds
        with self.wrap_database_errors:
            self.connection.execute("PRAGMA busy_timeout = 0")
            try:
                while not self._has_turn(until):
                    time.sleep(_STEP_SECONDS)
            finally:
                self.connection.execute(f"PRAGMA busy_timeout = {limit_seconds * 1000:.0f}")

    def _has_turn(self, until: float) -> bool:
        try:
            self.connection.execute("BEGIN IMMEDIATE")  # waits here, instead of failing at the first write
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                raise
            return False
        return True
