"""How the gate's inner loops become machine code.

Compiled code is kept beside the source, or in the user's cache folder if the installation is read-only, so that only
the first run on a machine waits for the compiler. Where neither can be written, every process compiles for itself.
Numba looks at one source file to tell whether what it kept is still right: a compiled function must only call compiled
functions of its own file.
"""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., object])


def compiled(function: _Function) -> _Function:
    """Compile a function at its first call with each set of types. Other threads run while it runs.

    No tracer sees the lines of compiled code; tests run the same lines uncompiled, as the result's `py_func`.
    """
    try:
        return cast("_Function", numba.njit(function, nogil=True, cache=True))
    except RuntimeError:  # no folder to keep it in
        return cast("_Function", numba.njit(function, nogil=True))
