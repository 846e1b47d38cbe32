"""Somebody who is tagged has objected: their data, though another shared it (GDPR Art. 21(1))."""

from typing import Final

from demur.core.identifier import IdentifierKind
from demur.gate.mapped_batch import MappedBatch, Role
from demur.gate.membership import NOWHERE, Places
from demur.gate.string_window import BoolMask
from demur.gate.suppression_list import SuppressionList

CODE: Final = "tagged-person-objected"
VERSION: Final = 1
ROLES: Final = (Role.TAGGED_ACCOUNTS,)
IDENTIFIERS: Final[tuple[IdentifierKind, ...]] = (IdentifierKind.ACCOUNT,)


def find_withheld(batch: MappedBatch, suppressions: SuppressionList) -> BoolMask:
    """Return which rows tag an account that is on the list."""
    tagged = batch.tagged_accounts
    return tagged.rows_of(suppressions.index(IdentifierKind.ACCOUNT, tagged.namespace).contains(tagged.accounts))


def find_entries(batch: MappedBatch, suppressions: SuppressionList) -> tuple[Places, Places]:
    """Return the rows that tag an account on the list, and with each that account's entry; a row for each tag."""
    tagged = batch.tagged_accounts
    entries = suppressions.find_entries(IdentifierKind.ACCOUNT, tagged.namespace, tagged.accounts)
    is_listed = entries != NOWHERE
    return tagged.row_of_each(is_listed), entries[is_listed]
