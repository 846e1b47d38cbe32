"""`demur gate serve`, as a process of its own, asked over loopback."""

import http.client
import json
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from test_gate_command import demur, entry, error_of, save_list

from demur.cli.processes import Ports
from demur.gate.followed_list import ListRefusal
from demur.ledger.keys import create_missing_keys

SECONDS = 30
PAGE = (Path(__file__).resolve().parents[2] / "docs/data-engineer/live.md").read_text()
MAPPING = """\
form: demur-source-mapping/v1
row_id: record_id
kind: {column: kind, values: {post: post, message: message}}
audience: {column: audience, public: [public]}
author_account: author_account
author_is_minor: author_is_minor
tagged_accounts: tagged_accounts
"""
CY = {
    "record_id": "r1",
    "kind": "post",
    "audience": "public",
    "author_account": "lumen:cy",
    "author_is_minor": False,
    "tagged_accounts": [],
}
ADA = {**CY, "author_account": "lumen:ada"}


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A folder with keys, a mapping, and a list in which Ada objects."""
    create_missing_keys(tmp_path / "keys", "lumen.example")
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    save_list(tmp_path, entry("lumen:ada"))
    return tmp_path


def command(world: Path, port: int) -> list[str]:
    files = ["--mapping", world / "mapping.yaml", "--list", world / "latest.list", "--keys-folder", world / "keys"]
    options = [str(option) for option in (*files, "--port", port)]
    return [sys.executable, "-m", "demur", "gate", "serve", *options]


@contextmanager
def serving(world: Path, port: int, arguments: list[str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """Give a live check that answers, and end it afterwards; it must have said nothing but where it is."""
    with (world / "words").open("w") as words:
        process = subprocess.Popen(
            arguments or command(world, port), stdout=words, stderr=subprocess.STDOUT, text=True, cwd=world
        )
        try:
            wait_until(lambda: "The live check is on" in (world / "words").read_text() or process.poll() is not None)
            assert process.poll() is None, (world / "words").read_text()
            yield process
        finally:
            process.kill()
            process.wait()
    assert len((world / "words").read_text().splitlines()) == 1


def wait_until(holds: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < give_up_at, "it did not come about"


def ask(port: int, body: object, kind: str = "application/json") -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        raw = body if isinstance(body, bytes) else json.dumps(body)
        connection.request("POST", "/v1/check", raw, {"Content-Type": kind})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


@pytest.fixture
def port() -> int:
    return Ports.free().centre


def test_records_are_kept_or_withheld_over_http(world: Path, port: int) -> None:
    with serving(world, port):
        assert ask(port, CY) == (200, {"kept": True, "reasons": [], "list_number": 3})
        assert ask(port, [ADA, CY])[1] == {
            "answers": [
                {"kept": False, "reasons": ["author-objected"], "list_number": 3},
                {"kept": True, "reasons": [], "list_number": 3},
            ]
        }


def test_a_wrong_request_is_answered_and_the_next_one_too(world: Path, port: int) -> None:
    wrong = [
        (b"{", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (json.dumps(CY).encode(), "text/plain", 415),
        (b"[" + b" " * (3 << 20) + b"]", "application/json", 413),
    ]
    with serving(world, port):
        for body, kind, expected in wrong:
            status, answer = ask(port, body, kind)
            assert (status, answer["kept"]) == (expected, False)
            assert ask(port, CY)[1]["kept"] is True


def test_what_is_no_http_gets_no_answer_that_could_be_a_yes(world: Path, port: int) -> None:
    process = subprocess.Popen(command(world, port), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert "The live check is on" in process.stdout.readline()
        with socket.create_connection(("127.0.0.1", port), SECONDS) as connection:
            connection.sendall(b"lumen:ada lumen:ada\r\n\r\n")
            assert b"kept" not in connection.recv(1 << 16)
        assert ask(port, CY)[1]["kept"] is True
    finally:
        process.kill()
        _, errors = process.communicate()
    assert "lumen" not in errors


def test_a_list_published_under_load_counts_and_no_request_is_dropped(world: Path, port: int) -> None:
    stop = threading.Event()
    answered: list[tuple[int, dict[str, object]]] = []

    def keep_asking() -> None:
        while not stop.is_set():
            answered.append(ask(port, CY))

    with serving(world, port):
        askers = [threading.Thread(target=keep_asking) for _ in range(4)]
        for asker in askers:
            asker.start()
        wait_until(lambda: len(answered) > 20)
        publish(world, entry("lumen:ada"), entry("lumen:cy"))
        wait_until(lambda: bool(answered) and answered[-1][1]["kept"] is False)
        stop.set()
        for asker in askers:
            asker.join()
    kept, withheld = ({"kept": True, "reasons": []}, {"kept": False, "reasons": ["author-objected"]})
    assert {status for status, _ in answered} == {200}
    assert all(body in ({**kept, "list_number": 3}, {**withheld, "list_number": 3}) for _, body in answered)


def publish(world: Path, *entries: object) -> None:
    """Replace the list in one step, as the publisher does."""
    aside = world / "aside"
    aside.mkdir(exist_ok=True)
    (aside / "keys").symlink_to(world / "keys")
    save_list(aside, *entries).replace(world / "latest.list")  # type: ignore[arg-type]


def test_a_list_that_goes_away_or_ends_makes_every_answer_no(world: Path, port: int) -> None:
    with serving(world, port):
        (world / "latest.list").unlink()
        wait_until(lambda: ask(port, CY)[1]["reasons"] == ["list-missing"])
        save_list(world, hours=-1)
        wait_until(lambda: ask(port, CY)[1]["reasons"] == ["list-expired"])
        save_list(world)
        wait_until(lambda: ask(port, CY)[1]["kept"] is True)


def test_it_starts_before_there_is_a_list(world: Path, port: int) -> None:
    (world / "latest.list").unlink()
    with serving(world, port):
        assert "every answer is no (list-missing)" in (world / "words").read_text()
        assert ask(port, CY) == (200, {"kept": False, "reasons": ["list-missing"], "list_number": None})


def test_what_was_killed_answers_nothing_and_is_started_again_at_once(world: Path, port: int) -> None:
    with serving(world, port) as process:
        assert ask(port, CY)[1]["kept"] is True
        process.send_signal(signal.SIGKILL)
        process.wait()
        with pytest.raises(OSError, match="refused"):
            ask(port, CY)
    with serving(world, port):
        assert ask(port, ADA)[1]["reasons"] == ["author-objected"]


def test_a_port_that_is_taken_is_said(world: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = demur(*command(world, port)[4:])
    assert f"port {port} on 127.0.0.1 is taken" in str(error_of(result))
    assert "--port" in error_of(result).hint


def test_without_the_lists_key_it_does_not_start(world: Path, port: int) -> None:
    (world / "keys" / "list-seal.secret").unlink()
    assert "list-seal.secret" in str(error_of(demur(*command(world, port)[4:])))


@pytest.mark.parametrize("reason", [*ListRefusal, "record-unreadable", "field-missing:ROLE", "field-mistyped:ROLE"])
def test_the_page_has_every_reason(reason: str) -> None:
    assert f"| `{reason}` |" in PAGE


def test_the_examples_of_the_page_print_what_it_says(world: Path, port: int) -> None:
    served = re.search(r"\$ demur (gate serve .*)", PAGE)
    first, second = re.findall(r"```python\n(.*?)```.*?```text\n(.*?)```", PAGE, re.DOTALL)
    assert served is not None
    (world / "var").mkdir()
    (world / "var" / "lists").symlink_to(world)
    arguments = [sys.executable, "-m", "demur", *shlex.split(served[1].replace("8040", str(port)))]
    with serving(world, port, arguments):
        for code, printed in (first, second):
            done = subprocess.run(
                [sys.executable, "-c", code.replace("8040", str(port))],
                cwd=world,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.stdout == printed.replace(" 7\n", " 3\n"), done.stderr
