"""Turning handles into accounts: what the directory answered becomes identifiers of the case."""

import secrets
from collections.abc import Sequence

from demur.core.identifier import IdentifierKind, Standing
from demur.docket.accounts import Answer
from demur.docket.models import Case, CaseIdentifier

_ENTRY_ID_BYTES = 16


def add_identifier(
    case: Case,
    kind: IdentifierKind,
    value: str,
    *,
    standing: Standing = Standing.CLAIMED,
    typed: str = "",
    source: CaseIdentifier | None = None,
) -> None:
    """Add an identifier to a case, claimed unless it is said to be verified; one that it has already stays as it is."""
    CaseIdentifier.objects.get_or_create(
        case=case,
        kind=kind,
        value=value,
        defaults={
            "standing": standing,
            "entry_id": secrets.token_bytes(_ENTRY_ID_BYTES),
            "typed": typed,
            "source": source,
        },
    )


def open_handles(case: Case) -> list[CaseIdentifier]:
    """Return the handles about which the directory has not answered yet."""
    handles = CaseIdentifier.objects.filter(case=case, kind=IdentifierKind.HANDLE, accounts_found=None)
    return list(handles.order_by("pk"))


def apply_answers(case: Case, answers: Sequence[Answer]) -> None:
    """Store what the directory answered, inside the caller's transaction. Safe to repeat.

    A handle that means an account is from then on represented by it, and no longer listed itself: it may be given to
    somebody else later.
    """
    by_handle = {answer.handle: answer.accounts for answer in answers}
    for identifier in open_handles(case):
        accounts = by_handle.get(identifier.value)
        if accounts is None:
            continue
        for account in accounts:
            add_identifier(case, IdentifierKind.ACCOUNT, account, source=identifier)
        identifier.accounts_found = len(accounts)
        identifier.save(update_fields=["accounts_found"])
