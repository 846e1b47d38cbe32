"""Starts that cannot work: each ends with one sentence and a hint, and no traceback, whatever was mistyped."""

import os
import socket
import subprocess
import sys
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from demur.cli.processes import Ports, PortTakenError
from demur.cli.run import only_run

SECRET = "never-shown"


def demur(*arguments: str | bytes, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DEMUR_", "DJANGO_"))}
    command = [sys.executable, "-m", "demur", *arguments]
    return subprocess.run(command, env={**environment, **variables}, capture_output=True, text=True, check=False)


def assert_told(done: subprocess.CompletedProcess[str], words: str) -> None:
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert done.stderr.count("demur: error: ") == 1
    assert words in done.stderr
    assert "demur: hint: " in done.stderr
    assert SECRET not in done.stderr


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ready") / "home"
    with as_file(files("demur.sample") / "data" / "controller.yaml") as controller:
        assert demur("init", str(controller), "--home", str(folder)).returncode == 0
    return folder


@pytest.mark.parametrize(
    "command", ["worker", "publish", "serve --port 18431", "desk queue", "desk review DMR-1 --staff bo"]
)
def test_home_that_was_never_made_ready_is_refused_and_left_alone(tmp_path: Path, command: str) -> None:
    assert_told(demur(*command.split(), "--home", str(tmp_path)), 'there is no "controller.yaml" in the home folder')
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("missing", "words"),
    [("docket.sqlite3", "the home folder has no database"), ("keys/public.keys", "there is no readable file")],
)
def test_half_made_home_is_refused(home: Path, missing: str, words: str) -> None:
    (home / missing).rename(home / "aside")
    try:
        assert_told(demur("desk", "queue", "--home", str(home)), words)
    finally:
        (home / "aside").rename(home / missing)


def test_empty_database_is_refused(home: Path) -> None:
    database = home / "docket.sqlite3"
    database.rename(home / "aside")
    database.touch()
    try:
        assert_told(demur("publish", "--home", str(home)), "the database is not made ready for this version")
    finally:
        (home / "aside").rename(database)


def test_damaged_database_is_told_without_its_words(home: Path) -> None:
    database = home / "docket.sqlite3"
    database.rename(home / "aside")
    database.write_bytes(b"never a database" * 1000)
    try:
        assert_told(demur("desk", "queue", "--home", str(home)), "the database cannot be used (DatabaseError)")
    finally:
        (home / "aside").rename(database)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEMUR_SIGN_IN_ISSUER", "http://login.secret.example"),
        ("DEMUR_SIGN_IN_ISSUER", "secret"),
        ("DEMUR_SMTP", "localhost"),
        ("DEMUR_SMTP", "localhost:smtp"),
        ("DEMUR_SMTP", "localhost:99999"),
        ("DEMUR_TRUSTED_PROXIES", "yes"),
        ("DEMUR_TRUSTED_PROXIES", "-1"),
        ("DEMUR_TRUSTED_PROXIES", "10"),
        ("DEMUR_BASE_URL", "privacy.lumen.example"),
        ("DEMUR_BASE_URL", "ftp://privacy.lumen.example"),
        ("DEMUR_BASE_URL", "https://privacy.lumen.example/centre"),
        ("DEMUR_BASE_URL", "http://[::1"),
        ("DEMUR_BASE_URL", "http://127.0.0.1:http"),
        ("DEMUR_DATABASE_URL", f"mysql://user:{SECRET}@host/name"),
        ("DEMUR_DATABASE_URL", f"postgresql://user:{SECRET}@host:port/name"),
        ("DEMUR_DATABASE_URL", f"postgresql://user:{SECRET}@host/name?ssl_mode=verify-full"),
        ("DEMUR_DATABASE_URL", f"postgresql://user:{SECRET}@host/name?host=/run/postgresql"),
        ("DEMUR_ACCOUNT_DIRECTORY", "lumen.nowhere"),
    ],
)
def test_mistyped_variable_is_named_and_its_value_is_not_repeated(home: Path, name: str, value: str) -> None:
    done = demur("desk", "queue", "--home", str(home), **{name: value})
    assert_told(done, f"the environment variable {name}")
    assert value not in done.stderr


def test_database_that_does_not_answer_is_told_without_its_password(home: Path) -> None:
    url = f"postgresql://user:{SECRET}@127.0.0.1:1/name"
    assert_told(demur("desk", "queue", "--home", str(home), DEMUR_DATABASE_URL=url), "the database cannot be used")


def test_postgresql_without_its_client_is_told_how_to_get_it(home: Path, tmp_path: Path) -> None:
    (tmp_path / "psycopg.py").write_text("raise ImportError\n")
    (tmp_path / "psycopg2.py").write_text("raise ImportError\n")
    url = f"postgresql://user:{SECRET}@127.0.0.1:1/name"
    done = demur("desk", "queue", "--home", str(home), DEMUR_DATABASE_URL=url, PYTHONPATH=str(tmp_path))
    assert_told(done, "the environment variable DEMUR_DATABASE_URL asks for PostgreSQL")
    assert "postgres" in done.stderr.partition("demur: hint: ")[2]


def test_worker_waits_for_a_database_that_is_away_at_its_start(home: Path) -> None:
    away, directory = "postgresql://user:password@127.0.0.1:1/name", "demur.sample.directory.open_directory"
    environment = {**os.environ, "DEMUR_DATABASE_URL": away, "DEMUR_ACCOUNT_DIRECTORY": directory}
    command = [sys.executable, "-m", "demur", "worker", "--home", str(home)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as worker:
        assert worker.stderr is not None
        told = worker.stderr.readline()
        worker.terminate()
    assert "the database did not answer; trying again" in told


def test_empty_variables_are_as_good_as_none(home: Path) -> None:
    empty = {"DEMUR_SMTP": "", "DEMUR_BASE_URL": "", "DEMUR_DATABASE_URL": "", "DEMUR_HOME": ""}
    assert demur("desk", "queue", "--home", str(home), **empty).returncode == 0


def test_reference_that_is_no_text_matches_no_case(home: Path) -> None:
    done = demur("desk", "review", b"\xff", "--staff", "bo", "--home", str(home))
    assert (done.returncode, "no case has this reference" in done.stderr) == (1, True)


def test_home_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert_told(demur("mailbox", "--home", str(tmp_path / "file")), "the system refused: ")


@pytest.mark.parametrize("port", ["0", "-1", "65520", "99999999"])
def test_port_that_cannot_be_is_a_mistake_of_usage(tmp_path: Path, port: str) -> None:
    done = demur("run", "--home", str(tmp_path / "home"), "--port", port)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert not (tmp_path / "home").exists()


def test_port_of_the_system_is_refused_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(PortTakenError, match=r"port 80 on .* is not open to this user"):
        Ports.counted_from(80).check_free()


def test_second_run_over_one_home_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with only_run(home):
        ports = Ports.free()
        assert_told(demur("run", "--home", str(home), "--port", str(ports.centre)), '"demur run" already works in')
    assert [path.name for path in home.iterdir()] == ["run.lock"]
