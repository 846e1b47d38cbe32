"""The live check under load: records a second, and how long the slowest in a hundred waits.

    .venv/bin/python bench/live.py                       5,000 a second, as many as go, batches of 100
    .venv/bin/python bench/live.py --seconds 10 --objections 100000

Starts `demur gate serve` as a process of its own on a free port of loopback, over a list of made-up objections. This
process is the client; it writes requests and reads answers over plain sockets, as many at a time as there are
connections. At a given rate a request waits from the moment it is due. Client and server take one core each: on a busy
machine the figures say more about that than about the server. Needs no data; takes under a minute.
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
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench_list import seal_people
from demur.core.identifier import IdentifierKind
from demur.ledger.keys import KeyRole, SecretName, create_missing_keys, load_secret, load_signer

MAPPING = """\
form: demur-source-mapping/v1
row_id: record_id
kind: {column: kind, values: {prompt: prompt, message: message}}
audience: {column: audience, public: [public]}
author_account: author_account
author_is_minor: author_is_minor
tagged_accounts: tagged_accounts
text: text
"""
WORDS = "write me a short and friendly letter to the neighbours about the summer party in our street "
BATCH_RECORDS = 100


def prepare(home: Path, objections: int) -> list[str]:
    """Make keys, a list and a mapping; return the command that serves them."""
    keys = home / "keys"
    create_missing_keys(keys, "bench.example")
    people = ((IdentifierKind.ACCOUNT, f"lumen:p{number:07d}") for number in range(objections))
    sealed = seal_people(people, load_secret(keys, SecretName.LIST_SEAL), load_signer(keys, KeyRole.LIST))
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


@dataclass(frozen=True)
class Part:
    """What is asked: so many connections, their requests in turn, how many records each has, how often each asks.

    `pause_seconds` is from one request of a connection to its next; 0 is as soon as the answer is there.
    """

    name: str
    connections: int
    requests: list[bytes]
    records: int
    pause_seconds: float


async def ask(port: int, part: Part, number: int, until: float, waits: list[float]) -> None:
    """Ask one request after another over one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    turn, due = number, time.perf_counter() + part.pause_seconds * number / part.connections
    while (began := time.perf_counter()) < until:
        if part.pause_seconds:
            if due > began:
                await asyncio.sleep(due - began)
                began = time.perf_counter()
            else:
                began = due  # it waits since then, though this process came to it only now
            due += part.pause_seconds
        writer.write(part.requests[turn % len(part.requests)])
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        waits.append(time.perf_counter() - began)
        if not head.startswith(b"HTTP/1.1 200") or b"list-" in body.replace(b"list_", b""):
            sys.exit(f"the live check did not decide: {body[:200]!r}")
        turn += 1
    writer.close()


async def load(port: int, part: Part, seconds: float) -> list[float]:
    """Ask for so long; return how many seconds each request waited."""
    waits: list[float] = []
    until = time.perf_counter() + seconds
    await asyncio.gather(*(ask(port, part, number, until, waits) for number in range(part.connections)))
    return waits


def run(port: int, part: Part, seconds: float) -> list[float]:
    """Do so on a loop that leaves the cores to the server."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(load(port, part, seconds))


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
    """Start the server, load it, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=8, help="length of each of the three parts")
    parser.add_argument("--objections", type=int, default=100_000, help="entries of the list")
    parser.add_argument("--rate", type=int, default=5_000, help="records a second of the first part")
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
            records = [record(number) for number in range(1_000)]
            singles = [request(each) for each in records]
            batches = [request(records[start : start + BATCH_RECORDS]) for start in range(0, 1_000, BATCH_RECORDS)]
            many = options.connections
            parts = (
                Part(f"single, {options.rate:,} a second", many, singles, 1, many / options.rate),
                Part(f"single, {many} connections", many, singles, 1, 0),
                Part(f"batches of {BATCH_RECORDS}, 1 connection", 1, batches, BATCH_RECORDS, 0),
            )
            run(port, parts[1], 1)  # what is done once only is not measured
            for part in parts:
                began = cpu_seconds(server.pid)
                waits = run(port, part, options.seconds)
                tell(part.name, waits, part.records, options.seconds, cpu_seconds(server.pid) - began)
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
