"""The decision: which rows of a record batch may train, and every reason why the others may not.

`decide` is the whole gate in one function without a clock and without state; the only files that it reads are those
that rows name: pictures, and what was captured of sites. The command line, a cluster's workers and a live check before
something is logged for training all call it, and get the same answer for the same row and list.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from demur.controller.catalogue import Catalogue
from demur.gate.errors import RowIdMissingError
from demur.gate.mapped_batch import MappedBatch, map_batch
from demur.gate.mapping import SourceMapping
from demur.gate.rules import LATE_RULES, RULES, Rule, rules_for
from demur.gate.string_window import BoolMask, present
from demur.gate.suppression_list import SuppressionList

REASONS: Final[tuple[str, ...]] = tuple(rule.CODE for rule in RULES)
"""Every reason code; a code's place is its bit in `Decision.reasons`."""


@dataclass(frozen=True)
class Decision:
    """What was decided about n rows.

    Attributes:
        reasons: uint32[n], a set of bits for each row: bit i stands for REASONS[i]. Zero means kept.
    """

    reasons: npt.NDArray[np.uint32]

    @property
    def kept_mask(self) -> BoolMask:
        """Which rows may train: bool[n]."""
        kept: BoolMask = self.reasons == 0
        return kept

    def has_reason(self, codes: Collection[str]) -> BoolMask:
        """Return which rows have at least one of these reasons: bool[n]."""
        bits = sum(1 << REASONS.index(code) for code in codes)
        found: BoolMask = (self.reasons & np.uint32(bits)) != 0
        return found

    def count_by_reason(self) -> npt.NDArray[np.int64]:
        """Return how many rows have each reason: int64[len(REASONS)]. A row with two reasons counts in both."""
        counts, there = np.zeros(len(REASONS), np.int64), int(np.bitwise_or.reduce(self.reasons, initial=0))
        for bit in range(len(REASONS)):
            if there >> bit & 1:  # most batches have few of the reasons
                counts[bit] = np.count_nonzero(self.reasons & np.uint32(1 << bit))
        return counts

    def withheld_reasons(self) -> pa.ListArray:
        """Return the reason codes of each withheld row, in row order: list<string>[n - kept]."""
        sets = pa.array(self.reasons[self.reasons != 0]).dictionary_encode()  # no sorting: a batch has few of them
        spelled = [
            [code for bit, code in enumerate(REASONS) if bits >> bit & 1] for bits in sets.dictionary.to_pylist()
        ]
        return pa.array(spelled, pa.list_(pa.string())).take(sets.indices)


def rows_by_code(counts: npt.NDArray[np.int64], rules: Iterable[Rule]) -> dict[str, int]:
    """Return rows by reason code, of the rules that ran, from counts as `Decision.count_by_reason` gives them."""
    return {rule.CODE: int(counts[REASONS.index(rule.CODE)]) for rule in rules}


def decide_at(
    where: str,
    batch: pa.RecordBatch,
    mapping: SourceMapping,
    suppressions: SuppressionList,
    catalogue: Catalogue | None,
) -> Decision:
    """Decide as `decide` does; an error about a row names `where` the batch is from."""
    try:
        return decide(batch, mapping, suppressions, catalogue)
    except RowIdMissingError as error:
        raise RowIdMissingError(f"{where}: {error}", hint="give every row an id, and run again") from error


def decide(
    batch: pa.RecordBatch,
    mapping: SourceMapping,
    suppressions: SuppressionList,
    catalogue: Catalogue | None = None,
) -> Decision:
    """Decide about every row of a batch.

    Args:
        batch: n rows of the dataset that the mapping describes; other columns than the mapping's are not looked at.
        mapping: which column plays which role.
        suppressions: the verified list. That it is current was checked when it was loaded.
        catalogue: what may train at all, from the controller's file; None to decide without one.

    Returns:
        For each row all reasons that apply; those about pictures and the web only where no other does. A null or
        unreadable value in a needed role is a reason itself.

    Raises:
        ColumnMissingError: a column of the mapping is not there, or there twice.
        ColumnTypeError: a column has a type that its role cannot have.
        MappingError: there is a catalogue, and the mapping does not say of which product a row is.
        RowIdMissingError: a row has no id.
        PictureToolsMissingError: the mapping names images, and the packages that read them are not installed.

    Source: GDPR Art. 21(1); docs/spec/gate-manifest.md, Reasons.
    """
    rows = map_batch(batch, mapping, catalogue)
    if not present(rows.row_id).all():
        raise RowIdMissingError(f'a row has no id: column "{mapping.row_id}" holds a null')
    reasons = np.zeros(len(rows), np.uint32)
    rules = rules_for(mapping, catalogue)
    _apply((rule for rule in rules if rule not in LATE_RULES), rows, suppressions, reasons)
    _apply((rule for rule in rules if rule in LATE_RULES), replace(rows, left=reasons == 0), suppressions, reasons)
    return Decision(reasons)


def _apply(
    rules: Iterable[Rule], rows: MappedBatch, suppressions: SuppressionList, reasons: npt.NDArray[np.uint32]
) -> None:
    """Add to each row's reasons those of these rules."""
    for rule in rules:
        withheld = rule.find_withheld(rows, suppressions)
        if withheld.any():
            bit = np.uint32(1 << RULES.index(rule))
            reasons |= np.multiply(withheld, bit, dtype=np.uint32)  # a tenth of the time of a masked "or"
