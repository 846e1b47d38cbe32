"""What the gate and the child processes that look at its pictures write to each other.

    gate to child   what is to be done, one byte; the length of a picture, 8 bytes; the picture
    child to gate   one answer, as long as any other; about faces, it says itself how many embeddings follow

The child reads one picture, answers, and reads the next, until its input ends. Its first answer comes unasked, once it
has locked itself in. What a child writes may be a hostile file's doing, so an answer is taken only if it could be true.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from demur.core.identifier import FACE_DIMENSIONS
from demur.gate.pictures.picture_finding import PictureFinding
from demur.photos.pdq import HASH_BYTES, PdqHash
from demur.reservations.outcome import Outcome

WITH_FACES: Final = "faces"
"""A child that is started with this word loads what finds faces before it locks itself in."""

QUESTION: Final = struct.Struct(">BQ")
_ANSWER: Final = struct.Struct(f">BB BB{HASH_BYTES}s BB{HASH_BYTES}s")
ANSWER_BYTES: Final = _ANSWER.size
_OUTCOMES: Final = (Outcome.KEEP, Outcome.DROP, Outcome.HOLD)
_MOST_QUALITY: Final = 100

_FACES_HEAD: Final = struct.Struct(">BBH")
_FACE_TYPE: Final = np.dtype(">f4")
_FACE_BYTES: Final = FACE_DIMENSIONS * _FACE_TYPE.itemsize
_MOST_FACES: Final = 200
"""More are never looked for (demur.faces.detector.MOST_FACES)."""


class Task(IntEnum):
    """What a child does with a picture."""

    LOOK = 1
    HASH_IN_FULL = 2
    FIND_FACES = 3


@dataclass(frozen=True)
class Answer:
    """What a child says of a picture.

    Attributes:
        finding: about the picture.
        is_last: whether the child ends with it, since it has grown too large.
    """

    finding: PictureFinding
    is_last: bool = False


Embeddings = npt.NDArray[np.float32]
"""float32[n, 128], of n faces."""


@dataclass(frozen=True, eq=False)
class FacesAnswer:
    """What a child says of the faces in a picture.

    Attributes:
        embeddings: of each; None if it could not be read.
        is_last: as for `Answer`.
    """

    embeddings: Embeddings | None
    is_last: bool = False


_NO_FACES: Final[Embeddings] = np.empty((0, FACE_DIMENSIONS), np.float32)

UNREADABLE: Final = PictureFinding(None, Outcome.HOLD)
"""The finding about a picture that ended its child."""

READY: Final = Answer(UNREADABLE)
"""What a child says before its first picture."""


def pack_answer(answer: Answer) -> bytes:
    """Return an answer as it is written."""
    finding = answer.finding
    hashes = (*_pack_hash(finding.hash), *_pack_hash(finding.within))
    return _ANSWER.pack(answer.is_last, _OUTCOMES.index(finding.outcome), *hashes)


def parse_answer(raw: bytes) -> Answer | None:
    """Return the answer of a child; None if it is none that a child could mean."""
    if len(raw) != ANSWER_BYTES:
        return None
    is_last, outcome, *hashes = _ANSWER.unpack(raw)
    of_all, of_within = hashes[:3], hashes[3:]
    is_whole = is_last <= 1 and outcome < len(_OUTCOMES) and of_within[0] <= of_all[0]
    if not (is_whole and _is_hash(*of_all) and _is_hash(*of_within)):
        return None
    finding = PictureFinding(_unpack_hash(*of_all), _OUTCOMES[outcome], _unpack_hash(*of_within))
    return Answer(finding, bool(is_last))


def _pack_hash(found: PdqHash | None) -> tuple[bool, int, bytes]:
    return (False, 0, bytes(HASH_BYTES)) if found is None else (True, found.quality, found.value)


def _is_hash(is_there: int, quality: int, value: bytes) -> bool:
    return is_there <= 1 and quality <= _MOST_QUALITY and (is_there == 1 or not (quality or any(value)))


def _unpack_hash(is_there: int, quality: int, value: bytes) -> PdqHash | None:
    return PdqHash(value, quality) if is_there else None


def pack_faces(answer: FacesAnswer) -> bytes:
    """Return an answer about faces as it is written."""
    faces = _NO_FACES if answer.embeddings is None else answer.embeddings
    head = _FACES_HEAD.pack(answer.is_last, answer.embeddings is not None, len(faces))
    return head + faces.astype(_FACE_TYPE).tobytes()


def count_faces_bytes(heard: bytes) -> int:
    """Return how long an answer about faces is, as far as its beginning tells."""
    if len(heard) < _FACES_HEAD.size:
        return _FACES_HEAD.size
    faces: int = _FACES_HEAD.unpack_from(heard)[2]
    return _FACES_HEAD.size + min(faces, _MOST_FACES) * _FACE_BYTES


def parse_faces(raw: bytes) -> FacesAnswer | None:
    """Return the answer of a child about faces; None if it is none that a child could mean."""
    is_last, is_read, faces = _FACES_HEAD.unpack_from(raw)
    if is_last > 1 or is_read > 1 or faces > is_read * _MOST_FACES or len(raw) != count_faces_bytes(raw):
        return None
    embeddings = np.frombuffer(raw, _FACE_TYPE, offset=_FACES_HEAD.size).reshape(-1, FACE_DIMENSIONS)
    if not np.isfinite(embeddings).all():
        return None
    return FacesAnswer(embeddings.astype(np.float32) if is_read else None, bool(is_last))
