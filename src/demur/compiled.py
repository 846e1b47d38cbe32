"""How inner loops become machine code.

Compiled code is kept beside the source, or in the user's cache folder if the installation is read-only, so that only
the first run on a machine waits for the compiler. Where neither can be written, or the disk is full, or what was kept
is damaged, every process compiles for itself: nothing ever stops over its cache.

Kept code is named after the content of all source files in its folder. Numba itself goes by one file's size and time of
change, and puts new code under the name of old: a write that fails half-way, a clock set back, or a change in another
file would let the loops of an older version decide. A compiled function must only call compiled ones of its own folder.
"""

# mypy: disable-error-code="no-untyped-call"

import hashlib
import inspect
import pickle
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar, cast

import numba
from numba.core.caching import CompileResultCacheImpl, FunctionCache

_Function = TypeVar("_Function", bound=Callable[..., object])

_DIGEST_DIGITS: Final = 16
_UNUSABLE: Final = (OSError, EOFError, pickle.UnpicklingError)
"""What files raise that cannot be read, are cut off, or hold something else."""


def compiled(function: _Function) -> _Function:
    """Compile a function at its first call with each set of types. Other threads run while it runs.

    No tracer sees the lines of compiled code; tests run the same lines uncompiled, as the result's `py_func`.
    """
    dispatcher = numba.njit(function, nogil=True)
    with suppress(RuntimeError, OSError):  # no folder to keep it in, or no source file to name it after
        dispatcher._cache = _KeptCode(function)  # noqa: SLF001  as its own enable_caching does
    return cast("_Function", dispatcher)


class _Names(CompileResultCacheImpl):
    """Names of files, with the content of the sources in them."""

    def __init__(self, function: Callable[..., object]) -> None:
        digest = hashlib.sha256()
        for source in sorted(Path(inspect.getfile(function)).parent.glob("*.py")):
            digest.update(hashlib.sha256(source.read_bytes()).digest())
        self._digest = digest.hexdigest()[:_DIGEST_DIGITS]
        super().__init__(function)

    def get_filename_base(self, fullname: str, abiflags: str) -> str:
        return f"{super().get_filename_base(fullname, abiflags)}-{self._digest}"


class _KeptCode(FunctionCache):
    """Numba's files of compiled code, as a help and never a need."""

    _impl_class = _Names

    def load_overload(self, sig: object, target_context: object) -> object:
        """Return the code kept for a signature; None if there is none that can be read."""
        with suppress(*_UNUSABLE):
            return super().load_overload(sig, target_context)
        return None

    def save_overload(self, sig: object, data: object) -> None:
        """Keep the code for a signature, if that can be done."""
        with suppress(*_UNUSABLE):
            super().save_overload(sig, data)
