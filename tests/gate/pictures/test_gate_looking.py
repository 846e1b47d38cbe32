"""What is found out about pictures in a child process is what would be found out here."""

import io
import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from threading import Thread

import made_photos
import numpy as np
import pytest
from pdq_world import encoded, picture
from PIL import Image

from demur.gate.pictures import confinement, looking_child
from demur.gate.pictures.looking import hash_pictures_in_full, look_at_pictures
from demur.gate.pictures.looking_child import find_outcome
from demur.gate.pictures.looking_frames import (
    ANSWER_BYTES,
    QUESTION,
    READY,
    UNREADABLE,
    Answer,
    FacesAnswer,
    Task,
    pack_answer,
    pack_faces,
    parse_answer,
)
from demur.gate.pictures.picture_finding import PictureFinding
from demur.photos.errors import PhotoError
from demur.photos.pdq import PdqHash, hash_photo, hash_photo_in_full
from demur.reservations.outcome import Outcome
from demur.reservations.photo import Wish, reserve
from demur.reservations.plus import VOCABULARY

ROGUE = Path(__file__).with_name("rogue_child.py")
IMAGE = Image.fromarray(picture(1, 320, 290))
GLASS = IMAGE.convert("RGBA")
GLASS.putalpha(150)
HEIC = (Path(__file__).parents[2] / "vectors" / "photo-with-a-place.heic").read_bytes()


def said(value: str) -> bytes:
    return made_photos.xmp(
        f"<plus:DataMining>{VOCABULARY}{value}</plus:DataMining>", 'xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/"'
    )


def epub() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("META-INF/container.xml", "<container/>")
    return made.getvalue()


KINDS = {
    "jpeg": encoded(IMAGE, "JPEG"),
    "progressive jpeg": encoded(Image.fromarray(picture(2, 1300, 1200)), "JPEG", progressive=True),
    "print colours": encoded(IMAGE.convert("CMYK"), "JPEG"),
    "two pictures in one": made_photos.two_pictures(),
    "png": encoded(GLASS),
    "palette": encoded(IMAGE.quantize(16)),
    "16 bits": encoded(IMAGE.convert("I;16")),
    "webp": encoded(GLASS, "WEBP"),
    "lossless webp": encoded(GLASS, "WEBP", lossless=True),
    "gif": encoded(IMAGE, "GIF"),
    "tiff": encoded(IMAGE, "TIFF", compression="tiff_lzw"),
    "tiff with jpeg": encoded(IMAGE, "TIFF", compression="jpeg"),
    "bmp": encoded(IMAGE, "BMP"),
    "avif": encoded(IMAGE, "AVIF"),
    "heic": HEIC,
    "signed, and the signature is none": made_photos.signed_jpeg(),
    "a no in xmp": encoded(IMAGE, "JPEG", xmp=said("DMI-PROHIBITED")),
    "a no to generative models": encoded(IMAGE, "WEBP", xmp=said("DMI-PROHIBITED-GENAIMLTRAINING")),
    "a yes in xmp": encoded(IMAGE, "JPEG", xmp=said("DMI-ALLOWED")),
    "xmp in utf-16": encoded(IMAGE, "TIFF", tiffinfo={700: said("DMI-PROHIBITED").decode().encode("utf-16")}),
    "pdf": b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n",
    "epub": epub(),
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'>" + said("DMI-PROHIBITED") + b"</svg>",
    "words": b"no picture at all",
    "nothing": b"",
}


def hash_or_none(raw: bytes, *, in_full: bool = False) -> PdqHash | None:
    try:
        return (hash_photo_in_full if in_full else hash_photo)(raw)
    except PhotoError:
        return None


def test_findings_are_those_of_this_process_in_the_order_of_the_pictures() -> None:
    pictures = list(KINDS.values())
    assert look_at_pictures(pictures) == [PictureFinding(hash_or_none(raw), find_outcome(raw)) for raw in pictures]
    assert hash_pictures_in_full(pictures) == [hash_or_none(raw, in_full=True) for raw in pictures]


def test_no_pictures_have_no_findings() -> None:
    assert look_at_pictures([]) == []
    assert hash_pictures_in_full([]) == []


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("jpeg", Outcome.KEEP),
        ("a no in xmp", Outcome.DROP),
        ("a no to generative models", Outcome.DROP),
        ("a yes in xmp", Outcome.KEEP),
        ("xmp in utf-16", Outcome.DROP),
        ("signed, and the signature is none", Outcome.HOLD),
        ("pdf", Outcome.HOLD),
        ("svg", Outcome.DROP),
        ("words", Outcome.KEEP),
    ],
)
def test_the_worse_of_training_and_generative_training_counts(name: str, outcome: Outcome) -> None:
    assert look_at_pictures([KINDS[name]])[0].outcome is outcome


def test_a_no_that_stands_where_no_xmp_is_known_is_held() -> None:
    reserved = reserve(KINDS["jpeg"], Wish())
    assert find_outcome(reserved) is Outcome.DROP
    assert find_outcome(b"\xfe" + reserved[1:]) is Outcome.HOLD
    assert find_outcome(KINDS["bmp"] + said("DMI-PROHIBITED")) is Outcome.HOLD


def test_many_threads_share_the_children_and_get_their_own_answers() -> None:
    most = len(os.sched_getaffinity(0))
    pictures = [encoded(Image.fromarray(picture(seed, 160, 150)), "JPEG") for seed in range(most + 3)]
    found: dict[int, list[PictureFinding]] = {}

    def look(at: int) -> None:
        found[at] = look_at_pictures([pictures[at]] * 20)

    threads = [Thread(target=look, args=(at,)) for at in range(len(pictures))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for at, raw in enumerate(pictures):
        assert found[at] == [PictureFinding(hash_photo(raw), Outcome.KEEP)] * 20


def test_every_answer_that_can_be_meant_is_read_back() -> None:
    for answer in (
        READY,
        Answer(PictureFinding(PdqHash(b"\1" * 32, 100), Outcome.KEEP)),
        Answer(PictureFinding(PdqHash(bytes(32), 0), Outcome.DROP), is_last=True),
    ):
        assert parse_answer(pack_answer(answer)) == answer


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        pack_answer(READY)[:-1],
        pack_answer(READY) + b"\0",
        struct.pack(">BBBB32s", 2, 0, 1, 50, bytes(32)),
        struct.pack(">BBBB32s", 0, 3, 1, 50, bytes(32)),
        struct.pack(">BBBB32s", 0, 0, 2, 50, bytes(32)),
        struct.pack(">BBBB32s", 0, 0, 1, 101, bytes(32)),
        struct.pack(">BBBB32s", 0, 0, 0, 1, bytes(32)),
        struct.pack(">BBBB32s", 0, 0, 0, 0, b"\1" + bytes(31)),
    ],
)
def test_an_answer_that_cannot_be_meant_is_none(raw: bytes) -> None:
    assert parse_answer(raw) is None


def test_a_child_answers_until_its_input_ends_in_the_middle_of_a_picture() -> None:
    asked = [(Task.LOOK, KINDS["jpeg"]), (Task.LOOK, b"")]
    questions = b"".join(QUESTION.pack(task, len(raw)) + raw for task, raw in asked) + QUESTION.pack(1, 9) + b"cut"
    child = subprocess.run([sys.executable, ROGUE, "unconfined"], input=questions, capture_output=True, check=True)
    wanted = [READY, Answer(PictureFinding(hash_photo(KINDS["jpeg"]), Outcome.KEEP))]
    wanted.append(Answer(PictureFinding(None, Outcome.KEEP)))
    assert child.stdout == b"".join(map(pack_answer, wanted))


def test_a_child_that_is_to_find_faces_loads_what_does_before_it_locks_itself_in() -> None:
    raw = KINDS["jpeg"]
    question = QUESTION.pack(Task.FIND_FACES, len(raw)) + raw
    child = subprocess.run(
        [sys.executable, ROGUE, "unconfined", "faces"], input=question, capture_output=True, check=True
    )
    nobody = pack_faces(FacesAnswer(np.empty((0, 128), np.float32)))
    assert child.stdout == pack_answer(READY) + nobody


def test_a_child_that_has_grown_says_that_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = []
    monkeypatch.setattr(looking_child.resource, "setrlimit", lambda which, most: limits.append((which, most)))
    answers = io.BytesIO()
    looking_child.serve(io.BytesIO(2 * QUESTION.pack(Task.LOOK, 0)), answers, lambda: 1 << 40)
    assert parse_answer(answers.getvalue()[ANSWER_BYTES:]) == Answer(PictureFinding(None, Outcome.KEEP), is_last=True)
    assert len(limits) == 1
    assert limits[0][0] == looking_child.resource.RLIMIT_CPU


def test_a_child_that_is_asked_nothing_says_that_it_is_ready_and_ends() -> None:
    answers = io.BytesIO()
    looking_child.serve(io.BytesIO(), answers, looking_child.memory_counter())
    assert parse_answer(answers.getvalue()) == READY


def test_an_unreadable_picture_is_held() -> None:
    assert PictureFinding(None, Outcome.HOLD) == UNREADABLE


class _Kernel:
    """One that knows this version of Landlock, and says what it was asked for."""

    def __init__(self, version: int, ruleset: int) -> None:
        self.version, self.ruleset = version, ruleset
        self.calls: list[tuple[object, ...]] = []

    def syscall(self, number: int, *arguments: object) -> int:
        self.calls.append((number, *arguments))
        return self.version if arguments[-1] == 1 else self.ruleset

    def prctl(self, *arguments: object) -> int:
        self.calls.append(arguments)
        return 0


@pytest.mark.parametrize(
    ("version", "rights"),
    [(1, (0x1FFF, 0, 0)), (3, (0x7FFF, 0, 0)), (4, (0x7FFF, 3, 0)), (5, (0xFFFF, 3, 0)), (9, (0xFFFF, 3, 3))],
)
def test_each_version_of_landlock_is_asked_for_all_that_it_knows(
    version: int, rights: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = _Kernel(version, ruleset=-1)
    monkeypatch.setattr(confinement, "_libc", kernel)
    confinement.take_files_away()
    assert kernel.calls[1][1] == struct.pack("=QQQ", *rights)
    assert len(kernel.calls) == 2


def test_a_process_locks_itself_in_with_what_its_kernel_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[tuple[int, tuple[int, int]]] = []
    closed: list[int] = []
    monkeypatch.setattr(confinement.resource, "setrlimit", lambda which, most: limits.append((which, most)))
    monkeypatch.setattr(confinement.os, "close", closed.append)
    for version, machine, calls in ((0, "riscv64", 2), (1, "riscv64", 4), (1, "aarch64", 5)):
        kernel = _Kernel(version, ruleset=77)
        monkeypatch.setattr(confinement, "_libc", kernel)
        monkeypatch.setattr(confinement.os, "uname", lambda name=machine: type("Names", (), {"machine": name}))
        confinement.confine()
        assert len(kernel.calls) == calls
    assert closed == [77, 77]
    assert len(limits) == 12
