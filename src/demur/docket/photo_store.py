"""Photos as they are kept: sealed, and only as long as what they belong to; with each, the face if its sender agreed.

A photo ends with its draft (24 hours), with a case that nobody confirmed, and with an objection that was withdrawn or
refused for good. Of an objection that was upheld the picture ends `appeal_days` after the decision, and only the hashes
of it stay, by which copies are recognised (demur.docket.services.erase).
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from demur.core.objection import Capacity
from demur.docket.controller import get_controller
from demur.docket.errors import LinkUnknownError, PhotoProblem, PhotoRefusedError
from demur.docket.models import Case, Draft, Face, Photo, PhotoPurpose
from demur.docket.photographs import MAX_PHOTOS, CleanPhoto
from demur.docket.secret import seal_face, seal_form, token_digest, unseal_form

_ENTRY_ID_BYTES: Final = 16
_OF_THEMSELVES: Final = frozenset({Capacity.ACCOUNT_HOLDER, Capacity.NO_ACCOUNT})


@dataclass(frozen=True)
class PhotoView:
    """A photo that is kept.

    Attributes:
        id: says which, to nobody but the holder of the draft.
        purpose: why it was sent.
        size_bytes: of the JPEG.
        has_face: whether its sender is looked for by the face in it.
    """

    id: int
    purpose: PhotoPurpose
    size_bytes: int
    has_face: bool


@dataclass(frozen=True)
class PersonPhoto:
    """A photo of a case that shows the person.

    Attributes:
        jpeg: None once it was erased.
        hashes: 32 bytes each, by which copies are recognised; empty if there is too little in the photo, None if they
            are not made, or could not be.
    """

    jpeg: bytes | None
    hashes: bytes | None


def may_agree_to_faces(capacity: Capacity) -> bool:
    """Tell whether somebody may ask that their face is looked for: where the controller offers it, and for oneself.

    Nobody can give this consent for somebody else here (GDPR Art. 9(2)(a)).
    """
    return get_controller().compare_faces and capacity in _OF_THEMSELVES


def has_agreed_to_faces(case: Case) -> bool:
    """Tell whether somebody is looked for by a face in a photo of this case, once it is confirmed."""
    return get_controller().compare_faces and Face.objects.filter(photo__case=case, withdrawn_at=None).exists()


def forget_faces_of_others(case: Case) -> None:
    """Erase the faces of a case that is about somebody else than its writer; inside the caller's transaction."""
    if Capacity(case.capacity) not in _OF_THEMSELVES:
        Face.objects.filter(photo__case=case).delete()


def add_photo(draft_token: str, photo: CleanPhoto, purpose: PhotoPurpose, now: datetime) -> None:
    """Keep a photo with a draft.

    Raises:
        LinkUnknownError: the draft is gone.
        PhotoRefusedError: it has ten already.
    """
    with transaction.atomic():
        # Locked: of two uploads at once, each sees what the other kept.
        draft = Draft.objects.select_for_update().filter(token_sha256_hex=token_digest(draft_token)).first()
        if draft is None or draft.expires_at <= now:
            raise LinkUnknownError
        _check_room(draft.photos.count())
        _create(photo, purpose, now, draft=draft)


def draft_photos(draft_token: str) -> tuple[PhotoView, ...]:
    """Return the photos of a draft in the order in which they came; none if the draft is gone."""
    photos = Photo.objects.filter(draft__token_sha256_hex=token_digest(draft_token)).order_by("pk")
    rows = photos.values_list("pk", "purpose", "size_bytes", "face")
    return tuple(
        PhotoView(pk, PhotoPurpose(purpose), size_bytes, face is not None) for pk, purpose, size_bytes, face in rows
    )


def remove_photo(draft_token: str, photo_id: int) -> None:
    """Erase a photo of a draft; nothing happens if it is not this draft's."""
    Photo.objects.filter(draft__token_sha256_hex=token_digest(draft_token), pk=photo_id).delete()


def add_case_photo(case: Case, photo: CleanPhoto, purpose: PhotoPurpose, now: datetime) -> None:
    """Keep a photo with a case, inside the caller's transaction, which holds the case's row.

    Raises:
        PhotoRefusedError: the case has ten already.
    """
    _check_room(case.photos.count())
    _create(photo, purpose, now, case=case)
    forget_faces_of_others(case)


def case_photos(case: Case) -> list[tuple[PhotoPurpose, bytes | None]]:
    """Return the photos of a case, for the staff who review it: why each was sent, and the JPEG; None once erased.

    Raises:
        UnsealError: docket.secret was replaced, or a row was changed.
    """
    return [(PhotoPurpose(photo.purpose), _jpeg(photo)) for photo in case.photos.order_by("pk")]


def photos_of_person(case: Case) -> list[PersonPhoto]:
    """Return the photos of a case that show the person, in the order in which they came, for the staff who review it.

    Raises:
        UnsealError: docket.secret was replaced, or a row was changed.
    """
    photos = case.photos.filter(purpose=PhotoPurpose.SHOWS_PERSON).order_by("pk")
    return [PersonPhoto(_jpeg(photo), None if photo.hashes is None else bytes(photo.hashes)) for photo in photos]


def _jpeg(photo: Photo) -> bytes | None:
    return None if photo.sealed_jpeg is None else unseal_form(bytes(photo.sealed_jpeg), bytes(photo.salt))


def _check_room(kept: int) -> None:
    if kept >= MAX_PHOTOS:
        raise PhotoRefusedError(PhotoProblem.TOO_MANY_PHOTOS)


def _create(photo: CleanPhoto, purpose: PhotoPurpose, now: datetime, **owner: Draft | Case) -> None:
    sealed, salt = seal_form(photo.jpeg)
    row = Photo.objects.create(
        purpose=purpose,
        entry_id=secrets.token_bytes(_ENTRY_ID_BYTES),
        sealed_jpeg=sealed,
        salt=salt,
        width_pixels=photo.width_pixels,
        height_pixels=photo.height_pixels,
        size_bytes=len(photo.jpeg),
        created_at=now,
        **owner,
    )
    if purpose == PhotoPurpose.SHOWS_PERSON and photo.face is not None and photo.face.value:
        _keep_face(row, photo.face.value, now)


def _keep_face(photo: Photo, value: str, now: datetime) -> None:
    """Keep the face that its owner agreed to have looked for, unless the controller has turned that off meanwhile."""
    if get_controller().compare_faces:
        sealed, salt = seal_face(value)
        entry_id = secrets.token_bytes(_ENTRY_ID_BYTES)
        Face.objects.create(photo=photo, entry_id=entry_id, sealed_value=sealed, salt=salt, consented_at=now)
