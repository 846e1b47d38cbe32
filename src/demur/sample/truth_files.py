"""Write the truth beside the data: who the people are, whose photos there are, and which rows concern whom and why.

Row truth is sorted by person inside each file, so that a reader who asks for one person skips nearly everything.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from demur.sample.album import COPY_KINDS, Album
from demur.sample.columns import coded, lists_of, numbered
from demur.sample.friendships import NOBODY
from demur.sample.handles import NEVER_US
from demur.sample.lake import RECORD_ID_DIGITS, WHYS, Concerns
from demur.sample.people import People

_ROWS_A_GROUP = 100_000


def write_people_truth(path: Path, people: People) -> None:
    """Write one row a person.

    Columns: person_id; accounts, handles (current) and past_handles, lists of strings; account_groups, a list of lists,
    accounts in one of which the controller knows to be one person's; email; full_name; is_minor; has_account.
    """
    path.parent.mkdir(parents=True)
    by_person = np.argsort(people.account_person, kind="stable")
    accounts = people.accounts.take(pa.array(by_person))
    per_person = np.bincount(people.account_person, minlength=people.size)
    handles = people.handles
    is_past = handles.changed_at_us[by_person] != NEVER_US
    past = handles.slots[by_person, :2][is_past]
    past_per_person = np.bincount(people.account_person[by_person], is_past.sum(axis=1), people.size).astype(np.int64)
    table = pa.table(
        {
            "person_id": people.person_ids(),
            "accounts": lists_of(per_person, accounts),
            "account_groups": _account_groups(people, per_person, accounts),
            "handles": lists_of(per_person, handles.texts.take(pa.array(handles.slots[by_person, 2]))),
            "past_handles": lists_of(past_per_person, handles.texts.take(pa.array(past))),
            "email": people.emails,
            "full_name": people.full_names,
            "is_minor": pa.array(people.is_minor),
            "has_account": pa.array(people.has_account()),
        }
    )
    pq.write_table(table, path, compression="zstd", row_group_size=_ROWS_A_GROUP)


def _account_groups(people: People, per_person: npt.NDArray[np.int64], accounts: pa.StringArray) -> pa.ListArray:
    """Return each person's accounts in groups: linked ones together, others each alone."""
    sizes = np.repeat(np.where(people.is_linked, per_person, 1), np.where(people.is_linked, 1, per_person))
    groups = lists_of(sizes, accounts)
    return lists_of(np.where(people.is_linked, 1, per_person), groups)


def write_photo_truth(path: Path, album: Album, people: People) -> None:
    """Write one row an image file.

    Columns: image_path; owner_id, whose it is, null for scenes; shown_ids, whom it shows; copy_of, the path of the
    original, and copy_kind, one of CopyKind, both null for originals; is_plain, is_reserved, is_damaged.
    """
    person_ids = people.person_ids()
    is_shown = album.shown != NOBODY
    table = pa.table(
        {
            "image_path": album.paths,
            "owner_id": person_ids.take(pa.array(album.owner, mask=album.owner == NOBODY)),
            "shown_ids": lists_of(is_shown.sum(axis=1), person_ids.take(pa.array(album.shown[is_shown]))),
            "copy_of": album.paths.take(pa.array(album.copy_of, mask=album.copy_of == NOBODY)),
            "copy_kind": pa.array(COPY_KINDS, pa.string()).take(
                pa.array(album.copy_kind, mask=album.copy_kind == NOBODY)
            ),
            "is_plain": pa.array(album.is_plain),
            "is_reserved": pa.array(album.is_reserved),
            "is_damaged": pa.array(album.is_damaged),
        }
    )
    pq.write_table(table, path, compression="zstd")


def write_row_truth(path: Path, concerns: Sequence[Concerns], person_ids: pa.StringArray) -> int:
    """Write record_id, person_id and why of every pair, by person; return how many there are."""
    row = np.concatenate([part.row for part in concerns])
    person = np.concatenate([part.person for part in concerns])
    why = np.concatenate([part.why for part in concerns])
    order = np.argsort(person, kind="stable")
    table = pa.table(
        {
            "record_id": numbered("r", row[order], RECORD_ID_DIGITS),
            "person_id": person_ids.take(pa.array(person[order])),
            "why": coded(WHYS, why[order]),
        }
    )
    pq.write_table(table, path, compression="zstd", row_group_size=_ROWS_A_GROUP, store_schema=False)
    return len(row)
