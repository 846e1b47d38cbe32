"""The controller's catalogue in the words of one dataset: which values of kind, product and audience may train."""

import hashlib
from itertools import product as combine

import numpy as np
import numpy.typing as npt

from demur.controller.catalogue import Catalogue
from demur.core.canonical import canonical_json
from demur.gate.mapping import SourceMapping


class TrainedValues:
    """A table of yes and no for each combination of values; whatever is not in it is a no.

    Attributes:
        products: the values of the product column that the table knows.
        table: bool[kinds + 1, products + 1, audiences + 1], in the order of the mapping's values and of `products`. The
            last of each, which is also number -1, stands for every other value and for null.
    """

    def __init__(self, mapping: SourceMapping, catalogue: Catalogue) -> None:
        """Translate the catalogue.

        Args:
            mapping: one that names a product column.
            catalogue: what may train at all.
        """
        named = mapping.product.values if mapping.product is not None else {}
        ids = {product: product for _, product, _ in catalogue.trained} if named is None else named
        self.products = sorted(ids)
        cells = combine(
            mapping.kind_values.values(), (ids[value] for value in self.products), mapping.audience_values.values()
        )
        trained = np.array([cell in catalogue.trained for cell in cells], bool)
        known = trained.reshape(len(mapping.kind_values), len(self.products), len(mapping.audience_values))
        self.table: npt.NDArray[np.bool_] = np.pad(known, (0, 1))


def catalogue_sha256(catalogue: Catalogue) -> bytes:
    """Return the digest (32 bytes) by which a manifest names what a catalogue lets train."""
    return hashlib.sha256(canonical_json(sorted(list(cell) for cell in catalogue.trained))).digest()
