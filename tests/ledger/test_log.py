import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from failing_disk import numbered
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demur.core.entry import Event, make_entry
from demur.core.errors import CommitmentMismatchError, VerificationError
from demur.core.merkle import EMPTY_ROOT, leaf_hash, root_hash, verify_consistency, verify_inclusion
from demur.core.note import Signer
from demur.core.receipt import parse_receipt, verify_receipt
from demur.ledger.errors import LedgerError, LogBoundsError, LogDamagedError, StorageError
from demur.ledger.log import Log, LogReader, append_missing, verify_log
from demur.ledger.tiles import MAX_ENTRY_BYTES

MakeLog = Callable[..., Path]
SALT = b"\x05" * 32


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def root(size: int) -> bytes:
    return root_hash([leaf_hash(entry) for entry in numbered(0, size)])


def test_a_new_log_is_an_empty_signed_tree(tmp_path: Path, signer: Signer) -> None:
    with Log(tmp_path / "home" / "log", signer) as log:
        checkpoint = log.reader.checkpoint()
    assert (checkpoint.origin, checkpoint.tree_size, checkpoint.root_hash) == ("lumen.example/log", 0, EMPTY_ROOT)
    assert verify_log(tmp_path / "home" / "log", signer.verifier_key) == checkpoint
    assert files(tmp_path / "home" / "log") == {"checkpoint"}


def test_the_files_of_a_log_are_those_of_the_specification(make_log: MakeLog) -> None:
    assert files(make_log(3)) == {"checkpoint", "tile/0/000.p/3", "tile/entries/000.p/3"}
    assert files(make_log(200, 60, name="grown")) == {
        "checkpoint",
        "tile/entries/000",
        "tile/entries/001.p/4",
        "tile/0/000",
        "tile/0/001.p/4",
        "tile/1/000.p/1",
    }


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.sampled_from([0, 1, 2, 5, 250, 255, 256, 257, 700]), min_size=1, max_size=6))
def test_however_entries_are_grouped_the_log_is_the_same(
    sizes: list[int], signer: Signer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, start = tmp_path_factory.mktemp("log"), 0
    with Log(folder, signer) as log:
        for size in sizes:
            assert log.append(numbered(start, start + size)) == start
            start += size
            assert log.reader.checkpoint().root_hash == root(start)
    assert verify_log(folder, signer.verifier_key).tree_size == start
    assert LogReader(folder, signer.verifier_key).leaf_hashes(0, start) == [leaf_hash(e) for e in numbered(0, start)]


def test_a_log_of_three_levels_of_tiles_is_whole(make_log: MakeLog, signer: Signer) -> None:
    folder = make_log(65_000, 535, 1, 300)
    assert verify_log(folder, signer.verifier_key).root_hash == root(65_836)
    assert {"tile/0/256", "tile/1/000", "tile/1/001.p/1", "tile/2/000.p/1"} <= files(folder)
    reader = LogReader(folder, signer.verifier_key)
    for index in (0, 255, 256, 65_535, 65_536, 65_835):
        assert reader.entry(index) == b"entry %d" % index


def test_appending_reads_and_writes_the_right_edge_only(make_log: MakeLog, signer: Signer) -> None:
    """Everything but the edge may be out of reach: on a slow disk, it might as well be."""
    folder = make_log(65_000)
    edge = {"tile/0/253.p/232", "tile/entries/253.p/232", "tile/1/000.p/253"}
    for name in files(folder) - edge - {"checkpoint"}:
        (folder / name).unlink()
    with Log(folder, signer) as log:
        assert log.append([b"one more"]) == 65_000
    assert (
        files(folder) - edge == {"checkpoint", "tile/0/253.p/233", "tile/entries/253.p/233", "tile/1/000.p/253"} - edge
    )


def test_every_entry_has_a_proof_under_every_size(make_log: MakeLog, signer: Signer) -> None:
    reader = LogReader(make_log(1, 2, 4, 250, 3), signer.verifier_key)
    leaves = [leaf_hash(entry) for entry in numbered(0, 260)]
    for size in (1, 2, 7, 255, 256, 257, 259, 260):
        for index in {0, 1, size // 2, size - 1} - {size}:
            proof = reader.inclusion_proof(index, size)
            verify_inclusion(leaves[index], index, size, proof, root(size))
        verify_consistency(size, 260, reader.consistency_proof(size, 260), root(size), root(260))


def test_a_receipt_is_made_that_anybody_can_verify(tmp_path: Path, signer: Signer) -> None:
    statement = {"reference": "DMR-1"}
    with Log(tmp_path / "log", signer) as log:
        log.append(numbered(0, 300))
        index = log.append([make_entry(Event.OBJECTION_RECEIVED, statement, SALT).to_bytes()])
        receipt = log.reader.make_receipt(Event.OBJECTION_RECEIVED, statement, SALT, index)
    assert verify_receipt(parse_receipt(receipt.to_bytes()), signer.verifier_key).tree_size == 301


def test_no_receipt_is_made_for_what_was_not_logged(tmp_path: Path, signer: Signer) -> None:
    with Log(tmp_path / "log", signer) as log:
        log.append([make_entry(Event.DECISION, {"decision": "refused"}, SALT).to_bytes(), b"other"])
        for statement, index in (({"decision": "upheld"}, 0), ({"decision": "refused"}, 1)):
            with pytest.raises(CommitmentMismatchError):
                log.reader.make_receipt(Event.DECISION, statement, SALT, index)
        with pytest.raises(LogBoundsError, match="has no entry 2"):
            log.reader.make_receipt(Event.DECISION, {}, SALT, 2)


@pytest.mark.parametrize("entry", [b"", b"x", b"x" * MAX_ENTRY_BYTES])
def test_an_entry_of_any_length_up_to_the_limit_is_kept(entry: bytes, tmp_path: Path, signer: Signer) -> None:
    with Log(tmp_path / "log", signer) as log:
        log.append([b"before", entry, b"after"])
        assert log.reader.entry(1) == entry
    verify_log(tmp_path / "log", signer.verifier_key)


def test_an_entry_that_is_too_long_is_refused_before_anything_is_written(make_log: MakeLog, signer: Signer) -> None:
    folder = make_log(3)
    before = files(folder)
    with Log(folder, signer) as log, pytest.raises(LogBoundsError, match="longer than 65535 bytes"):
        log.append([b"fine", b"x" * (MAX_ENTRY_BYTES + 1)])
    assert files(folder) == before
    assert verify_log(folder, signer.verifier_key).tree_size == 3


def test_questions_beyond_the_log_are_refused(make_log: MakeLog, signer: Signer) -> None:
    reader = LogReader(make_log(3), signer.verifier_key)
    questions: list[Callable[[], object]] = [
        lambda: reader.entry(3),
        lambda: reader.entry(-1),
        lambda: reader.leaf_hashes(0, 4),
        lambda: reader.leaf_hashes(2, 1),
        lambda: reader.leaf_hashes(-1, 1),
        lambda: reader.inclusion_proof(3, 3),
        lambda: reader.inclusion_proof(0, 4),
        lambda: reader.inclusion_proof(0, -1),
        lambda: reader.consistency_proof(0, 3),
        lambda: reader.consistency_proof(3, 2),
        lambda: reader.consistency_proof(1, 4),
    ]
    for question in questions:
        with pytest.raises(LogBoundsError):
            question()


def test_only_one_can_append_and_the_right_is_given_back(make_log: MakeLog, signer: Signer) -> None:
    folder = make_log(1)
    log = Log(folder, signer)
    outsider = os.open(folder, os.O_RDONLY)
    with log:
        with pytest.raises(BlockingIOError):
            fcntl.flock(outsider, fcntl.LOCK_EX | fcntl.LOCK_NB)
        log.append([b"more"])
    fcntl.flock(outsider, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(outsider)
    with pytest.raises(LedgerError, match="only inside"):
        log.append([b"late"])
    with log:
        assert log.append([b"later"]) == 2


def test_a_refused_folder_is_unlocked_again(make_log: MakeLog, stranger: Signer) -> None:
    folder = make_log(1)
    log = Log(folder, stranger)
    with pytest.raises(LogDamagedError):
        log.__enter__()
    outsider = os.open(folder, os.O_RDONLY)
    fcntl.flock(outsider, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(outsider)
    log.__exit__(None, None, None)


def test_missing_entries_are_appended_and_present_ones_found(make_log: MakeLog, signer: Signer) -> None:
    folder = make_log(300)
    with Log(folder, signer) as log:
        assert append_missing(log, [], 0) == []
        assert append_missing(log, [b"a", b"b"], 300) == [300, 301]
        assert append_missing(log, [b"c", b"b", b"a", b"d"], 300) == [302, 301, 300, 303]
        assert append_missing(log, [b"e", b"e"], 304) == [304, 304]
        assert append_missing(log, [b"a"], 304) == [305], "below the known size nothing is looked for"
    assert verify_log(folder, signer.verifier_key).tree_size == 306


def test_log_that_was_rolled_back_is_refused(make_log: MakeLog, signer: Signer) -> None:
    with Log(make_log(3), signer) as log, pytest.raises(LogDamagedError, match="put back to an older state") as caught:
        append_missing(log, [b"new"], 4)
    assert "newest copy" in caught.value.hint
    assert isinstance(caught.value, VerificationError)


@pytest.mark.parametrize("name", ["tile", "notes.txt", ".other.tmp"])
def test_folder_that_holds_anything_else_than_a_log_is_refused(name: str, tmp_path: Path, signer: Signer) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / name).write_text("")
    with pytest.raises(LogDamagedError, match="no readable checkpoint"), Log(tmp_path / "log", signer):
        pass
    assert files(tmp_path / "log") == {name}


def test_what_a_crash_before_the_first_checkpoint_left_is_no_obstacle(tmp_path: Path, signer: Signer) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / ".checkpoint.tmp").write_text("lumen.exam")
    with Log(tmp_path / "log", signer) as log:
        log.append([b"a"])
    assert verify_log(tmp_path / "log", signer.verifier_key).tree_size == 1


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path, signer: Signer) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="could not be written"), Log(tmp_path / "file" / "log", signer):
        pass


def test_a_reader_finds_the_full_tile_when_the_partial_one_has_just_gone(make_log: MakeLog, signer: Signer) -> None:
    """A reader that took the checkpoint of 255 entries, and then met the files of 300."""
    old = (make_log(255, name="old") / "checkpoint").read_bytes()
    folder = make_log(255, 45)
    (folder / "checkpoint").write_bytes(old)
    reader = LogReader(folder, signer.verifier_key)
    assert reader.entry(254) == b"entry 254"
    assert reader.leaf_hashes(0, 255)[-1] == leaf_hash(b"entry 254")
