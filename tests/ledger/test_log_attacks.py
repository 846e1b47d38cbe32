import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from failing_disk import numbered

from demur.core.checkpoint import Checkpoint
from demur.core.merkle import leaf_hash, root_hash
from demur.core.note import Signer
from demur.ledger.errors import LogDamagedError
from demur.ledger.log import Log, LogReader, verify_log
from demur.ledger.tiles import ENTRIES, encode_tile

MakeLog = Callable[..., Path]


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_one_changed_byte_in_any_file_of_a_log_is_refused(make_log: MakeLog, signer: Signer) -> None:
    """Every byte of every file, those of older checkpoints too."""
    folder = make_log(2, 1, 2)
    for path in files(folder):
        raw = path.read_bytes()
        for at in range(len(raw)):
            path.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
            with pytest.raises(LogDamagedError):
                verify_log(folder, signer.verifier_key)
        path.write_bytes(raw)
    verify_log(folder, signer.verifier_key)


def test_one_changed_byte_in_a_log_of_two_levels_is_refused_by_the_files_name(
    make_log: MakeLog, signer: Signer
) -> None:
    folder = make_log(500, 20)
    for path in files(folder):
        raw = path.read_bytes()
        for at in {0, 1, len(raw) // 2, len(raw) - 1}:
            path.write_bytes(raw[:at] + bytes([raw[at] ^ 0x80]) + raw[at + 1 :])
            with pytest.raises(LogDamagedError) as caught:
                verify_log(folder, signer.verifier_key)
            assert path.relative_to(folder).as_posix().removeprefix("tile/") in str(caught.value).replace("tile/", "")
        path.write_bytes(raw)


@pytest.mark.parametrize("fault", ["cut off", "emptied", "longer by a byte", "doubled"])
def test_truncated_or_extended_file_of_a_log_is_refused(fault: str, make_log: MakeLog, signer: Signer) -> None:
    folder = make_log(255, 5)
    for path in files(folder):
        raw = path.read_bytes()
        damaged = {"cut off": raw[:-1], "emptied": b"", "longer by a byte": raw + b"\x00", "doubled": raw * 2}
        path.write_bytes(damaged[fault])
        with pytest.raises(LogDamagedError):
            verify_log(folder, signer.verifier_key)
        path.write_bytes(raw)


def test_missing_or_unreadable_file_of_a_log_is_refused_by_name(make_log: MakeLog, signer: Signer) -> None:
    folder = make_log(255, 5)
    for path in files(folder):
        raw = path.read_bytes()
        path.unlink()
        with pytest.raises(LogDamagedError, match=r"is missing|no readable checkpoint"):
            verify_log(folder, signer.verifier_key)
        path.mkdir()
        with pytest.raises(LogDamagedError, match=r"cannot be read|no readable checkpoint"):
            verify_log(folder, signer.verifier_key)
        path.rmdir()
        path.write_bytes(raw)


def test_log_of_another_key_is_refused_by_readers_and_by_its_would_be_owner(
    make_log: MakeLog, stranger: Signer
) -> None:
    folder = make_log(3)
    with pytest.raises(LogDamagedError, match="not signed by"):
        verify_log(folder, stranger.verifier_key)
    with pytest.raises(LogDamagedError, match="not signed by"), Log(folder, stranger):
        pass


@pytest.mark.parametrize("note", [b"", b"nonsense", b"lumen.example/log\n0\nAAAA\n"])
def test_log_with_an_unsigned_or_damaged_checkpoint_is_not_started_anew(
    note: bytes, make_log: MakeLog, signer: Signer
) -> None:
    folder = make_log(3)
    (folder / "checkpoint").write_bytes(note)
    with pytest.raises(LogDamagedError, match="not to be trusted"), Log(folder, signer):
        pass
    assert (folder / "checkpoint").read_bytes() == note


def test_entries_exchanged_with_all_their_hashes_are_refused(make_log: MakeLog, signer: Signer) -> None:
    """Somebody rewrites history consistently, and lacks only the key."""
    folder = make_log(300)
    forged = make_log(300, name="forged")
    shutil.rmtree(forged)
    with Log(forged, signer) as log:
        log.append([b"forged", *numbered(1, 300)])
    shutil.rmtree(folder / "tile")
    shutil.copytree(forged / "tile", folder / "tile")
    with pytest.raises(LogDamagedError, match="but not with the root hash"):
        verify_log(folder, signer.verifier_key)
    with Log(folder, signer) as log, pytest.raises(LogDamagedError, match="nothing is appended"):
        log.append([b"more"])
    with pytest.raises(LogDamagedError, match="entry 5 of the log is not what was signed"):
        LogReader(folder, signer.verifier_key).entry(5)


def test_exchanged_entries_under_genuine_hashes_are_refused(make_log: MakeLog, signer: Signer) -> None:
    folder = make_log(3)
    (folder / "tile/entries/000.p/3").write_bytes(encode_tile(ENTRIES, [b"entry 0", b"forged!", b"entry 2"]))
    with pytest.raises(LogDamagedError, match="does not agree"):
        verify_log(folder, signer.verifier_key)
    with Log(folder, signer) as log, pytest.raises(LogDamagedError, match="last entries"):
        log.append([b"more"])
    with pytest.raises(LogDamagedError, match="entry 1 of the log"):
        LogReader(folder, signer.verifier_key).entry(1)


def test_signed_root_that_never_was_is_refused(make_log: MakeLog, signer: Signer) -> None:
    folder = make_log(3)
    (folder / "checkpoint").write_bytes(Checkpoint(signer.name, 3, bytes(32)).sign(signer))
    with pytest.raises(LogDamagedError):
        verify_log(folder, signer.verifier_key)


def test_upper_tile_that_does_not_follow_from_the_lower_ones_is_refused(make_log: MakeLog, signer: Signer) -> None:
    """The root is signed over the forged upper tile, so that only recomputing finds it."""
    folder = make_log(512)
    leaves = [leaf_hash(entry) for entry in numbered(0, 512)]
    upper = [root_hash(leaves[256:]), root_hash(leaves[:256])]
    (folder / "tile/1/000.p/2").write_bytes(b"".join(upper))
    (folder / "checkpoint").write_bytes(Checkpoint(signer.name, 512, root_hash(upper)).sign(signer))
    with pytest.raises(LogDamagedError, match=r"tile/1/000\.p/2"):
        verify_log(folder, signer.verifier_key)


def test_files_beyond_the_checkpoint_have_no_meaning(make_log: MakeLog, signer: Signer) -> None:
    folder = make_log(255, 5)
    for name in ("tile/0/001.p/9", "tile/0/001", "tile/0/002.p/1", "tile/entries/001.p/9", "tile/entries/001.p/.9.tmp"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"garbage")
    assert verify_log(folder, signer.verifier_key).tree_size == 260
    with Log(folder, signer) as log:
        for size in (1, 4, 2, 500):
            log.append(numbered(0, size))
            verify_log(folder, signer.verifier_key)
    assert not [path for path in files(folder) if b"garbage" in path.read_bytes()]
