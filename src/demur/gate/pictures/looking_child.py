"""The process that looks at strangers' pictures: `python -m demur.gate.pictures.looking_child`.

Decoders are large programs in C that read what anybody may have sent. So they run in a process that holds nothing worth
taking, and locks itself in before it sees the first picture (demur.gate.pictures.confinement). Whatever it will need is
loaded before: afterwards it can open no file.
"""

import codecs
import os
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from typing import BinaryIO, Final

import numpy as np
from PIL import Image

from demur.core.identifier import FACE_DIMENSIONS
from demur.gate.pictures.confinement import confine
from demur.gate.pictures.looking_frames import (
    QUESTION,
    READY,
    WITH_FACES,
    Answer,
    Embeddings,
    FacesAnswer,
    Task,
    pack_answer,
    pack_faces,
)
from demur.gate.pictures.picture_finding import PictureFinding
from demur.photos.errors import PhotoError
from demur.photos.pdq import hash_photo_and_within, hash_photo_in_full
from demur.reservations.content_credentials import read_credentials
from demur.reservations.in_file import read_file_preference
from demur.reservations.outcome import Outcome, Purpose, settle

CPU_SECONDS: Final = 10
"""For one picture. A 12 megapixel JPEG takes a fiftieth of a second, 50 megapixels of PNG about one."""

MOST_RESIDENT_BYTES: Final = 1_000_000_000
"""A child that holds so much after a picture ends with its answer: it would be missing for later pictures."""

_STATM: Final = "/proc/self/statm"
"""Says how much memory is held now. The most that ever was, which getrusage says, may be that of the gate: a process
begins as a copy of the one that starts it."""

_PROHIBITED: Final = b"DMI-PROHIBITED"
_WORST_FIRST: Final = (Outcome.DROP, Outcome.HOLD, Outcome.KEEP)
_TEXTS: Final = ("ascii", "latin-1", "cp437", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "idna")
_KINDS: Final = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF")


def find_outcome(raw: bytes) -> Outcome:
    """Return what a file says about training, for whichever purpose is worse; never raises.

    A file in which a prohibition of PLUS stands where nobody can read it as XMP (its head is damaged, or it is of a
    kind in which no XMP is known) is held.
    """
    standing = settle(read_file_preference(raw))
    found = {standing.outcome(purpose) for purpose in (Purpose.TRAIN, Purpose.GENAI)}
    worst = next(each for each in _WORST_FIRST if each in found)
    return Outcome.HOLD if worst is Outcome.KEEP and _PROHIBITED in raw else worst


def look(task: Task, raw: bytes) -> PictureFinding:
    """Return what there is to find out about a picture; after `HASH_IN_FULL` the outcome is not to be used."""
    outcome = find_outcome(raw) if task is Task.LOOK else Outcome.HOLD
    try:
        of_all, *of_within = hash_photo_and_within(raw) if task is Task.LOOK else [hash_photo_in_full(raw)]
    except PhotoError:
        return PictureFinding(None, outcome)
    return PictureFinding(of_all, outcome, of_within[0] if of_within else None)


def serve(questions: BinaryIO, answers: BinaryIO, count_memory: Callable[[], int]) -> None:
    """Answer one question after another, until they end or this process has grown too large.

    Args:
        questions: as `looking_frames` has them.
        answers: the same.
        count_memory: returns how many bytes this process holds.
    """
    answers.write(pack_answer(READY))
    while len(head := questions.read(QUESTION.size)) == QUESTION.size:
        task, length = QUESTION.unpack(head)
        raw = questions.read(length)
        if len(raw) < length:
            return  # the gate is gone
        _allow_cpu_time()
        if task == Task.FIND_FACES:
            embeddings = _find_faces(raw)
            is_last = count_memory() > MOST_RESIDENT_BYTES
            answers.write(pack_faces(FacesAnswer(embeddings, is_last)))
        else:
            finding = look(Task(task), raw)
            is_last = count_memory() > MOST_RESIDENT_BYTES
            answers.write(pack_answer(Answer(finding, is_last)))
        if is_last:
            return


def _find_faces(raw: bytes) -> Embeddings | None:
    from demur.faces.finding import find_faces  # noqa: PLC0415  (was loaded before, if faces are asked for at all)

    try:
        return np.array([face.embedding for face in find_faces(raw)], np.float32).reshape(-1, FACE_DIMENSIONS)
    except PhotoError:
        return None


def memory_counter() -> Callable[[], int]:
    """Return what counts the bytes that this process holds, also once it can open no file any more."""
    statm = os.open(_STATM, os.O_RDONLY | os.O_CLOEXEC)

    def count() -> int:
        return int(os.pread(statm, 200, 0).split()[1]) * resource.getpagesize()

    return count


def _allow_cpu_time() -> None:
    """Let the next picture take some CPU time, beyond which the kernel ends this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + 1 + CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))


def load() -> None:
    """Load whatever a picture may need: decoders, compiled loops, the readers of documents and credentials."""
    Image.init()
    photo = Image.fromarray(np.arange(64 * 64, dtype=np.uint16).reshape(64, 64))
    gray = photo.point(lambda value: value / 16).convert("L")
    made = {kind: BytesIO() for kind in _KINDS}
    for kind, file in made.items():
        with suppress(KeyError, OSError):  # a Pillow without AVIF
            gray.save(file, kind)
    photo.save(deep := BytesIO(), "PNG")
    for raw in [*(file.getvalue() for file in made.values()), deep.getvalue()]:
        look(Task.LOOK, raw)
        look(Task.HASH_IN_FULL, raw)
    look(Task.LOOK, b"%PDF-")
    for name in _TEXTS:
        codecs.lookup(name)
    read_credentials(b"", "image/jpeg")


def load_faces() -> None:
    """Load what finds faces and describes them, of files of each kind of colours."""
    from demur.faces.models import MODEL_SHA256, load_model  # noqa: PLC0415  (few lists name faces)

    for name in MODEL_SHA256:
        load_model(name)
    for mode in ("RGB", "RGBA", "L", "P", "CMYK", "1", "I;16"):
        with suppress(OSError):
            Image.new(mode, (64, 64)).save(file := BytesIO(), "TIFF")
            _find_faces(file.getvalue())


def main() -> None:
    """Load, lock this process in, and serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the gate, which then ends this process
    answers = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # libraries may print, and answers must be answers
    load()
    if WITH_FACES in sys.argv[1:]:
        load_faces()
    count_memory = memory_counter()
    confine()
    with open(answers, "wb", buffering=0, closefd=False) as out:
        serve(sys.stdin.buffer, out, count_memory)


if __name__ == "__main__":
    main()
