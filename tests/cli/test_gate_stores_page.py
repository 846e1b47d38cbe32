"""What docs/data-engineer/object-stores.md types at an object store, typed at a real S3 server on loopback."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
import s3fs
from moto.server import ThreadedMotoServer
from test_gate_command import demur, world

from demur.cli.verify import check_file
from demur.ledger.keys import load_verifier_keys

PAGE = (Path(__file__).resolve().parents[2] / "docs/data-engineer/object-stores.md").read_text()
COMMANDS = re.findall(r"^\$ demur gate (.*)$", PAGE, re.MULTILINE)
__all__ = ["world"]


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAADASACCESSKEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    s3fs.S3FileSystem.clear_instance_cache()
    yield fsspec.filesystem("s3", use_listings_cache=False)
    s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


def test_the_commands_of_the_page_gate_from_and_into_a_store(
    world: Path, files: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bucket in ("lumen-lake", "lumen-training"):
        files.mkdir(bucket)
    files.put(str(world / "lake"), "lumen-lake/posts", recursive=True)
    (world / "latest.list").symlink_to(world / "home" / "latest.list")
    monkeypatch.chdir(world)
    assert len(COMMANDS) == 4
    for command in COMMANDS:
        words, _, target = command.partition(" > ")
        done = demur(*shlex.split(words))
        assert done.exit_code == 0, done.output
        if target:
            Path(target).write_text(done.stdout)
    keys = load_verifier_keys(world / "home" / "keys" / "public.keys")
    for prefix in ("2026-11", "2026-11-b"):
        files.get(f"lumen-training/{prefix}", str(world / prefix), recursive=True)
        assert (world / prefix / "manifest.note").read_bytes() == (world / "training" / "manifest.note").read_bytes()
        assert check_file(world / prefix, keys).signer_known
