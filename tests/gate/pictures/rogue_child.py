"""A child that does what a hostile file could make of it, at the word of a picture.

python -I rogue_child.py [unconfined [faces] | hasty | small]
"""

import ctypes
import os
import runpy
import signal
import sys

from demur.gate.pictures import confinement, looking_child
from demur.gate.pictures.looking_frames import Answer, Task, pack_answer
from demur.gate.pictures.picture_finding import PictureFinding
from demur.photos.pdq import PdqHash
from demur.reservations.outcome import Outcome

ANSWERS_FD = 3
ANSWER = pack_answer(Answer(PictureFinding(PdqHash(b"\7" * 32, 99), Outcome.KEEP)))
_honest = looking_child.look


def look(task: Task, raw: bytes) -> PictureFinding:
    word = raw[:20].rstrip(b"\0")
    if word == b"crash":
        ctypes.string_at(0)
    elif word == b"leave":
        os._exit(0)
    elif word == b"sleep":
        signal.pause()
    elif word == b"spin":
        while True:
            pass
    elif word == b"hoard":
        kept = [bytes(100 << 20) for _ in range(100)]
        del kept
    elif word == b"grow":
        looking_child.MOST_RESIDENT_BYTES = 1
    elif word.startswith(b"say "):
        os.write(ANSWERS_FD, {b"short": ANSWER[:7], b"twice": ANSWER * 2, b"rubbish": b"\xee" * len(ANSWER)}[word[4:]])
        if word == b"say short":
            os._exit(0)
    return _honest(task, raw)


class _Hasty:
    """An input of which a picture of more than 2 MiB is not read, and one of more than 16 ends the child."""

    def read(self, size: int) -> bytes:
        if size < 1 << 21:
            return sys.__stdin__.buffer.raw.read(size)
        if size > 1 << 24:
            os.close(0)  # in this order, which the kernel does not promise at an exit
            os._exit(0)
        os.write(ANSWERS_FD, ANSWER)
        signal.pause()
        return b""


if sys.argv[1:2] == ["unconfined"]:
    confinement.confine = lambda: None
    runpy.run_module("demur.gate.pictures.looking_child", run_name="__main__", alter_sys=True)
elif sys.argv[1:] == ["hasty"]:
    serve = looking_child.serve
    looking_child.serve = lambda _questions, answers, count: serve(_Hasty(), answers, count)
    looking_child.main()
elif sys.argv[1:] == ["small"]:
    looking_child.MOST_RESIDENT_BYTES = 600 << 20
    looking_child.main()
else:
    looking_child.CPU_SECONDS = 1
    looking_child.look = look
    looking_child.main()
