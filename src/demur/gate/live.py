"""The live check: may this record be logged for training? Asked for each record as it happens.

    gate = Gate(mapping, list_path, list_verifier_key, list_key)
    if gate.check({"record_id": "r1", "kind": "prompt", …}):
        log_for_training(record)

The answer is that of `demur.gate.decision.decide`, which a run over a data lake gives for the same row and list. What
cannot be decided is withheld: a field that is missing or of another type, and everything as long as there is no list
that holds. Described in docs/data-engineer/live.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from demur.controller.catalogue import Catalogue
from demur.core.note import VerifierKey
from demur.gate.decision import REASONS, decide
from demur.gate.followed_list import LOOK_EVERY_SECONDS, FollowedList, ListRefusal
from demur.gate.live_records import RECORD_UNREADABLE, RecordReader
from demur.gate.mapped_batch import check_product
from demur.gate.mapping import SourceMapping
from demur.gate.suppression_list import SuppressionList

_NOBODY: Final[dict[str, object]] = {}
"""A record that is decided about when a list is new, so that nobody waits while its indexes are built."""


@dataclass(frozen=True)
class Answer:
    """What was decided about one record. As a condition (`if answer:`) it is true only if the record is kept.

    Attributes:
        reasons: why the record is withheld, every reason that applies; empty if it may train.
        list_number: of the suppression list; None if there is none that holds.
    """

    reasons: tuple[str, ...]
    list_number: int | None

    @property
    def kept(self) -> bool:
        """Whether the record may train."""
        return not self.reasons

    def __bool__(self) -> bool:
        """Return `kept`: an object is true by itself, and would let everything through."""
        return self.kept


class Gate:
    """Decides about records one by one or together. Safe to use from several threads, and after a fork."""

    def __init__(
        self,
        mapping: SourceMapping,
        list_path: Path,
        key: VerifierKey,
        list_key: bytes,
        catalogue: Catalogue | None = None,
        look_every_seconds: float = LOOK_EVERY_SECONDS,
    ) -> None:
        """Open the gate. A list that is missing or refused is no error: every answer is no until one holds.

        Args:
            mapping: which field of a record plays which role.
            list_path: of the list, or of a folder that holds `latest.list`.
            key: of the list's publisher.
            list_key: 32 secret bytes.
            catalogue: what may train at all, from the controller's file; None to decide without one.
            look_every_seconds: the longest time in which a publication is not noticed while somebody asks.

        Raises:
            MappingError: there is a catalogue, and the mapping does not say of which product a record is; or it names
                a role that cannot be checked live, or images by paths without a folder.
        """
        check_product(mapping, catalogue)
        self._reader = RecordReader(mapping)
        self._catalogue = catalogue
        self._spelled: dict[int, tuple[str, ...]] = {}
        self._list = FollowedList(list_path, key, list_key, self._warm, look_every_seconds)

    def check(self, record: object) -> Answer:
        """Return whether a record may train, and every reason why not.

        Args:
            record: a dictionary with the fields that the mapping names; others are not looked at. Text is `str`, flags
                are `bool`, tagged accounts are a list of `str`; an image is `bytes`, or the `str` that says where it
                is.
        """
        return self.check_many([record])[0]

    def check_many(self, records: Sequence[object]) -> list[Answer]:
        """Return what `check` says of each record, in their order; much faster than one by one."""
        found = self.find_list()
        if isinstance(found, ListRefusal):
            return [Answer((str(found),), None)] * len(records)
        return self._decide(records, found)

    def find_list(self) -> SuppressionList | ListRefusal:
        """Return the list that records are checked against now, or why every answer is no."""
        return self._list.current()

    def _warm(self, found: SuppressionList) -> None:
        self._decide([_NOBODY], found)

    def _decide(self, records: Sequence[object], found: SuppressionList) -> list[Answer]:
        read = self._reader.read(records)
        decision = decide(read.batch, self._reader.mapping, found, self._catalogue)
        number = found.header.number
        answers = [Answer(self._spell(bits), number) for bits in decision.reasons.tolist()]
        for place, own in read.own_reasons.items():
            decided = () if own == [RECORD_UNREADABLE] else answers[place].reasons
            answers[place] = Answer((*own, *decided), number)
        return answers

    def _spell(self, bits: int) -> tuple[str, ...]:
        """Return the codes of a set of reasons."""
        if bits not in self._spelled:
            self._spelled[bits] = tuple(code for bit, code in enumerate(REASONS) if bits >> bit & 1)
        return self._spelled[bits]
