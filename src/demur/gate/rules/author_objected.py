"""The author has objected (GDPR Art. 21(1))."""

from typing import Final

import numpy as np

from demur.core.identifier import IdentifierKind
from demur.gate.mapped_batch import MappedBatch, Role
from demur.gate.membership import NOWHERE, Places
from demur.gate.string_window import BoolMask
from demur.gate.suppression_list import SuppressionList

CODE: Final = "author-objected"
VERSION: Final = 1
ROLES: Final = (Role.AUTHOR_ACCOUNT,)
IDENTIFIERS: Final[tuple[IdentifierKind, ...]] = (IdentifierKind.ACCOUNT,)


def find_withheld(batch: MappedBatch, suppressions: SuppressionList) -> BoolMask:
    """Return which rows have an author whose account is on the list."""
    index = suppressions.index(IdentifierKind.ACCOUNT, batch.mapping.author_account.namespace)
    return index.contains(batch.author_account)


def find_entries(batch: MappedBatch, suppressions: SuppressionList) -> tuple[Places, Places]:
    """Return the rows whose author is on the list, and with each the author's entry."""
    namespace = batch.mapping.author_account.namespace
    entries = suppressions.find_entries(IdentifierKind.ACCOUNT, namespace, batch.author_account)
    rows = np.flatnonzero(entries != NOWHERE)
    return rows, entries[rows]
