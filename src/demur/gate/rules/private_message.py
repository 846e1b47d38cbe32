"""Private messages never train, whoever asks and whoever may see them."""

from typing import Final

import numpy as np

from demur.controller.catalogue import Kind
from demur.core.identifier import IdentifierKind
from demur.gate.mapped_batch import MappedBatch, Role
from demur.gate.string_window import BoolMask
from demur.gate.suppression_list import SuppressionList

CODE: Final = "private-message"
VERSION: Final = 1
ROLES: Final = (Role.KIND,)
IDENTIFIERS: Final[tuple[IdentifierKind, ...]] = ()


def find_withheld(batch: MappedBatch, _suppressions: SuppressionList) -> BoolMask:
    """Return which rows are private messages."""
    is_message = np.array([*(kind is Kind.MESSAGE for kind in batch.mapping.kind_values.values()), False])
    return is_message[batch.kind_codes]
