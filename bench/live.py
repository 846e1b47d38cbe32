"""The live check under load: records a second, and how long the slowest in a hundred waits.

    .venv/bin/python bench/live.py                       single records from 16 connections, then batches of 100
    .venv/bin/python bench/live.py --seconds 10 --objections 100000

Starts `demur gate serve` as a process of its own on a free port of loopback, over a list of made-up objections. This
process is the client; it writes requests and reads answers over plain sockets, as many at a time as there are
connections, so that the server and not the client is measured. Needs no data; takes under a minute.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from demur.core.identifier import IdentifierKind
from demur.core.suppression_list import SuppressionListHeader, seal_list
from demur.gate.suppression_list import ListEntry, encode_entries
from demur.ledger.keys import KeyRole, SecretName, create_missing_keys, load_secret, load_signer

MAPPING = """\
form: demur-source-mapping/v1
row_id: record_id
kind: {column: kind, values: {prompt: prompt, message: message}}
audience: {column: audience, public: [public]}
author_account: author_account
author_is_minor: author_is_minor
tagged_accounts: tagged_accounts
"""
WORDS = "write me a short and friendly letter to the neighbours about the summer party in our street "
BATCH_RECORDS = 100


def prepare(home: Path, objections: int) -> list[str]:
    """Make keys, a list and a mapping; return the command that serves them."""
    keys = home / "keys"
    create_missing_keys(keys, "bench.example")
    now = datetime.now(UTC).replace(microsecond=0)
    entries = [
        ListEntry(number.to_bytes(16, "big"), IdentifierKind.ACCOUNT, f"lumen:p{number:07d}", now)
        for number in range(objections)
    ]
    header = SuppressionListHeader(
        controller="bench.example",
        number=1,
        issued_at=now,
        expires_at=now + timedelta(days=1),
        log_origin="bench.example/log",
        tree_size=objections,
        entries=objections,
        payload_sha256=bytes(32),
        salt=bytes(32),
    )
    seal_key = load_secret(keys, SecretName.LIST_SEAL)
    sealed = seal_list(header, encode_entries(entries), seal_key, load_signer(keys, KeyRole.LIST))
    (home / "latest.list").write_bytes(sealed)
    (home / "mapping.yaml").write_text(MAPPING)
    options = ["--mapping", home / "mapping.yaml", "--list", home, "--keys-folder", keys, "--port", free_port()]
    return [sys.executable, "-m", "demur", "gate", "serve", *(str(option) for option in options)]


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def record(number: int) -> dict[str, object]:
    """Return a prompt; one in ten is by somebody who objected."""
    return {
        "record_id": f"r{number}",
        "kind": "prompt",
        "audience": "public",
        "author_account": f"lumen:{'p' if number % 10 == 0 else 'c'}{number % 1000:07d}",
        "author_is_minor": False,
        "tagged_accounts": [],
        "text": WORDS * 3,
    }


def request(body: object) -> bytes:
    """Return an HTTP request."""
    raw = json.dumps(body).encode()
    head = f"POST /v1/check HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n"
    return head.encode() + raw


async def ask(port: int, requests: list[bytes], until: float, waits: list[float]) -> None:
    """Ask one request after another over one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    turn = 0
    while time.perf_counter() < until:
        began = time.perf_counter()
        writer.write(requests[turn % len(requests)])
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        waits.append(time.perf_counter() - began)
        if not head.startswith(b"HTTP/1.1 200") or b"list-" in body:
            sys.exit(f"the live check did not decide: {body[:200]!r}")
        turn += 1
    writer.close()


async def load(port: int, connections: int, bodies: list[object], seconds: float) -> list[float]:
    """Keep so many connections busy; return how many seconds each request waited."""
    requests = [request(body) for body in bodies]
    waits: list[float] = []
    until = time.perf_counter() + seconds
    await asyncio.gather(*(ask(port, requests, until, waits) for _ in range(connections)))
    return waits


def tell(name: str, waits: list[float], records: int, seconds: float, cpu_seconds: float) -> None:
    """Print one line of the table."""
    cuts = statistics.quantiles(waits, n=1000)
    figures = f"{len(waits) * records / seconds:>12,.0f} {cuts[499] * 1e3:>9.2f} {cuts[989] * 1e3:>9.2f}"
    print(f"{name:<28} {figures} {cuts[998] * 1e3:>9.2f} {cpu_seconds / seconds:>12.0%}")


def cpu_seconds(process: int) -> float:
    """Return how long a process has been on a core."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Start the server, load it twice, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=8, help="length of each of the two parts")
    parser.add_argument("--objections", type=int, default=100_000, help="entries of the list")
    parser.add_argument("--connections", type=int, default=16, help="that ask at the same time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        command = prepare(Path(folder), options.objections)
        port = int(command[-1])
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            print(server.stdout.readline().strip())
            print(f"{'':<28} {'records/s':>12} {'p50 ms':>9} {'p99 ms':>9} {'p99.9 ms':>9} {'of one core':>12}")
            singles: list[object] = [record(number) for number in range(1_000)]
            batches: list[object] = [singles[start : start + BATCH_RECORDS] for start in range(0, 1_000, BATCH_RECORDS)]
            parts = (
                (f"single, {options.connections} connections", options.connections, singles, 1),
                (f"batches of {BATCH_RECORDS}, 1 connection", 1, batches, BATCH_RECORDS),
            )
            asyncio.run(load(port, options.connections, singles, 1))  # what is done once only is not measured
            for name, connections, bodies, records in parts:
                began = cpu_seconds(server.pid)
                waits = asyncio.run(load(port, connections, bodies, options.seconds))
                tell(name, waits, records, options.seconds, cpu_seconds(server.pid) - began)
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
