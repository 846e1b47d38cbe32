"""Only what its author showed to everybody may train, unless the controller's catalogue says so of other data."""

from typing import Final

import numpy as np

from demur.controller.catalogue import Audience
from demur.core.identifier import IdentifierKind
from demur.gate.mapped_batch import MappedBatch, Role
from demur.gate.string_window import BoolMask, present
from demur.gate.suppression_list import SuppressionList

CODE: Final = "not-public"
VERSION: Final = 1
ROLES: Final = (Role.AUDIENCE,)
IDENTIFIERS: Final[tuple[IdentifierKind, ...]] = ()


def find_withheld(batch: MappedBatch, _suppressions: SuppressionList) -> BoolMask:
    """Return which rows have an audience that is none of the mapping's public ones, and are not in the catalogue."""
    audiences = batch.mapping.audience_values.values()
    is_public: BoolMask = np.array([*(audience is Audience.PUBLIC for audience in audiences), False])
    return present(batch.audience) & ~(is_public[batch.audience_codes] | batch.in_catalogue)
