"""Why one row was withheld: the reasons that `decide` gives, and the entries of the list that stand behind them.

Entries are named by their ids, never by what they list. Only who holds the list's key can ask.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demur.controller.catalogue import Catalogue
from demur.gate.decision import decide
from demur.gate.mapped_batch import ROLE_TYPES, Role, check_product, map_batch, without_unread
from demur.gate.mapping import SourceMapping
from demur.gate.rules import OBJECTION_RULES
from demur.gate.stores.address import Place
from demur.gate.string_window import BoolMask, find_codes
from demur.gate.suppression_list import SuppressionList
from demur.gate.tables.table_input import open_input


@dataclass(frozen=True)
class Explanation:
    """Why a row is withheld.

    Attributes:
        where: the file and the part of it that the row is in, for people.
        reasons: every reason that applies; empty if the row is kept.
        entry_ids: by reason, the ids (16 bytes each) of the entries that the row was found by.
    """

    where: str
    reasons: tuple[str, ...]
    entry_ids: Mapping[str, tuple[bytes, ...]]


def explain_rows(
    inputs: Place,
    row_id: str,
    mapping: SourceMapping,
    suppressions: SuppressionList,
    catalogue: Catalogue | None,
) -> list[Explanation]:
    """Return why each row with this id is kept or withheld, in the order of the dataset; there may be none.

    Args:
        inputs: a file of a format that the gate knows, a folder of them at any depth, or a pattern of such.
        row_id: as a withheld file has it: text, a whole number in digits, or bytes as hexadecimal digits.
        mapping: which column plays which role.
        suppressions: the verified list.
        catalogue: what may train at all; None to decide without one.

    Raises:
        GateError: see `demur.gate.errors`.
    """
    check_product(mapping, catalogue)
    read = without_unread(mapping)
    found = []
    for file in open_input(inputs, mapping, None).files:
        with file.at_hand() as path:
            for block in file.read(path, mapping, whole=False):
                for place in np.flatnonzero(_find_row_id(block.batch.column(mapping.row_id), row_id)):
                    row = block.batch.slice(place, 1)
                    found.append(_explain(block.where, row, read.beside(path), suppressions, catalogue))
    return found


def _find_row_id(ids: pa.Array, row_id: str) -> BoolMask:
    """Return which ids are the one asked for: bool[n]."""
    if ROLE_TYPES[Role.KIND].fits(ids.type):  # text, of whatever type
        is_text_of_it: BoolMask = find_codes(ids, [row_id]) == 0
        return is_text_of_it
    wanted: str | bytes = row_id
    if pa.types.is_integer(ids.type):
        ids = ids.cast(pa.string())
    else:
        try:
            wanted, ids = bytes.fromhex(row_id), ids.cast(pa.large_binary())
        except ValueError:  # not hexadecimal digits, so none of these
            return np.zeros(len(ids), bool)
    same = pc.fill_null(pc.equal(ids, pa.scalar(wanted, ids.type)), fill_value=False)
    return np.asarray(same.to_numpy(zero_copy_only=False), bool)


def _explain(
    where: str,
    row: pa.RecordBatch,
    mapping: SourceMapping,
    suppressions: SuppressionList,
    catalogue: Catalogue | None,
) -> Explanation:
    """Explain the one row of a batch."""
    decision = decide(row, mapping, suppressions, catalogue)
    reasons = tuple(code for codes in decision.withheld_reasons().to_pylist() for code in codes)
    mapped = map_batch(row, mapping, catalogue)
    entry_ids = {}
    for rule in OBJECTION_RULES:
        if rule.CODE in reasons:
            _, first = rule.find_entries(mapped, suppressions)
            marked = np.zeros(len(suppressions), np.int64)
            marked[first] = 1
            entries = np.flatnonzero(suppressions.spread_to_equal_entries(marked))
            entry_ids[rule.CODE] = tuple(suppressions.entry_ids.take(pa.array(entries)).to_pylist())
    return Explanation(where, reasons, entry_ids)
