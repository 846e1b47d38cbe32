"""Looking at the pictures of a dataset, which are strangers' bytes: in child processes that are locked in.

A picture that crashes its child, keeps it busy, fills its memory or makes it talk nonsense costs itself and nothing
else: its finding is unreadable and held, its child is ended, and the next picture gets another. There is at most one
child for each core. They start when they are needed, belong to this process alone (after a fork the copy starts its
own), and end with it, however it ends.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from demur.gate.errors import PictureToolsMissingError
from demur.gate.pictures.picture_finding import PictureFinding

if TYPE_CHECKING:
    from demur.gate.pictures.looking_frames import Embeddings
    from demur.gate.pictures.looking_pool import LookingPool
    from demur.photos.pdq import PdqHash


def look_at_pictures(pictures: Sequence[bytes]) -> list[PictureFinding]:
    """Return what there is to find out about each picture, in their order.

    Raises:
        PictureToolsMissingError: what reads pictures is not installed.
        PictureProcessError: no child process could be started.

    Never raises over a picture's bytes. Waits while as many threads look at pictures as there are cores.
    """
    return _pool().look_at_each(pictures)


def hash_pictures_in_full(pictures: Sequence[bytes]) -> "list[PdqHash | None]":
    """Return the hash of each picture from all its pixels, in their order; None for what cannot be read.

    Raises:
        PictureToolsMissingError: what reads pictures is not installed.
        PictureProcessError: no child process could be started.
    """
    return _pool().hash_each_in_full(pictures)


def find_faces_in_pictures(pictures: Sequence[bytes]) -> "list[Embeddings | None]":
    """Return the embeddings of the faces in each picture, in their order; None for what cannot be read.

    Raises:
        PictureToolsMissingError: what finds faces is not installed.
        PictureProcessError: no child process could be started.
    """
    if find_spec("onnxruntime") is None:
        raise PictureToolsMissingError(
            "the list names faces, and what finds them is not installed; nothing was decided about them",
            hint='run: pip install "demur[faces]"',
        )
    return _pool().find_faces_in_each(pictures)


def _pool() -> "LookingPool":
    try:
        from demur.gate.pictures.looking_pool import get_pool  # noqa: PLC0415  (a gate without pictures needs no tools)
    except ImportError as error:
        raise PictureToolsMissingError(
            f"pictures cannot be looked at: {error.name} is not installed; nothing was decided about them",
            hint='run: pip install "demur[photos,reservations]"',
        ) from error
    return get_pool()
