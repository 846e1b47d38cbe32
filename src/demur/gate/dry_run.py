"""A run that writes nothing: what a gate would keep and withhold, decided about in full.

Only the columns that rules read are read. It is stopped by what would stop a run before or while it decides.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from demur.controller.catalogue import Catalogue
from demur.gate.decision import REASONS, decide_at, rows_by_code
from demur.gate.embedded_engine import Tell, TellReasons, count_done, do_in_threads, tell_no_reasons
from demur.gate.file_gate import Advance
from demur.gate.mapped_batch import check_product, without_unread
from demur.gate.mapping import SourceMapping
from demur.gate.rules import kinds_not_applied, rules_for
from demur.gate.source import InputFile, count_rows, find_companions_of, find_images_of
from demur.gate.stores.address import Place
from demur.gate.suppression_list import SuppressionList
from demur.gate.tables.table_input import open_input


@dataclass(frozen=True)
class DryRun:
    """What a run would do.

    Attributes:
        list_number: of the suppression list that was used.
        kinds_not_applied: kinds that the list holds and no rule of this run looks for.
        kept_rows: rows that may train.
        withheld_rows: rows that must not.
        withheld_by_reason: rows by reason code. A row with two reasons counts in both.
    """

    list_number: int
    kinds_not_applied: tuple[str, ...]
    kept_rows: int
    withheld_rows: int
    withheld_by_reason: dict[str, int]


def decide_only(
    inputs: Place,
    mapping: SourceMapping,
    suppressions: SuppressionList,
    catalogue: Catalogue | None,
    progress: Tell,
    table_version: int | None = None,
    tell_reasons: TellReasons = tell_no_reasons,
) -> DryRun:
    """Decide about every row of a dataset, and count.

    Args:
        inputs: a file of a format that the gate knows, a folder of them at any depth, or a pattern of such.
        mapping: which column plays which role.
        suppressions: the verified list.
        catalogue: what may train at all; None to decide without one.
        progress: is told (rows done, rows in all) after each batch; None where nobody knows before all is read.
        table_version: of the table that is the input; None for the one that it has now.
        tell_reasons: is told of the reasons so far, before `progress` is.

    Raises:
        GateError: see `demur.gate.errors`.
    """
    check_product(mapping, catalogue)
    found = open_input(inputs, mapping, table_version)
    files = found.files
    find_images_of(files, mapping)
    find_companions_of(inputs, files)
    read = replace(without_unread(mapping), needs_ids=False, product=mapping.product if catalogue else None)

    def decide_about(file: InputFile, advance: Advance) -> tuple[int, int, npt.NDArray[np.int64]]:
        kept, rows, by_reason = 0, 0, np.zeros(len(REASONS), np.int64)
        with file.at_hand() as path:
            here = read.beside(path)
            for block in file.read(path, read, whole=False):
                decision = decide_at(block.where, block.batch, here, suppressions, catalogue)
                reason_rows = decision.count_by_reason()
                by_reason += reason_rows
                kept += int(np.count_nonzero(decision.kept_mask))
                rows += block.batch.num_rows
                advance(block.batch.num_rows, reason_rows)
            file.check_unchanged()
        return kept, rows, by_reason

    results = do_in_threads(files, decide_about, count_done(progress, count_rows(files), tell_reasons))
    found.hash_log()
    kept, done = sum(kept for kept, _, _ in results), sum(rows for _, rows, _ in results)
    by_reason = np.sum([counts for _, _, counts in results], axis=0)
    rules = rules_for(mapping, catalogue)
    return DryRun(
        list_number=suppressions.header.number,
        kinds_not_applied=kinds_not_applied(rules, suppressions),
        kept_rows=kept,
        withheld_rows=done - kept,
        withheld_by_reason=rows_by_code(by_reason, rules),
    )
