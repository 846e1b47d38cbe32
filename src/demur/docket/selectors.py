"""What other rooms may read: values, never rows, so that nobody can change a case by accident."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from demur.core.entry import Event
from demur.core.identifier import IdentifierKind
from demur.core.objection import UNCONFIRMED_LIFETIME, CaseState
from demur.docket.allowance import MOST_CORRECTIONS, next_request_at
from demur.docket.controller import get_controller
from demur.docket.models import Case, CaseChange, CaseIdentifier, Code, LogEntry
from demur.docket.receipts import make_receipt
from demur.docket.secret import token_digest


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
class StatusView:
    """A confirmed case, for whoever holds its private link.

    Attributes:
        reference: what people quote.
        state: where it stands.
        country: of residence, ISO 3166-1 alpha-2.
        received_at: start of the legal clock.
        due_on: last day on which an answer is in time.
        history: every change, oldest first.
        handles_found: as typed, those for which accounts were found.
        handles_not_found: as typed, those for which none was found.
        handles_pending: as typed, those about which the account directory has not answered yet.
        has_receipt: whether the receipt can be downloaded already.
        first_list_number: of the first suppression list that carried the case; None until one did.
        appeal_until: before which instant an appeal is possible; None if there is nothing to appeal against.
        may_withdraw: whether it is not withdrawn yet.
    """

    reference: str
    state: CaseState
    country: str
    received_at: datetime
    due_on: date
    history: tuple[HistoryLine, ...]
    handles_found: tuple[str, ...]
    handles_not_found: tuple[str, ...]
    handles_pending: tuple[str, ...]
    has_receipt: bool
    first_list_number: int | None
    appeal_until: datetime | None
    may_withdraw: bool


@dataclass(frozen=True)
class CaseView:
    """A confirmed case with what the person said, for staff.

    Attributes:
        status: what the person sees too.
        capacity: in which the person objects.
        name: as typed; may be empty.
        effect: how the processing affects the person, in their words; may be empty.
    """

    status: StatusView
    capacity: str
    name: str
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
    case = Case.objects.filter(continue_token_sha256_hex=token_digest(continue_token)).first()
    if case is None:
        return None
    confirmed = LodgingView(_masked(case.email), 0, None, None, may_correct=False)
    if case.state != CaseState.LODGED:
        return confirmed
    if case.lodged_at + UNCONFIRMED_LIFETIME <= now:
        return None
    code = Code.objects.filter(case=case).first()
    if code is None:  # confirmed between the two reads
        return confirmed
    asked_at = [datetime.fromisoformat(instant) for instant in code.asked_at]
    return replace(
        confirmed,
        tries_left=code.tries_left,
        expires_at=code.expires_at,
        ask_again_at=next_request_at(asked_at),
        may_correct=code.corrections < MOST_CORRECTIONS,
    )


def find_status(status_token: str) -> StatusView | None:
    """Return what a status page shows; None for an unknown link."""
    case = Case.objects.filter(status_token_sha256_hex=token_digest(status_token)).first()
    return _status_view(case) if case else None


def find_case(reference: str) -> CaseView | None:
    """Return a case for staff; None if there is none of this reference, or it was never confirmed."""
    case = Case.objects.filter(reference=reference.strip().upper()).first()
    status = _status_view(case) if case else None
    return CaseView(status, case.capacity, case.name, case.effect) if case and status else None


def _status_view(case: Case) -> StatusView | None:
    if case.received_at is None or case.due_on is None:
        return None
    changes = list(case.changes.all())
    handles = list(case.identifiers.filter(kind=IdentifierKind.HANDLE).order_by("pk"))
    return StatusView(
        reference=case.reference,
        state=CaseState(case.state),
        country=case.country,
        received_at=case.received_at,
        due_on=case.due_on,
        history=tuple(_line(change) for change in changes),
        handles_found=_typed(handle for handle in handles if handle.accounts_found),
        handles_not_found=_typed(handle for handle in handles if handle.accounts_found == 0),
        handles_pending=_typed(handle for handle in handles if handle.accounts_found is None),
        has_receipt=_received_entry(case) is not None,
        first_list_number=case.first_list_number,
        appeal_until=_appeal_until(case, changes),
        may_withdraw=case.state != CaseState.WITHDRAWN,
    )


def receipt_bytes(status_token: str) -> bytes | None:
    """Return the receipt of the objection; None for an unknown link, or while it is not logged yet.

    Raises:
        DemurError: the log or its key cannot be read.
    """
    case = Case.objects.filter(status_token_sha256_hex=token_digest(status_token)).first()
    entry = case and _received_entry(case)
    return make_receipt(entry) if entry else None


def open_cases(now: datetime) -> list[OpenCase]:
    """Return the cases that wait for staff, the most urgent first."""
    today = now.astimezone(get_controller().time_zone).date()
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


def _received_entry(case: Case) -> LogEntry | None:
    entries = LogEntry.objects.filter(case=case, event=Event.OBJECTION_RECEIVED, leaf_index__isnull=False)
    return entries.first()


def _appeal_until(case: Case, changes: list[CaseChange]) -> datetime | None:
    if case.state not in {CaseState.REFUSED, CaseState.UPHELD_IN_PART} or case.decided_at is None:
        return None
    if any(change.new_state == CaseState.APPEALED for change in changes):
        return None
    return case.decided_at + timedelta(days=get_controller().appeal_days)
