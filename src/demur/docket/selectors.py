"""What other rooms may read: values, never rows, so that nobody can change a case by accident."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import QuerySet

from demur.core.entry import Event
from demur.core.identifier import IdentifierKind
from demur.core.objection import UNCONFIRMED_LIFETIME, Capacity, CaseState, is_in_force
from demur.docket.allowance import MOST_CORRECTIONS, next_request_at
from demur.docket.controller import get_controller
from demur.docket.lookup import find_by_key, find_values, rows_of_case
from demur.docket.models import MOST_HASHINGS, Addition, Case, CaseChange, CaseIdentifier, LogEntry, PhotoPurpose
from demur.docket.photo_store import PersonPhoto, case_photos, photos_of_person
from demur.docket.receipts import make_receipt
from demur.docket.secret import token_digest

_OF_A_LODGING = (
    *("email", "state", "lodged_at"),
    *("code__tries_left", "code__expires_at", "code__asked_at", "code__corrections"),
)
_BELONGINGS = """SELECT
(SELECT count(*) FROM docket_photo WHERE case_id = kase.id AND purpose = 'shows_person'),
(SELECT count(*) FROM docket_photo WHERE case_id = kase.id AND purpose = 'mandate'),
(SELECT count(*) FROM docket_photo WHERE case_id = kase.id AND purpose = 'shows_person' AND length(hashes) > 0),
(SELECT count(*) FROM docket_photo WHERE case_id = kase.id AND purpose = 'shows_person' AND length(hashes) = 0),
(SELECT count(*) FROM docket_photo WHERE case_id = kase.id AND purpose = 'shows_person'
        AND hashes IS NULL AND hashings >= %s),
EXISTS (SELECT 1 FROM docket_face JOIN docket_photo ON docket_photo.id = photo_id WHERE case_id = kase.id),
EXISTS (SELECT 1 FROM docket_addition WHERE case_id = kase.id),
EXISTS (SELECT 1 FROM docket_logentry
        WHERE case_id = kase.id AND event = 'objection-received' AND leaf_index IS NOT NULL)
FROM docket_case AS kase WHERE id = %s"""
"""Most cases have none of these: one question for all of them."""


@dataclass(frozen=True)
class PhotoCounts:
    """The photos of a case by what became of them.

    Attributes:
        of_person: those that show the person.
        of_mandate: those of a mandate.
        looked_for: those of the person whose copies are recognised.
        too_plain: those of the person in which there is too little to recognise a copy by.
        given_up: those of the person that could not be hashed.
    """

    of_person: int
    of_mandate: int
    looked_for: int
    too_plain: int
    given_up: int

    @property
    def pending(self) -> int:
        """How many of the person are still to be hashed."""
        return self.of_person - self.looked_for - self.too_plain - self.given_up


@dataclass(frozen=True)
class FaceLine:
    """A photo by whose face somebody agreed to be looked for.

    Attributes:
        photo_number: its place among the photos of the person, from 1.
        consented_at: when they agreed.
        withdrawn_at: when they withdrew that; None while it stands.
    """

    photo_number: int
    consented_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True)
class LodgingView:
    """An objection whose code page is open.

    Attributes:
        email_masked: the address with all but its first letter and its domain hidden.
        tries_left: how often a code may still be typed; 0 once confirmed.
        expires_at: an hour after a code was asked for; None once confirmed, here or on another device.
        ask_again_at: when the next code may be asked for; None once confirmed.
        may_correct: whether the address may still be corrected.

    It looks the same whether or not a mail left (see demur.docket.allowance): the page should say that at most three
    codes an hour are sent to one address.
    """

    email_masked: str
    tries_left: int
    expires_at: datetime | None
    ask_again_at: datetime | None
    may_correct: bool


@dataclass(frozen=True)
class HistoryLine:
    """One change of state: `ground` and `text` are those of a decision, or the text of the person's own appeal."""

    changed_at: datetime
    state: CaseState
    ground: str
    text: str


@dataclass(frozen=True)
class AdditionLine:
    """One thing that the person added later; `text` is empty if only accounts, links or photos came."""

    added_at: datetime
    text: str


@dataclass(frozen=True)
class StatusView:
    """A confirmed case, for whoever holds its private link.

    Attributes:
        reference: what people quote.
        state: where it stands.
        country: of residence, ISO 3166-1 alpha-2.
        received_at: start of the legal clock.
        due_on: last day on which an answer is in time.
        days_left: until then; negative when it is late.
        capacity: in which the person objects.
        name: of the person whom the data are about, as typed; may be empty.
        representative_name: of who writes for the person; empty if the person writes.
        history: every change, oldest first.
        additions: what the person added later, oldest first.
        accounts: those with which the person signed in, as they know them.
        handles_found: as typed, those for which accounts were found.
        handles_not_found: as typed, those for which none was found.
        handles_pending: as typed, those about which the account directory has not answered yet.
        links: to posts by others.
        photos: how many were sent, and what became of them.
        faces: those by which the person agreed to be looked for, and those of which they withdrew it.
        has_receipt: whether the receipt can be downloaded already.
        first_list_number: of the first suppression list that carried the case; None until one did.
        appeal_until: before which instant an appeal is possible; None if there is nothing to appeal against.
        may_withdraw: whether it is not withdrawn yet.
        may_add: whether it is open or in force, so that more can be added.
    """

    reference: str
    state: CaseState
    country: str
    received_at: datetime
    due_on: date
    days_left: int
    capacity: Capacity
    name: str
    representative_name: str
    history: tuple[HistoryLine, ...]
    additions: tuple[AdditionLine, ...]
    accounts: tuple[str, ...]
    handles_found: tuple[str, ...]
    handles_not_found: tuple[str, ...]
    handles_pending: tuple[str, ...]
    links: tuple[str, ...]
    photos: PhotoCounts
    faces: tuple[FaceLine, ...]
    has_receipt: bool
    first_list_number: int | None
    appeal_until: datetime | None
    may_withdraw: bool
    may_add: bool

    @property
    def faces_agreed(self) -> tuple[FaceLine, ...]:
        """Those for which the consent stands; none are looked for while the controller has that turned off."""
        return tuple(face for face in self.faces if face.withdrawn_at is None)


@dataclass(frozen=True)
class CaseView:
    """A confirmed case with what the person said, for staff.

    Attributes:
        status: what the person sees too.
        effect: how the processing affects the person, in their words; may be empty.
    """

    status: StatusView
    effect: str


@dataclass(frozen=True)
class OpenCase:
    """A case that waits for staff: `days_left` is negative when the answer is late."""

    reference: str
    state: CaseState
    received_at: datetime
    due_on: date
    days_left: int
    country: str
    capacity: str


def find_lodging(continue_token: str, now: datetime) -> LodgingView | None:
    """Return what a code page shows; None for an unknown link, or one whose case is erased or about to be."""
    found = find_values(Case, "continue_token_sha256_hex", token_digest(continue_token), *_OF_A_LODGING)
    if found is None:
        return None
    email, state, lodged_at, tries_left, expires_at, asked_at, corrections = found
    if state != CaseState.LODGED:
        return LodgingView(_masked(email), 0, None, None, may_correct=False)
    if lodged_at + UNCONFIRMED_LIFETIME <= now:
        return None
    return LodgingView(
        email_masked=_masked(email),
        tries_left=tries_left,
        expires_at=expires_at,
        ask_again_at=next_request_at([datetime.fromisoformat(instant) for instant in asked_at]),
        may_correct=corrections < MOST_CORRECTIONS,
    )


def find_status(status_token: str, now: datetime) -> StatusView | None:
    """Return what a status page shows; None for an unknown link."""
    case = find_by_key(Case, "status_token_sha256_hex", token_digest(status_token))
    return _status_view(case, now) if case else None


def find_case(reference: str, now: datetime) -> CaseView | None:
    """Return a case for staff; None if there is none of this reference, or it was never confirmed."""
    case = find_by_key(Case, "reference", reference.strip().upper())
    status = _status_view(case, now) if case else None
    return CaseView(status, case.effect) if case and status else None


def find_case_photos(reference: str) -> list[tuple[PhotoPurpose, bytes | None]]:
    """Return the photos of a case for the staff who review it: why each was sent, and the JPEG; None once erased.

    Raises:
        UnsealError: docket.secret was replaced, or a row was changed.
    """
    case = find_by_key(Case, "reference", reference.strip().upper())
    return case_photos(case) if case else []


def find_photos_of_person(reference: str) -> list[PersonPhoto]:
    """Return the photos of a case that show the person, for staff; none if there is no such case.

    Raises:
        UnsealError: docket.secret was replaced, or a row was changed.
    """
    case = find_by_key(Case, "reference", reference.strip().upper())
    return photos_of_person(case) if case else []


def _status_view(case: Case, now: datetime) -> StatusView | None:
    if case.received_at is None or case.due_on is None:
        return None
    changes = rows_of_case(CaseChange, case.pk)
    identifiers = rows_of_case(CaseIdentifier, case.pk)
    handles = [identifier for identifier in identifiers if identifier.kind == IdentifierKind.HANDLE]
    photos, has_faces, has_additions, has_receipt = _belongings(case)
    additions = rows_of_case(Addition, case.pk) if has_additions else []
    controller = get_controller()
    return StatusView(
        reference=case.reference,
        state=CaseState(case.state),
        country=case.country,
        received_at=case.received_at,
        due_on=case.due_on,
        days_left=(case.due_on - controller.day_of(now)).days,
        capacity=Capacity(case.capacity),
        name=case.name,
        representative_name=case.representative_name,
        history=tuple(_line(change) for change in changes),
        additions=tuple(AdditionLine(addition.added_at, addition.text) for addition in additions),
        accounts=_typed(one for one in identifiers if one.kind == IdentifierKind.ACCOUNT and one.typed),
        handles_found=_typed(handle for handle in handles if handle.accounts_found),
        handles_not_found=_typed(handle for handle in handles if handle.accounts_found == 0),
        handles_pending=_typed(handle for handle in handles if handle.accounts_found is None),
        links=tuple(case.links),
        photos=photos,
        faces=_faces(case) if has_faces else (),
        has_receipt=has_receipt,
        first_list_number=case.first_list_number,
        appeal_until=_appeal_until(case, changes),
        may_withdraw=case.state != CaseState.WITHDRAWN,
        may_add=is_in_force(CaseState(case.state), case.decided_at, now, timedelta(days=controller.appeal_days)),
    )


def _belongings(case: Case) -> tuple[PhotoCounts, bool, bool, bool]:
    """Return how many photos there are, and whether there are faces, additions and a receipt."""
    with connection.cursor() as cursor:
        cursor.execute(_BELONGINGS, [MOST_HASHINGS, case.pk])
        *photos, has_faces, has_additions, has_receipt = cursor.fetchone()
    return PhotoCounts(*photos), bool(has_faces), bool(has_additions), bool(has_receipt)


def _faces(case: Case) -> tuple[FaceLine, ...]:
    photos = case.photos.filter(purpose=PhotoPurpose.SHOWS_PERSON).order_by("pk")
    rows = photos.values_list("face__consented_at", "face__withdrawn_at")
    return tuple(FaceLine(number, *instants) for number, instants in enumerate(rows, 1) if instants[0])


def receipt_bytes(status_token: str) -> bytes | None:
    """Return the receipt of the objection; None for an unknown link, or while it is not logged yet.

    Raises:
        DemurError: the log or its key cannot be read.
    """
    case = find_by_key(Case, "status_token_sha256_hex", token_digest(status_token))
    entry = case and _received_entries(case).first()
    return make_receipt(entry) if entry else None


def open_cases(now: datetime) -> list[OpenCase]:
    """Return the cases that wait for staff, the most urgent first."""
    today = get_controller().day_of(now)
    waiting = (CaseState.RECEIVED, CaseState.UNDER_REVIEW, CaseState.APPEALED)
    cases = Case.objects.filter(state__in=waiting, received_at__isnull=False, due_on__isnull=False)
    return [
        OpenCase(
            case.reference,
            CaseState(case.state),
            case.received_at,
            case.due_on,
            (case.due_on - today).days,
            case.country,
            case.capacity,
        )
        for case in cases.order_by("due_on", "pk")
        if case.received_at is not None and case.due_on is not None
    ]


def _masked(email: str) -> str:
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}…@{domain}"


def _typed(handles: Iterable[CaseIdentifier]) -> tuple[str, ...]:
    return tuple(handle.typed for handle in handles)


def _line(change: CaseChange) -> HistoryLine:
    return HistoryLine(change.changed_at, CaseState(change.new_state), change.ground, change.text)


def _received_entries(case: Case) -> QuerySet[LogEntry]:
    return LogEntry.objects.filter(case=case, event=Event.OBJECTION_RECEIVED, leaf_index__isnull=False)


def _appeal_until(case: Case, changes: list[CaseChange]) -> datetime | None:
    if case.state not in {CaseState.REFUSED, CaseState.UPHELD_IN_PART} or case.decided_at is None:
        return None
    if any(change.new_state == CaseState.APPEALED for change in changes):
        return None
    return case.decided_at + timedelta(days=get_controller().appeal_days)
