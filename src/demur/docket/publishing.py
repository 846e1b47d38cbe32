"""Publishing suppression lists, in an order that a crash cannot spoil.

1. Mark the wishes for a list as taken. A case that changes from here on wishes for the one after it.
2. Read the log's size. Every objection logged below it was confirmed before, so step 3 sees it.
3. Take the identifiers, the photos and the faces that are in force from the database.
4. Write `<home>/lists/NNNNNN.list` under its own number, durably. Nothing points to it yet.
5. In one transaction, note the list and its log entry, which cases it carries for the first time, and that the wishes
   are met.
6. Move `latest.list` to it. From here on gates use it.

A crash after 4 leaves a file that nobody was told of: it is set aside as `NNNNNN.unannounced`, and its number is not
used again, since somebody may have read it. A crash after 5 leaves the pointer one behind: the next run moves it.
A lock on the folder keeps two publishers apart.
"""

import fcntl
import hashlib
import logging
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from demur.core.canonical import JsonObject
from demur.core.errors import UnsealError
from demur.core.identifier import IdentifierKind
from demur.core.objection import CaseState, is_in_force
from demur.core.sealing import SALT_BYTES
from demur.core.suppression_list import SuppressionListHeader, seal_list, verify_list
from demur.docket.controller import get_controller
from demur.docket.models import Case, CaseIdentifier, Face, ListWish, Photo, PhotoPurpose, PublishedList
from demur.docket.photo_hashing import entry_value
from demur.docket.receipts import log_reader
from demur.docket.secret import unseal_face
from demur.gate.suppression_list import ListEntry, encode_entries
from demur.ledger.durable import make_folder, save_durably, storage_errors, sync_folder, temporary_path
from demur.ledger.keys import KeyRole, SecretName, load_secret, load_signer

LATEST = "latest.list"
_SUFFIX, _UNANNOUNCED = ".list", ".unannounced"
_FOLDER_MODE = 0o700
_IDS_AT_ONCE = 500  # SQLite allows 999 parameters in one query
_STATES = {state.value: state for state in CaseState}  # a look-up takes a tenth of what calling the class does
_KINDS = {kind.value: kind for kind in IdentifierKind}
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Snapshot:
    tree_size: int
    new_case_ids: tuple[int, ...]
    entries: int
    faces_compared: bool
    payload: bytes


def publish(now: datetime, announce: Callable[[JsonObject], object], *, even_if_unchanged: bool = False) -> int | None:
    """Publish a list if what is in force changed, or if half of the newest list's lifetime is over.

    Args:
        now: the instant of publication.
        announce: called, in the transaction that notes the list, with the statement to log.
        even_if_unchanged: publish in any case.

    Returns:
        The new list's number; None if none was needed.

    Raises:
        DemurError: a key, the log or the disk cannot be used; the newest list stays as it is.
    """
    folder = lists_folder()
    with _locked(folder):
        newest = _repair(folder)
        _wishes().filter(list_wish=ListWish.WANTED).update(list_wish=ListWish.TAKEN)
        snapshot = _take_snapshot(now)
        content_hex = hashlib.sha256(snapshot.payload).hexdigest()
        if not even_if_unchanged and newest and _still_serves(newest, content_hex, now):
            _meet_wishes()
            PublishedList.objects.filter(pk=newest.pk).update(faces_compared=snapshot.faces_compared)
            return None
        header = _make_header(_next_number(folder), snapshot, now)
        raw = _seal(header, snapshot.payload)
        save_durably(folder / _file_name(header.number), raw)
        with transaction.atomic():
            _note(header, snapshot, content_hex, hashlib.sha256(raw).hexdigest())
            _note_first_list(snapshot.new_case_ids, header.number)
            _meet_wishes()
            announce(_statement(raw))
        _point_latest_at(folder, header.number)
    _log.info("published suppression list %s with %s entries", header.number, header.entries)
    return header.number


def is_due(now: datetime) -> bool:
    """Tell whether a list is wished for, or the newest one is missing, half-way to its end, or not what gates use.

    Or the controller has turned the comparison of faces on or off since.
    """
    newest = PublishedList.objects.order_by("-number").first()
    folder = lists_folder()
    return (
        newest is None
        or _is_half_over(newest, now)
        or newest.faces_compared != get_controller().compare_faces
        or _latest_number(folder) != newest.number
        or not (folder / LATEST).exists()
        or _wishes().exists()
    )


def lists_folder() -> Path:
    """Return the folder of this installation's lists."""
    return Path(settings.DEMUR_HOME) / "lists"


def _wishes() -> QuerySet[Case]:
    return Case.objects.filter(list_wish__gt=ListWish.NONE)


def _meet_wishes() -> None:
    _wishes().filter(list_wish=ListWish.TAKEN).update(list_wish=ListWish.NONE)


def _still_serves(newest: PublishedList, content_hex: str, now: datetime) -> bool:
    return newest.content_sha256_hex == content_hex and not _is_half_over(newest, now)


def _is_half_over(newest: PublishedList, now: datetime) -> bool:
    # Before its date, too: no gate takes a list that a clock, set back since, dated in the future.
    return now < newest.issued_at or now >= newest.issued_at + (newest.expires_at - newest.issued_at) / 2


def _take_snapshot(now: datetime) -> _Snapshot:
    tree_size = log_reader().checkpoint().tree_size  # before the database is read, see the head of this module
    controller = get_controller()
    appeal_period = timedelta(days=controller.appeal_days)
    # No transaction: on SQLite it would keep everybody from writing while entries are built. A case that changes
    # between the two queries wishes for the next list, since the transaction that changed it.
    cases = Case.objects.exclude(state__in=(CaseState.LODGED, CaseState.WITHDRAWN))
    columns = ("pk", "state", "decided_at", "confirmed_at", "first_list_number")
    in_force: dict[int, datetime] = {}
    new_case_ids: list[int] = []
    for pk, state, decided_at, confirmed_at, first_list_number in cases.values_list(*columns).iterator():
        if confirmed_at and is_in_force(_STATES[state], decided_at, now, appeal_period):
            in_force[pk] = confirmed_at
            if first_list_number is None:
                new_case_ids.append(pk)
    # A handle that was resolved is represented by its accounts: it may be somebody else's tomorrow.
    listed = CaseIdentifier.objects.exclude(kind=IdentifierKind.HANDLE, accounts_found__gt=0)
    entries = [
        ListEntry(bytes(entry_id), _KINDS[kind], value, in_force[case_id])
        for case_id, entry_id, kind, value in listed.values_list("case_id", "entry_id", "kind", "value").iterator()
        if case_id in in_force
    ]
    entries.extend(_photo_entries(in_force))
    if controller.compare_faces:
        entries.extend(_face_entries(in_force))
    payload = encode_entries(entries)
    return _Snapshot(tree_size, tuple(new_case_ids), len(entries), controller.compare_faces, payload)


def _photo_entries(in_force: Mapping[int, datetime]) -> Iterator[ListEntry]:
    """Yield an entry for each photo that shows the person and was hashed. A mandate shows only who signed it."""
    hashed = Photo.objects.filter(purpose=PhotoPurpose.SHOWS_PERSON, hashes__isnull=False, case__isnull=False)
    for case_id, entry_id, hashes in hashed.values_list("case_id", "entry_id", "hashes").iterator():
        if hashes and case_id in in_force:
            value = entry_value(bytes(hashes))
            yield ListEntry(bytes(entry_id), IdentifierKind.PHOTO, value, in_force[case_id])


def _face_entries(in_force: Mapping[int, datetime]) -> Iterator[ListEntry]:
    """Yield an entry for each face by which its owner agreed to be looked for, and has not withdrawn that."""
    agreed = Face.objects.filter(sealed_value__isnull=False, photo__case__isnull=False)
    columns = ("pk", "photo__case_id", "entry_id", "sealed_value", "salt")
    for pk, case_id, entry_id, sealed, salt in agreed.values_list(*columns).iterator():
        if case_id not in in_force:
            continue
        try:
            value = unseal_face(bytes(sealed), bytes(salt))
        except UnsealError:
            _log.error("face %s cannot be unsealed, so it is not looked for", pk)
            continue
        yield ListEntry(bytes(entry_id), IdentifierKind.FACE, value, in_force[case_id])


def _make_header(number: int, snapshot: _Snapshot, now: datetime) -> SuppressionListHeader:
    controller = get_controller()
    issued_at = now.replace(microsecond=0)
    return SuppressionListHeader(
        controller=controller.name,
        number=number,
        issued_at=issued_at,
        expires_at=issued_at + timedelta(hours=settings.DEMUR_LIST_LIFETIME_HOURS),
        log_origin=controller.log_origin,
        tree_size=snapshot.tree_size,
        entries=snapshot.entries,
        payload_sha256=b"",  # seal_list computes it
        salt=secrets.token_bytes(SALT_BYTES),
    )


def _seal(header: SuppressionListHeader, payload: bytes) -> bytes:
    keys = Path(settings.DEMUR_HOME) / "keys"
    return seal_list(header, payload, load_secret(keys, SecretName.LIST_SEAL), load_signer(keys, KeyRole.LIST))


def _note(header: SuppressionListHeader, snapshot: _Snapshot, content_hex: str, file_hex: str) -> None:
    PublishedList.objects.create(
        number=header.number,
        issued_at=header.issued_at,
        expires_at=header.expires_at,
        tree_size=header.tree_size,
        entries=header.entries,
        faces_compared=snapshot.faces_compared,
        content_sha256_hex=content_hex,
        file_sha256_hex=file_hex,
    )


def _note_first_list(case_ids: tuple[int, ...], number: int) -> None:
    for start in range(0, len(case_ids), _IDS_AT_ONCE):
        some = case_ids[start : start + _IDS_AT_ONCE]
        Case.objects.filter(pk__in=some, first_list_number=None).update(first_list_number=number)


def _statement(raw: bytes) -> JsonObject:
    """Return what the log is told: the header that was signed, and its digest, which gate manifests quote."""
    key = load_signer(Path(settings.DEMUR_HOME) / "keys", KeyRole.LIST).verifier_key
    verified = verify_list(raw, key)
    return {**verified.header.to_body(), "header_sha256": verified.header_sha256.hex()}


def _repair(folder: Path) -> PublishedList | None:
    """Finish or set aside what a crash left; return the newest list if gates have it.

    None when there is no list, when its file is lost, or when the pointer is ahead of the database (which was restored
    from a backup): then a new one is published at once, under a number above all, because numbers only rise.
    """
    newest = PublishedList.objects.order_by("-number").first()
    announced = newest.number if newest else 0
    pointed_at = _latest_number(folder)
    for path in folder.glob(f"*{_SUFFIX}"):
        if path.stem.isdecimal() and int(path.stem) > announced and int(path.stem) != pointed_at:
            path.rename(path.with_suffix(_UNANNOUNCED))
            _log.warning("set aside suppression list %s, which was never announced", int(path.stem))
    if newest and not (folder / _file_name(announced)).exists():
        return None
    if newest and pointed_at < announced:
        _point_latest_at(folder, announced)
    return newest if pointed_at <= announced else None


def _latest_number(folder: Path) -> int:
    link = folder / LATEST
    stem = link.readlink().stem if link.is_symlink() else ""
    return int(stem) if stem.isdecimal() else 0


def _next_number(folder: Path) -> int:
    files = [int(path.stem) for path in folder.iterdir() if path.stem.isdecimal()]
    newest = PublishedList.objects.order_by("-number").first()
    return max([newest.number if newest else 0, *files]) + 1


def _point_latest_at(folder: Path, number: int) -> None:
    with storage_errors(folder / LATEST):
        temporary = temporary_path(folder / LATEST)
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(_file_name(number))
        temporary.rename(folder / LATEST)
    sync_folder(folder)


def _file_name(number: int) -> str:
    return f"{number:06}{_SUFFIX}"


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    make_folder(folder, _FOLDER_MODE)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
