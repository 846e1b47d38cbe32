"""A process that looks at a picture, says which child did it, and then does what it is told.

python looking_run.py end | wait | fork
"""

import multiprocessing
import os
import sys

from looking_children import children_of

from demur.gate.pictures.looking import look_at_pictures


def look() -> None:
    look_at_pictures([b""])
    print(*children_of(os.getpid()), flush=True)


def copy_of_this() -> None:
    assert not children_of(os.getpid())
    look()
    print("copied", flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    look()
    if sys.argv[1] == "wait":
        sys.stdin.readline()
    elif sys.argv[1] == "fork":
        (first,) = children_of(os.getpid())
        copy = multiprocessing.get_context("fork").Process(target=copy_of_this)
        # A copy has no standard input of its own, unless it is handed over.
        kept = os.dup(0)
        sys.stdin = os.fdopen(kept)
        copy.start()
        copy.join()
        look()
        assert children_of(os.getpid()) == [first]
