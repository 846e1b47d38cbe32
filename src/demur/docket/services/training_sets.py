"""Taking note of a training set: what its signed manifest says, and how many rows were left out for each case.

The gate counts by entries of the list, whose owners only this room knows. A row in which two accounts of one person
occur (one wrote it, the other is tagged in it) is counted for both by the gate, and twice in the sum of the case: so a
number that comes from more than one identifier is stored as such, and shown as "up to".
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter

from django.db import transaction

from demur.core.entry import Event
from demur.core.gate_manifest import GateManifest, verify_manifest
from demur.core.note import VerifierKey, parse_note
from demur.docket.errors import TrainingSetRefusedError
from demur.docket.models import CaseIdentifier, Face, LogEntry, Photo, TrainingSet, WithheldCount
from demur.gate.entry_counts_file import WITHHELD_BY_ENTRY, parse_entry_counts

_AT_ONCE = 500  # SQLite allows 999 parameters in one query


@dataclass(frozen=True)
class GatedSet:
    """A training set as its manifest and the counts beside it describe it, both checked.

    Attributes:
        manifest: what the gate did.
        manifest_sha256_hex: of the manifest's text, without its signatures.
        rows_by_entry: withheld rows by entry id of the list.
    """

    manifest: GateManifest
    manifest_sha256_hex: str
    rows_by_entry: Mapping[bytes, int]


@dataclass(frozen=True)
class _RowsOfCase:
    """Withheld rows of a case: a number for each identifier, and one for each photo and each face in one."""

    of_identifiers: list[int] = field(default_factory=list)
    of_photos: list[int] = field(default_factory=list)


def read_training_set(manifest: bytes, counts: bytes, key: VerifierKey) -> GatedSet:
    """Return a training set of which people can be told.

    Args:
        manifest: the gate's signed manifest.
        counts: the file of withheld rows by entry.
        key: of this controller's gate.

    Raises:
        FormatError: not a manifest, or not counts.
        SignatureMismatchError: the manifest is not signed by this key.
        TrainingSetRefusedError: the counts are not those of the manifest, or its list was never published here.
    """
    verified = verify_manifest(manifest, key)
    digests = {file.path: file.sha256 for file in verified.outputs}
    if digests.get(WITHHELD_BY_ENTRY) != hashlib.sha256(counts).digest():
        raise TrainingSetRefusedError(
            f'the file "{WITHHELD_BY_ENTRY}" is not the one that the manifest names; nothing was logged',
            hint="bring the file that the gate wrote, or only the manifest: then no counts are shown to people",
        )
    _check_published(verified)
    text_sha256_hex = hashlib.sha256(parse_note(manifest).text.encode()).hexdigest()
    return GatedSet(verified, text_sha256_hex, parse_entry_counts(counts))


def record_training_set(gated: GatedSet, now: datetime) -> bool:
    """Store a training set and its counts by case, in one transaction; one that is known already stays as it is.

    Returns:
        Whether it is new.
    """
    manifest, by_case = gated.manifest, _count_by_case(gated.rows_by_entry)
    with transaction.atomic():
        training_set, is_new = TrainingSet.objects.get_or_create(
            manifest_sha256_hex=gated.manifest_sha256_hex,
            defaults={
                "built_at": now,
                "list_number": manifest.list_number,
                "input_rows": manifest.kept_rows + manifest.withheld_rows,
                "withheld_rows": manifest.withheld_rows,
            },
        )
        if is_new:
            WithheldCount.objects.bulk_create(
                (
                    WithheldCount(
                        training_set=training_set,
                        case_id=case_id,
                        rows=sum(rows.of_identifiers) + sum(rows.of_photos),
                        identifiers=len(rows.of_identifiers) + len(rows.of_photos),
                        photos=len(rows.of_photos),
                    )
                    for case_id, rows in sorted(by_case.items(), key=itemgetter(0))
                ),
                batch_size=_AT_ONCE // 5,
            )
    return is_new


def _check_published(manifest: GateManifest) -> None:
    """Refuse a manifest by a list that this installation did not announce: its entries would be somebody else's."""
    announced = LogEntry.objects.filter(
        event=Event.LIST_PUBLISHED,
        statement__number=manifest.list_number,
        statement__header_sha256=manifest.list_header_sha256.hex(),
    )
    if not announced.exists():
        raise TrainingSetRefusedError(
            f"suppression list {manifest.list_number} as the manifest names it was never published here; "
            "nothing was logged",
            hint="log the manifest where the list comes from",
        )


def _count_by_case(rows_by_entry: Mapping[bytes, int]) -> dict[int, _RowsOfCase]:
    """Return the rows of each identifier, photo and face by case. Entries that were erased have no case any more."""
    by_case: dict[int, _RowsOfCase] = {}
    entry_ids = list(rows_by_entry)
    for start in range(0, len(entry_ids), _AT_ONCE):
        some = entry_ids[start : start + _AT_ONCE]
        identifiers = CaseIdentifier.objects.filter(entry_id__in=some).values_list("case_id", "entry_id")
        for case_id, entry_id in identifiers.iterator():
            by_case.setdefault(case_id, _RowsOfCase()).of_identifiers.append(rows_by_entry[bytes(entry_id)])
        photos = Photo.objects.filter(entry_id__in=some, case__isnull=False).values_list("case_id", "entry_id")
        for case_id, entry_id in photos.iterator():
            by_case.setdefault(case_id, _RowsOfCase()).of_photos.append(rows_by_entry[bytes(entry_id)])
        faces = Face.objects.filter(entry_id__in=some, photo__case__isnull=False)
        for case_id, entry_id in faces.values_list("photo__case_id", "entry_id").iterator():
            by_case.setdefault(case_id, _RowsOfCase()).of_photos.append(rows_by_entry[bytes(entry_id)])
    return by_case
