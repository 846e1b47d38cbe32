"""Making the hashes by which copies of a person's photo are recognised, and so an entry of the suppression list.

The worker makes them, one photo at a time, of confirmed cases only. Before each, in a transaction of its own, it counts
that it begins; after it, one transaction keeps the hashes and wishes for a list. So a kill at any instant costs the
work on one photo. A photo during which the worker was killed waits for all that were begun less often; one that kills
it each time is given up after MOST_HASHINGS.

Nothing of this is loaded before there is a photo: the loops are compiled by Numba, which takes as long to load as all
the rest of the worker.
"""

import logging
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F

from demur.core.errors import UnsealError
from demur.core.identifier import PHOTO_HASH_BYTES, photo_value
from demur.core.objection import CaseState
from demur.docket.models import MOST_HASHINGS, Case, ListWish, Photo, PhotoPurpose
from demur.docket.row import own_transaction
from demur.docket.secret import unseal_form
from demur.photos.errors import PhotoError

if TYPE_CHECKING:
    from collections.abc import Callable

    from demur.photos.pdq import PdqHashes

_log = logging.getLogger(__name__)


def hash_next() -> bool:
    """Make the hashes of a photo that waits for them: of those that were begun least often, the oldest.

    Returns:
        Whether one waited.

    About a twentieth of a second; the first photo of a process some seconds if the loops are not compiled yet.
    """
    photo = _find_next()
    if photo is None:
        return False
    # Loaded before it is counted: that takes longer than the hashing, and a kill meanwhile is not the photo's fault.
    from demur.photos import reference  # noqa: PLC0415  (see the head of this module)

    row = Photo.objects.filter(pk=photo.pk)
    with own_transaction():
        row.update(hashings=F("hashings") + 1)
    hashes = _hash(photo, reference.reference_hashes)
    if hashes is None:
        return True
    with transaction.atomic():
        # If it was erased meanwhile, neither finds a row.
        row.update(hashes=hashes)
        if hashes:
            Case.objects.filter(photos__pk=photo.pk).update(list_wish=ListWish.WANTED)
    return True


def entry_value(hashes: bytes) -> str:
    """Return the value of a list entry from the hashes of a photo, as they are stored."""
    return photo_value(hashes[at : at + PHOTO_HASH_BYTES] for at in range(0, len(hashes), PHOTO_HASH_BYTES))


def _find_next() -> Photo | None:
    waiting = Photo.objects.filter(
        hashes=None, case__isnull=False, purpose=PhotoPurpose.SHOWS_PERSON, hashings__lt=MOST_HASHINGS
    )
    return waiting.exclude(case__state__in=(CaseState.LODGED, CaseState.WITHDRAWN)).order_by("hashings", "pk").first()


def _hash(photo: Photo, reference_hashes: "Callable[[bytes], PdqHashes]") -> bytes | None:
    """Return the hashes of a photo, sorted, each once; empty if it is too plain, None if there are none to be had."""
    try:
        found = reference_hashes(unseal_form(bytes(photo.sealed_jpeg or b""), bytes(photo.salt)))
    except (UnsealError, PhotoError) as error:
        if not error.retry_can_help:
            with own_transaction():
                Photo.objects.filter(pk=photo.pk).update(hashings=MOST_HASHINGS)
        # Its own words may say how large the photo is; its kind is enough.
        _log.error("photo %s could not be hashed, so copies of it are not found: %s", photo.pk, type(error).__name__)
        return None
    return b"".join(sorted({value.tobytes() for value in found.values}))
