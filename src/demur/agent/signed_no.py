"""Content credentials (C2PA) of a person's own that say no to training: signed here, without any network.

The XMP reservation is written first where there can be one, since any later change would break the signature. What
was signed before is kept as what the photo was made from. Sources: C2PA 2.1, sections 10 and 11; CAWG Training and Data
Mining Assertion 1.1; CIPA DC-007, section 5.2.3 (the list of further pictures in a JPEG).
"""

import io
import json
from dataclasses import replace
from typing import Final

from demur.agent.errors import SigningError
from demur.agent.photo_key import PhotoKey
from demur.reservations.content_credentials import read_credentials
from demur.reservations.jpeg_segments import with_pictures_of
from demur.reservations.photo import ONLY_SIGNED, PhotoKind, Wish, find_kind, find_other_kind, read_parts, reserve
from demur.reservations.photo_errors import UnsupportedPhotoError
from demur.reservations.photo_parts import PhotoParts
from demur.reservations.preference import Word

_MEDIA_TYPES: Final[dict[str, str]] = {
    PhotoKind.JPEG: "image/jpeg",
    PhotoKind.PNG: "image/png",
    PhotoKind.WEBP: "image/webp",
    "HEIC": "image/heic",
    "AVIF": "image/avif",
}
_ENTRIES: Final = ("cawg.data_mining", "cawg.ai_training", "cawg.ai_generative_training")
_MANIFEST: Final = {
    "claim_generator_info": [{"name": "Demur"}],
    "assertions": [
        {"label": "cawg.training-mining", "data": {"entries": {entry: {"use": "notAllowed"} for entry in _ENTRIES}}}
    ],
}
_SETTINGS: Final = {
    "builder": {"thumbnail": {"enabled": False}},  # a small copy would tell what was taken out of the photo
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
}
_WITHOUT = "protect it without --sign"


def reserve_and_sign(raw: bytes, wish: Wish, key: PhotoKey) -> bytes:
    """Return a photo that says no in XMP, where there can be some, and in content credentials signed by a key.

    One whose credentials say so already, and fit, is returned as `reserve` returns it. HEIC and AVIF are signed only.

    Raises:
        SigningError: it cannot be signed, or something else in it would be lost.
        PhotoError: as `reserve`; but what is signed in the photo itself may be changed, as it stays provable.
    """
    changed, parent = _reserved(raw, wish)
    media_type = _media_type(raw)
    if changed == raw and _says_no(raw):
        return raw
    signed = _sign(changed, parent, media_type, key)
    if find_kind(raw) is PhotoKind.JPEG and (fitting := with_pictures_of(changed, signed)) != changed:
        signed = _sign(fitting, parent, media_type, key)
        if with_pictures_of(changed, signed) != fitting:
            raise SigningError("its further pictures would be lost", hint=_WITHOUT)
    _verify(changed, signed)
    return signed


def is_signed_by(raw: bytes, signed: bytes, key: PhotoKey) -> bool:
    """Tell whether a file carries what another does, and a no signed by a key: no two signatures are the same bytes."""
    kind = find_kind(signed)
    if find_kind(raw) is not kind or key.certificate not in raw or not _says_no(raw):
        return False
    return kind is None or _carried(raw) == _carried(signed)


def has_no_place_for_xmp(raw: bytes) -> bool:
    """Tell whether it is a kind of photo that can be signed only."""
    return find_kind(raw) is None and find_other_kind(raw) in ONLY_SIGNED


def _says_no(raw: bytes) -> bool:
    """Tell whether a photo's content credentials say no to all training and fit to it."""
    said = read_credentials(raw, _media_type(raw))
    return said.train is Word.DENY and not said.is_undetermined and "invalid_manifest" not in said.flags


def _media_type(raw: bytes) -> str:
    return _MEDIA_TYPES[find_kind(raw) or find_other_kind(raw) or ""]


def _reserved(raw: bytes, wish: Wish) -> tuple[bytes, bytes]:
    """Return a photo with its reservation, and what it was made from: what was signed before, if anything was."""
    if not has_no_place_for_xmp(raw):
        is_kept = find_kind(raw) is not None and read_parts(raw).is_signed
        changed = reserve(raw, replace(wish, may_break_signature=wish.may_break_signature or is_kept))
        return changed, raw if is_kept else changed
    if wish.remove:
        raise UnsupportedPhotoError(
            f"it is {find_other_kind(raw)}, which can be signed, but nothing can be removed from it",
            hint="export it as JPEG, PNG or WebP, then protect that file",
        )
    return raw, raw


def _sign(raw: bytes, parent: bytes, media_type: str, key: PhotoKey) -> bytes:
    try:
        import c2pa  # noqa: PLC0415  (a large library, for those who sign)
    except ImportError as error:
        raise SigningError(
            "signing needs a library that is not installed", hint='install Demur with "pip install .[sign]"'
        ) from error
    out = io.BytesIO()
    try:
        info = c2pa.C2paSignerInfo(
            alg=b"es256", sign_cert=key.certificate_pem, private_key=key.private_pem, ta_url=None
        )
        with (
            c2pa.Context.from_dict(_SETTINGS) as context,
            c2pa.Signer.from_info(info) as signer,
            c2pa.Builder(json.dumps(_MANIFEST), context) as builder,
        ):
            builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
            builder.add_ingredient(json.dumps({"relationship": "parentOf"}), media_type, io.BytesIO(parent))
            builder.sign(signer, media_type, io.BytesIO(raw), out)
    except c2pa.C2paError as error:
        raise SigningError(
            "it cannot be signed: it, or the content credentials (C2PA) in it, are damaged", hint=_WITHOUT
        ) from error
    return out.getvalue()


def _carried(raw: bytes) -> PhotoParts:
    return replace(read_parts(raw), is_signed=True)


def _verify(changed: bytes, signed: bytes) -> None:
    """Refuse a signature after which the photo would not say no, or would carry less than before."""
    if find_kind(changed) and _carried(changed) != _carried(signed):
        raise SigningError("something behind its picture, or beside it, would be lost", hint=_WITHOUT)
    if not _says_no(signed):
        raise SigningError("its signature could not be verified", hint=_WITHOUT)
