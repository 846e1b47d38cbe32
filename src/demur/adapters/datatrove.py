"""datatrove: a pipeline step that passes on the documents that may train."""

from typing import Final

from datatrove.data import Document
from datatrove.pipeline.filters.base_filter import BaseFilter

from demur.adapters.batch_gate import BatchGate
from demur.gate.decision import REASONS

_BATCH_DOCUMENTS: Final = 1_000


class GateFilter(BaseFilter):  # type: ignore[misc]
    """Withholds documents; counts them in the step's statistics as dropped, and by reason as `withheld_REASON`.

    The mapping's columns `id` and `text` are the document's own; every other one is a key of its metadata. What is
    withheld is not written anywhere: there is no exclusion writer.
    """

    name = "demur gate"

    def __init__(self, gate: BatchGate) -> None:
        super().__init__(batch_size=_BATCH_DOCUMENTS)
        self.gate = gate

    def filter(self, doc: Document) -> bool:
        """Return whether one document may train."""
        return self.filter_batch([doc])[0]

    def filter_batch(self, batch: list[Document]) -> list[bool]:
        """Return which documents may train, in their order.

        Raises:
            DemurError: see `BatchGate.decide`.
        """
        decision = self.gate.decide_rows([{**doc.metadata, "id": doc.id, "text": doc.text} for doc in batch])
        for reason, rows in zip(REASONS, decision.count_by_reason().tolist(), strict=True):
            if rows:
                self.stat_update(f"withheld_{reason}", value=rows)
        kept: list[bool] = decision.kept_mask.tolist()
        return kept
