"""Every write can fail in two ways, not stored and stored though it failed; the power can go at any instant.

After each, an outsider who has the public key only must find the old log or the new one, whole.
"""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from failing_disk import FailingDisk, PowerOffError, disk_is_full, numbered
from remembering_disk import RememberingDisk

from demur.core.note import Signer
from demur.ledger.errors import LedgerError
from demur.ledger.log import Log, LogReader, append_missing, verify_log

MakeLog = Callable[..., Path]
OLD, NEW = 250, 260  # over a tile's end: a full tile, its parent and two new partial ones


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("error", [disk_is_full, PowerOffError])
@pytest.mark.parametrize("entries", [numbered(OLD, NEW), numbered(OLD, OLD + 1)], ids=["over a tile's end", "inside"])
def test_a_failure_at_any_operation_leaves_the_old_log_or_the_new_one(
    stored: bool,  # noqa: FBT001
    error: Callable[[], BaseException],
    entries: list[bytes],
    make_log: MakeLog,
    signer: Signer,
    tmp_path: Path,
) -> None:
    start = make_log(OLD - 3, 3, name="start")
    new_size = OLD + len(entries)
    for number in range(1000):
        folder = tmp_path / str(number)
        shutil.copytree(start, folder)
        disk = FailingDisk(number, stored=stored, error=error)
        returned = False
        with disk(), suppress(LedgerError, PowerOffError), Log(folder, signer) as log:
            log.append(entries)
            returned = True
        size = verify_log(folder, signer.verifier_key).tree_size
        assert size in ({new_size} if returned else {OLD, new_size})
        if not disk.failed:
            break
        check_that_it_goes_on(folder, signer, entries)
        shutil.rmtree(folder)
    assert number > 15


def check_that_it_goes_on(folder: Path, signer: Signer, entries: list[bytes]) -> None:
    """First with other entries in the place of those that may not have been stored, then with those."""
    with Log(folder, signer) as log:
        size = log.reader.checkpoint().tree_size
        log.append([b"another"])
        verify_log(folder, signer.verifier_key)
        indexes = append_missing(log, entries, OLD)
        first = OLD if size > OLD else size + 1
        assert indexes == list(range(first, first + len(entries)))
        assert [log.reader.entry(index) for index in indexes] == entries
    assert verify_log(folder, signer.verifier_key).tree_size == OLD + len(entries) + 1


def test_the_same_log_object_goes_on_after_the_disk_was_full(make_log: MakeLog, signer: Signer) -> None:
    folder = make_log(OLD)
    with Log(folder, signer) as log:
        disk = FailingDisk(4, stored=False, error=disk_is_full)
        with disk(), pytest.raises(LedgerError, match="no space left on device"):
            log.append(numbered(OLD, NEW))
        assert append_missing(log, numbered(OLD, NEW), OLD) == list(range(OLD, NEW))
    assert verify_log(folder, signer.verifier_key).tree_size == NEW


@pytest.mark.parametrize("stored", [True, False])
def test_a_failure_while_a_log_is_begun_is_mended_by_the_next_run(stored: bool, signer: Signer, tmp_path: Path) -> None:  # noqa: FBT001
    for number in range(1000):
        folder = tmp_path / str(number) / "log"
        disk = FailingDisk(number, stored=stored, error=PowerOffError)
        with disk(), suppress(PowerOffError), Log(folder, signer):
            pass
        with Log(folder, signer) as log:
            assert log.append([b"a"]) == 0
        verify_log(folder, signer.verifier_key)
        if not disk.failed:
            break
    assert number > 5


@pytest.mark.parametrize("seed", range(4))
def test_a_power_cut_at_any_instant_leaves_the_old_log_or_the_new_one(
    seed: int, make_log: MakeLog, signer: Signer, tmp_path: Path
) -> None:
    """What was not synced may be gone, each name and each file by itself; what was acknowledged may not."""
    start = make_log(OLD - 3, 3, name="start")
    folder = tmp_path / "running"
    shutil.copytree(start, folder)
    disk = RememberingDisk(folder)
    with disk(), Log(folder, signer) as log:
        for entries in (numbered(OLD, NEW), numbered(NEW, NEW + 1), numbered(NEW + 1, NEW + 3)):
            log.append(entries)
            disk.acknowledge(NEW if entries[0] == b"entry 250" else log.reader.checkpoint().tree_size)
    allowed = {OLD, NEW, NEW + 1, NEW + 3}
    for instant in range(disk.instants):
        left = tmp_path / f"left-{instant}"
        acknowledged = disk.cut_power(instant, left, seed)
        checkpoint = verify_log(left, signer.verifier_key)
        assert checkpoint.tree_size in allowed
        assert checkpoint.tree_size >= max(acknowledged, OLD)
        shutil.rmtree(left)


APPENDER = """
import sys
from pathlib import Path
from demur.core.note import Signer
from demur.ledger.log import Log

number = 0
while True:
    with Log(Path(sys.argv[1]), Signer("lumen.example/log", b"\\x11" * 32)) as log:
        first = log.append([f"{sys.argv[2]} {number + n}".encode() for n in range(1 + number % 3)])
    number += 1 + number % 3
    print(first, flush=True)
"""


def test_killing_the_writer_loses_no_entry_that_it_had_acknowledged(tmp_path: Path, signer: Signer) -> None:
    folder = tmp_path / "log"
    acknowledged: list[int] = []
    for life in range(6):
        command = [sys.executable, "-c", APPENDER, str(folder), f"life {life}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            acknowledged += [int(process.stdout.readline()) for _ in range(3 + 11 * life)]
            process.send_signal(signal.SIGKILL)
            acknowledged += [int(line) for line in process.stdout.read().splitlines(keepends=True) if line[-1] == "\n"]
        assert process.returncode == -signal.SIGKILL
        size = verify_log(folder, signer.verifier_key).tree_size
        assert size > acknowledged[-1]
    assert acknowledged == sorted(set(acknowledged))
    reader = LogReader(folder, signer.verifier_key)
    assert {reader.entry(index)[:5] for index in acknowledged} == {b"life "}
    with Log(folder, signer) as log:
        assert log.append([b"the end"]) == size
