"""A database that is started anew under an installation that goes on running."""

import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

pytestmark = pytest.mark.django_db(transaction=True)


def end(other: BaseDatabaseWrapper) -> None:
    """End a connection at the server, as a server that is started anew does; return when it has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [other.connection.info.backend_pid])
        assert cursor.fetchone() == (True,)


if connection.vendor == "postgresql":

    def test_connection_that_answered_a_moment_ago_and_has_ended_since_is_not_used() -> None:
        other = connection.copy()
        other.ensure_connection()
        assert other.is_usable()
        assert other.is_usable()
        end(other)
        assert not other.is_usable()
        other.close()
        other.ensure_connection()
        assert other.is_usable()
        other.close()

    def test_connection_to_a_server_that_vanished_without_a_word_is_asked_after_a_second(
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        other = connection.copy()
        other.ensure_connection()
        assert other.is_usable()
        monkeypatch.setattr("demur.docket.postgresql.base.DatabaseWrapper._is_silent", lambda _self: True)
        end(other)
        monkeypatch.setattr("demur.docket.postgresql.base._TRUSTED_SECONDS", 0)
        assert not other.is_usable()
        other.close()
