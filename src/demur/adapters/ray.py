"""Ray Data: `kept_rows(dataset, gate)`. The sealed list lies once in each machine's object store.

Each worker opens it once, with the keys folder on its own machine, and keeps it for all of its tasks.
"""

import pyarrow as pa
import ray
from ray.data import Dataset

from demur.adapters.batch_gate import BatchGate


def kept_rows(dataset: Dataset, gate: BatchGate) -> Dataset:
    """Return the kept rows with all their columns.

    What the gate raises on a worker ends the job, as a RayTaskError.

    Raises:
        DemurError: see `BatchGate.open`.
    """
    gate.open()
    # In a tuple, since Ray would hand over the list's bytes in place of a bare reference, for each batch.
    arguments = {"gate": gate, "sealed": (ray.put(gate.read_list()),)}
    return dataset.map_batches(
        keep_batch,  # type: ignore[arg-type]
        batch_format="pyarrow",
        batch_size=None,
        zero_copy_batch=True,
        fn_kwargs=arguments,
    )


def keep_batch(batch: pa.Table, gate: BatchGate, sealed: "tuple[ray.ObjectRef[bytes]]") -> pa.Table:
    """Return the kept rows of a batch: what a worker runs."""
    gate.open(lambda: ray.get(sealed[0]))
    return gate.kept_rows(batch)
