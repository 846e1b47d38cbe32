"""Names for Arrow classes that are generic to the type checker and not so when the program runs."""

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import pyarrow as pa

AnyArray: TypeAlias = "pa.Array[Any]"
"""An Arrow array of any type."""

AnyChunkedArray: TypeAlias = "pa.ChunkedArray[Any]"
"""An Arrow chunked array of any type."""

AnyField: TypeAlias = "pa.Field[Any]"
"""An Arrow field of any type."""
