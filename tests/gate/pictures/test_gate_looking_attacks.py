"""What a picture may do to the child that looks at it, and what becomes of the run."""

import os
import select
import signal
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from looking_children import children_of
from pdq_world import encoded, picture
from PIL import Image

from demur.gate.errors import PictureProcessError
from demur.gate.pictures import looking_pool, looking_process
from demur.gate.pictures.looking import hash_pictures_in_full, look_at_pictures
from demur.gate.pictures.looking_frames import ANSWER_BYTES, UNREADABLE
from demur.gate.pictures.looking_pool import LookingPool
from demur.gate.pictures.picture_finding import PictureFinding
from demur.photos.pdq import hash_photo, hash_photo_in_full
from demur.reservations.outcome import Outcome

HERE = Path(__file__).parent
PHOTO = encoded(Image.fromarray(picture(1, 320, 290)), "JPEG")
FINDING = PictureFinding(hash_photo(PHOTO), Outcome.KEEP)


def command(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-I", *words)


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[LookingPool]:
    """One child at a time, which does what pictures tell it."""
    monkeypatch.setattr(looking_process, "_COMMAND", command(str(HERE / "rogue_child.py")))
    monkeypatch.setattr(looking_pool.os, "sched_getaffinity", lambda _: {0})
    made = LookingPool()
    monkeypatch.setattr(looking_pool, "_pool", made)
    yield made
    made.end()


def pool_pid() -> int:
    """Return the child of a test's own pool, which is the one child that was started last."""
    return max(children_of(os.getpid()), key=lambda pid: int(Path(f"/proc/{pid}/stat").read_text().split()[21]))


def wait_for_end(pid: int) -> None:
    """Wait until a process that need not be a child of this one has ended."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    assert select.select([process], [], [], 60)[0], f"{pid} still runs"
    os.close(process)


@pytest.mark.parametrize("word", [b"crash", b"leave", b"spin", b"hoard", b"say short", b"say twice", b"say rubbish"])
def test_a_picture_that_ends_its_child_or_makes_it_talk_nonsense_costs_itself_only(
    word: bytes, pool: LookingPool
) -> None:
    assert look_at_pictures([PHOTO, word, word, PHOTO]) == [FINDING, UNREADABLE, UNREADABLE, FINDING]
    assert hash_pictures_in_full([PHOTO, word]) == [hash_photo_in_full(PHOTO), None]


def test_a_picture_that_makes_its_child_sleep_is_waited_for_and_costs_itself_only(
    pool: LookingPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = look_at_pictures([PHOTO])
    monkeypatch.setattr(looking_process, "WAIT_SECONDS", 0.3)
    slept = look_at_pictures([b"sleep"])
    monkeypatch.undo()
    assert before + slept + pool.look_at_each([PHOTO]) == [FINDING, UNREADABLE, FINDING]


def test_a_large_picture_whose_child_sleeps_in_the_middle_of_it_does_not_block_the_gate(
    pool: LookingPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert look_at_pictures([PHOTO]) == [FINDING]
    os.kill(pool_pid(), signal.SIGSTOP)
    monkeypatch.setattr(looking_process, "WAIT_SECONDS", 0.3)
    assert look_at_pictures([bytes(20 << 20)]) == [UNREADABLE]
    monkeypatch.setattr(looking_process, "WAIT_SECONDS", 60)
    assert look_at_pictures([PHOTO]) == [FINDING]


def test_an_answer_before_the_question_was_read_is_none(pool: LookingPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking_process, "_COMMAND", command(str(HERE / "rogue_child.py"), "hasty"))
    assert look_at_pictures([PHOTO, bytes(8 << 20), PHOTO]) == [FINDING, UNREADABLE, FINDING]


def test_a_child_that_ends_while_it_is_written_to_costs_the_picture(
    pool: LookingPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking_process, "_COMMAND", command(str(HERE / "rogue_child.py"), "hasty"))
    assert look_at_pictures([PHOTO, bytes(20 << 20), PHOTO]) == [FINDING, UNREADABLE, FINDING]


def test_a_child_that_has_grown_answers_and_is_replaced(pool: LookingPool) -> None:
    assert look_at_pictures([PHOTO]) == [FINDING]
    first = pool_pid()
    assert look_at_pictures([b"grow", PHOTO]) == [PictureFinding(None, Outcome.KEEP), FINDING]
    assert pool_pid() != first


def test_a_gate_that_holds_much_memory_keeps_its_children(pool: LookingPool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel counts what the gate holds as the most that its child ever held."""
    monkeypatch.setattr(looking_process, "_COMMAND", command(str(HERE / "rogue_child.py"), "small"))
    much = bytearray(os.urandom(1 << 20) * 700)
    assert look_at_pictures([PHOTO]) == [FINDING]
    first = pool_pid()
    assert look_at_pictures([PHOTO, PHOTO]) == [FINDING] * 2
    assert pool_pid() == first
    del much


def test_a_child_that_was_ended_while_it_waited_costs_no_picture(pool: LookingPool) -> None:
    assert look_at_pictures([PHOTO]) == [FINDING]
    first = pool_pid()
    os.kill(first, signal.SIGKILL)
    wait_for_end(first)
    assert look_at_pictures([PHOTO]) == [FINDING]
    assert pool_pid() != first


def test_a_run_that_is_interrupted_takes_no_late_answer_for_that_to_another_picture(pool: LookingPool) -> None:
    assert look_at_pictures([PHOTO]) == [FINDING]
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(KeyboardInterrupt):
            look_at_pictures([b"sleep"])
    finally:
        signal.signal(signal.SIGALRM, before)
    assert look_at_pictures([PHOTO]) == [FINDING]


def test_a_picture_of_more_bytes_than_any_is_never_handed_over(pool: LookingPool) -> None:
    others = children_of(os.getpid())
    assert look_at_pictures([bytes(100_000_001)]) == [UNREADABLE]
    assert children_of(os.getpid()) == others


def bomb(width: int, height: int, *, has_pixels: bool) -> bytes:
    """Return a small PNG of many pixels with colour and transparency."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    packer = zlib.compressobj(1)
    line = bytes(1 + 4 * width)
    packed = b"".join(packer.compress(line) for _ in range(height if has_pixels else 1)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


@pytest.mark.slow
def test_bombs_of_pixels_are_unreadable_or_hashed_and_leave_the_children_as_they_were() -> None:
    bombs = [
        bomb(60_000, 60_000, has_pixels=False),
        bomb(9_400, 9_400, has_pixels=False),
        bomb(9_400, 9_400, has_pixels=True),
        encoded(Image.new("1", (9_400, 9_400)), "TIFF", compression="group4"),
        encoded(Image.new("L", (16_000, 5_500)), "WEBP", lossless=True),
    ]
    found = look_at_pictures([each for one in bombs for each in (one, PHOTO)])
    assert found[1::2] == [FINDING] * len(bombs)
    assert found[0].hash is None
    assert all(each.hash is None or not each.hash.is_matchable for each in found[::2])


def test_a_child_that_cannot_be_started_stops_the_run_and_is_no_finding(
    pool: LookingPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    says_no = f"import sys; sys.stdout.buffer.write(bytes({ANSWER_BYTES})); sys.stdout.flush(); sys.stdin.read()"
    for words in (("/nowhere/python",), command("-c", ""), command("-c", says_no)):
        monkeypatch.setattr(looking_process, "_COMMAND", words)
        with pytest.raises(PictureProcessError, match="no process that looks at pictures could be started"):
            look_at_pictures([PHOTO])
    monkeypatch.setattr(looking_process, "_COMMAND", command(str(HERE / "rogue_child.py")))
    assert look_at_pictures([PHOTO]) == [FINDING]


def test_a_child_holds_no_file_of_the_gate_and_is_told_nothing_but_where_compiled_loops_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEMUR_DATABASE_URL", "postgresql://demur:secret@db")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(looking_pool.os, "sched_getaffinity", lambda _: {0})
    made = LookingPool()
    with (tmp_path / "keys").open("w") as keys:
        os.set_inheritable(keys.fileno(), True)  # noqa: FBT003
        assert made.look_at_each([PHOTO]) == [FINDING]
        proc = Path(f"/proc/{pool_pid()}")
        held = {str(each.readlink()).partition(":")[0] for each in (proc / "fd").iterdir()}
        own = f"{proc}/statm"
        told = {each.partition("=")[0] for each in (proc / "environ").read_text().split("\0") if each}
        assert (proc / "cwd").readlink() == Path("/")
    made.end()
    assert {each for each in held if ".so" not in each} == {
        "pipe",
        "/dev/null",
        own,
    }  # the compiler keeps a library open
    assert told <= {"NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "HOME", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"}


TRIES = """
import ctypes, os, resource, socket, sys, threading
from demur.gate.pictures.confinement import confine
confine()
def forked():
    if os.fork() == 0:
        os._exit(0)
def spawned():
    os.posix_spawn("/bin/true", ["true"], {})
def threaded():
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
for name, tried in {
    "read": lambda: open("/etc/passwd"),
    "write": lambda: open(sys.argv[1], "w"),
    "list": lambda: os.listdir("/"),
    "socket": socket.socket,
    "pipe": os.pipe,
    "fork": forked,
    "spawn": spawned,
    "exec": lambda: os.execv("/bin/echo", ["echo", "ran"]),
    "kill": lambda: os.kill(os.getppid(), 0),
    "more memory": lambda: bytearray(3 << 30),
    "thread": threaded,
}.items():
    try:
        tried()
    except (OSError, MemoryError):
        continue
    print(name)
"""


def test_a_process_that_locked_itself_in_opens_nothing_starts_nothing_and_talks_to_nobody(tmp_path: Path) -> None:
    made = tmp_path / "made"
    tried = subprocess.run(command("-c", TRIES, str(made)), capture_output=True, text=True, check=True)
    assert tried.stdout.split("\n") == ["thread", ""]
    assert not made.exists()


ALONE = """
import sys
sys.modules["simplejpeg"] = None
from demur.gate.errors import PictureToolsMissingError
from demur.gate.pictures.looking import hash_pictures_in_full, look_at_pictures
for look in (look_at_pictures, hash_pictures_in_full):
    try:
        look([b""])
    except PictureToolsMissingError as error:
        print(error)
        print(error.hint)
"""


def test_without_its_tools_the_gate_stops_before_anything_is_decided() -> None:
    said = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=True).stdout
    missing = "pictures cannot be looked at: simplejpeg is not installed; nothing was decided about them"
    assert said.splitlines() == [missing, 'run: pip install "demur[photos,reservations]"'] * 2


def started(what: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, HERE / "looking_run.py", what], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def next_line(run: "subprocess.Popen[str]") -> str:
    assert run.stdout is not None
    return run.stdout.readline().strip()


def test_nothing_is_left_when_the_gate_ends() -> None:
    with started("end") as run:
        child = int(next_line(run))
    assert run.returncode == 0
    wait_for_end(child)


def test_nothing_is_left_when_the_gate_is_killed() -> None:
    with started("wait") as run:
        child = int(next_line(run))
        run.kill()
    wait_for_end(child)


def test_a_fork_has_children_of_its_own_and_leaves_those_of_its_parent() -> None:
    with started("fork") as run:
        first, own = int(next_line(run)), int(next_line(run))
        assert next_line(run) == "copied"
        assert run.stdin is not None
        run.stdin.write("go on\n")
        run.stdin.flush()
        again = int(next_line(run))
    assert run.returncode == 0
    assert again == first != own
    for each in (first, own):
        wait_for_end(each)


def test_what_a_fork_does_at_once_ends_no_child_but_lets_go_of_it(pool: LookingPool) -> None:
    assert look_at_pictures([PHOTO]) == [FINDING]
    first = pool_pid()
    looking_process.starting.acquire()
    looking_pool.begin_anew()
    own = looking_pool.get_pool()
    assert own is not pool
    assert own.look_at_each([PHOTO]) == [FINDING]
    own.end()
    pool.forget()
    os.kill(first, signal.SIGKILL)  # which nobody else had done
    wait_for_end(first)


def test_a_fork_that_lives_on_does_not_keep_the_children_of_a_gate_that_was_killed() -> None:
    with started("fork") as run:
        first, own = int(next_line(run)), int(next_line(run))
        assert next_line(run) == "copied"
        run.kill()
        wait_for_end(first)
        assert Path(f"/proc/{own}").exists()
    wait_for_end(own)
