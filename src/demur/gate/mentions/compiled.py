"""Functions that numba compiles at their first call, and keeps compiled beside their module."""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., object])


def compiled(function: _Function) -> _Function:
    """Return the function compiled: it runs without the interpreter's lock, so that two files are read at a time.

    No tracer sees the lines of a compiled function. So those are marked as not covered, and tests hold what they
    return against plain Python instead.
    """
    return cast("_Function", numba.njit(nogil=True, cache=True)(function))
