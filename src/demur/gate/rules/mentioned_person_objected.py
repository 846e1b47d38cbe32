"""Somebody whom the text mentions has objected: their data, though another wrote it (GDPR Art. 21(1))."""

from typing import Final

from demur.core.identifier import IdentifierKind
from demur.gate.mapped_batch import MappedBatch, Role
from demur.gate.membership import Places
from demur.gate.mentions.mention_index import MENTIONED_KINDS, MentionIndex, mention_index
from demur.gate.string_window import BoolMask
from demur.gate.suppression_list import SuppressionList

CODE: Final = "mentioned-person-objected"
VERSION: Final = 1
ROLES: Final = (Role.TEXT,)
IDENTIFIERS: Final[tuple[IdentifierKind, ...]] = MENTIONED_KINDS


def find_withheld(batch: MappedBatch, suppressions: SuppressionList) -> BoolMask:
    """Return which rows have a text that mentions a handle, an e-mail address, a phone number or a name on the list."""
    return _index(batch, suppressions).contains(batch.text)


def find_entries(batch: MappedBatch, suppressions: SuppressionList) -> tuple[Places, Places]:
    """Return the rows whose text mentions somebody on the list, and with each the entry that it mentions."""
    return _index(batch, suppressions).find_entries(batch.text)


def _index(batch: MappedBatch, suppressions: SuppressionList) -> MentionIndex:
    return mention_index(suppressions, look_alikes=batch.mapping.look_alikes)
