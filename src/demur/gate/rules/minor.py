"""What minors share never trains."""

from typing import Final

import numpy as np
import pyarrow.compute as pc

from demur.core.identifier import IdentifierKind
from demur.gate.mapped_batch import MappedBatch, Role
from demur.gate.string_window import BoolMask
from demur.gate.suppression_list import SuppressionList

CODE: Final = "minor"
VERSION: Final = 1
ROLES: Final = (Role.AUTHOR_IS_MINOR,)
IDENTIFIERS: Final[tuple[IdentifierKind, ...]] = ()


def find_withheld(batch: MappedBatch, _suppressions: SuppressionList) -> BoolMask:
    """Return which rows have an author who is known to be a minor."""
    return np.array(pc.fill_null(batch.author_is_minor, fill_value=False).to_numpy(zero_copy_only=False), bool)
