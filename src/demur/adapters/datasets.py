"""Hugging Face datasets: a Dataset or an IterableDataset without the rows that must not train.

What `datasets` keeps of an earlier run is used again only for the same list, mapping, catalogue and version of each
rule, and only while that list is current.
"""

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

import pyarrow as pa
from datasets import Dataset, IterableDataset

from demur.adapters.batch_gate import BATCH_ROWS, BatchGate
from demur.adapters.python_values import table_of_columns
from demur.gate.rules import RULES

_STREAMED_ROWS: Final = 1_000
_VERSIONS: Final = [f"{rule.CODE} {rule.VERSION}" for rule in RULES]

_Data = TypeVar("_Data", Dataset, IterableDataset)


def kept_rows(dataset: _Data, gate: BatchGate, num_proc: int | None = None) -> _Data:
    """Return the dataset's kept rows, in their order; a streamed one is decided about as it is read.

    Args:
        dataset: a Dataset, in whatever format; or an IterableDataset of plain Python values or Arrow tables.
        gate: what decides.
        num_proc: processes to decide in, of a Dataset.

    Raises:
        DemurError: see `BatchGate.decide`. With `num_proc` it comes as `datasets` passes it on.
    """
    gate.open()  # a result that was kept from an earlier run is not decided about again
    arguments = {"gate": gate, "versions": _VERSIONS}
    if isinstance(dataset, IterableDataset):
        return dataset.filter(is_kept, batched=True, batch_size=_STREAMED_ROWS, fn_kwargs=arguments)
    tables = dataset.with_format("arrow")
    kept = tables.filter(is_kept, batched=True, batch_size=BATCH_ROWS, num_proc=num_proc, fn_kwargs=arguments)
    return kept.with_format(**dataset.format)


def is_kept(batch: pa.Table | Mapping[str, Sequence[object]], gate: BatchGate, versions: Sequence[str]) -> list[bool]:
    """Return which rows of a batch may train: the function for `filter(…, batched=True)`.

    Args:
        batch: n rows, as a table or as columns of Python values.
        gate: what decides.
        versions: of the rules; `datasets` makes its fingerprint from them.
    """
    del versions
    opened = gate.open()
    table = batch if isinstance(batch, pa.Table) else table_of_columns(batch, opened.mapping)
    kept: list[bool] = opened.decide(table).kept_mask.tolist()
    return kept
