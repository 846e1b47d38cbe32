"""A run of the gate in a process of its own, for tests that kill it, starve it or run beside it.

    python gate_child.py INPUT OUT [LIMIT_BYTES]

Says "holding" when it has decided about the first rows, and goes on when it reads a line. At the end it says "done", or
the name of the error. LIMIT_BYTES bounds the size of the files that it may write.
"""

import resource
import sys
from pathlib import Path

from gate_world import GATE_SIGNER, batch_of, list_of, mapping, row

from demur.gate.decision import decide
from demur.gate.errors import GateError
from demur.gate.run import GateRequest, run_gate


def main(inputs: str, out: str, *limit_bytes: str) -> None:
    decide(batch_of(row()), mapping(), list_of("lumen:ada"))  # what is compiled is kept in files, which have no limit
    if limit_bytes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit_bytes[0]), int(limit_bytes[0])))
    held: list[bool] = []

    def hold(_done: int, _total: int) -> None:
        if not held:
            held.append(True)
            print("holding", flush=True)
            sys.stdin.readline()

    try:
        run_gate(GateRequest(Path(inputs), mapping(), Path(out)), list_of("lumen:ada"), GATE_SIGNER, hold)
    except GateError as error:
        print(type(error).__name__, error, flush=True)
    else:
        print("done", flush=True)


main(*sys.argv[1:])
