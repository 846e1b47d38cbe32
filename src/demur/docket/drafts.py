"""Drafts: what somebody has sent of the form so far.

A draft is found by the secret in the browser's cookie. It is sealed, and erased after a day or when the form is taken.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from demur.core.errors import UnsealError
from demur.core.objection import Capacity
from demur.docket.lookup import find_one
from demur.docket.models import Case, Draft, Photo, PhotoPurpose
from demur.docket.photo_store import forget_faces_of_others
from demur.docket.secret import new_token, seal_form, token_digest, unseal_form

DRAFT_LIFETIME = timedelta(hours=24)

_PHOTOS_ASKED_FOR: Mapping[Capacity, frozenset[PhotoPurpose]] = {
    Capacity.ACCOUNT_HOLDER: frozenset(),
    Capacity.NO_ACCOUNT: frozenset({PhotoPurpose.SHOWS_PERSON}),
    Capacity.PARENT_OR_GUARDIAN: frozenset({PhotoPurpose.SHOWS_PERSON}),
    Capacity.AUTHORISED_AGENT: frozenset({PhotoPurpose.SHOWS_PERSON, PhotoPurpose.MANDATE}),
}
"""What a form of each capacity asks for. A draft may hold more, of a form that the person began before."""


@dataclass(frozen=True)
class DraftView:
    """A draft as its owner sees it: the fields by name, as typed."""

    token: str
    fields: Mapping[str, str]


def save_draft(token: str, fields: Mapping[str, str], now: datetime) -> str:
    """Keep the fields of a form; return the draft's secret.

    Args:
        token: of a draft that is to be replaced; empty, or of one that is gone, for a new one.
        fields: as typed.
        now: the draft ends 24 hours from here.
    """
    sealed, salt = seal_form(json.dumps(dict(fields)).encode())
    values = {"sealed_fields": sealed, "salt": salt, "expires_at": now + DRAFT_LIFETIME}
    if token and Draft.objects.filter(token_sha256_hex=token_digest(token), expires_at__gt=now).update(**values):
        return token
    token = new_token()
    Draft.objects.create(token_sha256_hex=token_digest(token), **values)
    return token


def find_draft(token: str, now: datetime) -> DraftView | None:
    """Return a draft; None for an unknown secret, one that has ended, or one that cannot be read any more."""
    draft = find_one(Draft.objects.filter(token_sha256_hex=token_digest(token), expires_at__gt=now)) if token else None
    if draft is None:
        return None
    try:
        fields = json.loads(unseal_form(bytes(draft.sealed_fields), bytes(draft.salt)))
    except UnsealError:
        return None
    return DraftView(token, fields)


def forget_draft(token: str) -> None:
    """Erase a draft with its photos."""
    with transaction.atomic():
        _lock(token).delete()


def pass_photos_on(token: str, case: Case) -> None:
    """Make a draft's photos a case's, and erase the draft, inside the caller's transaction.

    Photos that an objection in this capacity does not ask for are erased with it: nothing is kept without a purpose.
    """
    draft, purposes = _lock(token), _PHOTOS_ASKED_FOR[Capacity(case.capacity)]
    Photo.objects.filter(draft__in=draft, purpose__in=purposes).update(draft=None, case=case)
    draft.delete()
    forget_faces_of_others(case)


def _lock(token: str) -> QuerySet[Draft]:
    """Return the draft of a secret, held: a photo that another tab adds has been added, or finds no draft any more."""
    ids = list(
        Draft.objects.select_for_update().filter(token_sha256_hex=token_digest(token)).values_list("pk", flat=True)
    )
    return Draft.objects.filter(pk__in=ids)
