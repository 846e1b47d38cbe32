"""The server process: where it listens, what it refuses before Django sees it, and what its log holds."""

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from demur.centre import json_answer
from demur.cli.serve import THREADS, PortUnavailableError, listen
from demur.docket import photographs

START_SECONDS = 30


@dataclass(frozen=True)
class Server:
    port: int
    log: Path

    def ask(self, method: str, address: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, address, body, headers)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("home")
    with as_file(files("demur.sample") / "data" / "controller.yaml") as controller:
        subprocess.run([sys.executable, "-m", "demur", "init", str(controller), "--home", str(home)], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "DEMUR_HOME": str(home), "DEMUR_BASE_URL": f"http://127.0.0.1:{port}"}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    log = home / "serve.log"
    with log.open("wb") as words:
        process = subprocess.Popen(
            [sys.executable, "-m", "demur", "serve", "--port", str(port), "--home", str(home)],
            env=environment,
            stdout=words,
            stderr=words,
        )
    try:
        started = Server(port, log)
        give_up_at = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up_at and process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
        assert process.poll() is None, log.read_text()
        yield started
    finally:
        process.terminate()
        process.wait(10)


def test_a_taken_port_is_said_in_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortUnavailableError, match=f"port {port} on 127.0.0.1 is taken") as caught:
            listen("127.0.0.1", port)
    assert "--port" in caught.value.hint


def test_an_address_of_another_machine_is_said_in_one_sentence() -> None:
    with pytest.raises(PortUnavailableError, match="cannot listen on port 8000 of"):
        listen("192.0.2.1", 8000)  # RFC 5737: an address that no machine has


@pytest.mark.slow
def test_pages_and_their_style_sheet_are_served_with_the_private_headers(server: Server) -> None:
    status, headers, page = server.ask("GET", "/privacy/genai")
    assert status == 200
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers
    sheet = re.search(rb'rel="stylesheet" href="([^"]+)"', page)
    assert sheet is not None
    status, headers, _text = server.ask("GET", sheet[1].decode())
    assert (status, headers["content-type"]) == (200, 'text/css; charset="utf-8"')


@pytest.mark.slow
def test_bodies_and_headers_that_are_too_large_are_cut_off(server: Server) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert server.ask("POST", "/privacy/genai/object/own", b"effect=" + b"a" * 300_000, **form)[0] in {400, 403}
    try:
        status = server.ask("POST", "/privacy/genai/object/own", b"a" * 5_000_000, **form)[0]
    except (BrokenPipeError, ConnectionResetError):
        status = 413
    assert status == 413
    assert server.ask("GET", "/privacy/genai", **{"X-Long": "a" * 100_000})[0] == 431
    assert server.ask("GET", "/privacy/genai")[0] == 200


@pytest.mark.slow
def test_a_forged_host_is_refused_by_the_server_too(server: Server) -> None:
    status, headers, page = server.ask("GET", "/privacy/genai", Host="evil.example")
    assert status == 400
    assert b"evil" not in page
    assert "content-security-policy" in headers


@pytest.mark.slow
def test_the_log_holds_no_address_that_was_asked_for(server: Server) -> None:
    token = "Zz" * 16
    for path in (f"/privacy/genai/status/{token}", f"/privacy/genai/code/{token}?email=ada@people.example"):
        server.ask("GET", path, Referer=f"http://127.0.0.1/{token}")
    server.ask("POST", f"/privacy/genai/status/{token}/withdraw", b"email=ada@people.example")
    server.ask("GET", "/privacy/genai", Host="ada.people.example")
    words = server.log.read_text()
    assert token not in words
    assert "ada" not in words.casefold()


def test_connections_that_say_nothing_keep_nobody_out(server: Server) -> None:
    with ExitStack() as silent:
        for _ in range(150):
            connection = silent.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            connection.sendall(b"GET / HTTP/1.1\r\nHost: ")
        assert server.ask("GET", "/privacy/genai")[0] == 200


def test_senders_who_stop_in_the_middle_of_a_form_keep_nobody_out(server: Server) -> None:
    begun = b"POST /privacy/genai/object/own HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\neffect="
    with ExitStack() as stopped:
        for _ in range(THREADS * len(os.sched_getaffinity(0)) * 4):
            stopped.enter_context(socket.create_connection(("127.0.0.1", server.port))).sendall(begun)
        assert server.ask("GET", "/privacy/genai")[0] == 200


def test_a_flood_of_photos_and_a_slow_identity_provider_leave_a_thread_for_everybody_else() -> None:
    assert photographs.MOST_AT_ONCE + json_answer.MOST_AT_ONCE < THREADS
