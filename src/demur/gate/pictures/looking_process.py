"""One child process that looks at pictures, as the gate sees it: asked, waited for, ended, and started anew."""

import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from fcntl import F_SETPIPE_SZ, fcntl
from typing import Final, NamedTuple

from demur.gate.errors import PictureProcessError
from demur.gate.pictures.looking_frames import (
    ANSWER_BYTES,
    QUESTION,
    READY,
    UNREADABLE,
    WITH_FACES,
    Answer,
    Embeddings,
    FacesAnswer,
    Task,
    count_faces_bytes,
    parse_answer,
    parse_faces,
)
from demur.gate.pictures.picture_finding import PictureFinding

WAIT_SECONDS: Final = 60.0
"""For an answer. The child's own CPU time is bounded to less: this ends one that sleeps or was taken over."""

START_SECONDS: Final = 300.0
"""For a child to load and, on the first run on a machine, to compile."""

_PIPE_BYTES: Final = 1 << 20
"""So that most pictures fit at once; a pipe is smaller where the kernel allows no more."""

_COMMAND: Final = (sys.executable, "-I", "-W", "ignore", "-m", "demur.gate.pictures.looking_child")
_PLACES_OF_CACHES: Final = ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "HOME")
"""All that a child is told of the environment: where compiled loops are kept."""


_ONE_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""Each thread takes address space, of which the child has little."""

LAST_WORDS: Final = Answer(UNREADABLE, is_last=True)
"""What is taken for the answer of a child that gave none."""


class _Form(NamedTuple):
    """How an answer is read: how long it is by its beginning, and what it says."""

    count_bytes: Callable[[bytes], int]
    parse: Callable[[bytes], Answer | FacesAnswer | None]


_PLAIN: Final = _Form(lambda _heard: ANSWER_BYTES, parse_answer)
_FACES: Final = _Form(count_faces_bytes, parse_faces)

starting = threading.Lock()
"""Held while a child is started. Who forks this process takes it: a pipe that nobody knows of would stay open."""


class _DiedError(Exception):
    """The child ended, said what it cannot mean, or was not heard of in time."""


class LookingProcess:
    """A child that is started when it is first needed. For one thread at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._in = self._out = -1
        self._is_ready = self._has_faces = False

    def look(self, task: Task, picture: bytes) -> PictureFinding:
        """Return what a child finds out about a picture, or that it is unreadable if it was the child's end.

        Raises:
            PictureProcessError: no child could be started.
        """
        answer = self._ask(task, picture, _PLAIN)
        return answer.finding if isinstance(answer, Answer) else UNREADABLE

    def find_faces(self, picture: bytes) -> Embeddings | None:
        """Return the faces that a child finds in a picture, or None if it is unreadable or was the child's end.

        Raises:
            PictureProcessError: no child could be started.
        """
        if not self._has_faces:
            self.end()
            self._has_faces = True
        answer = self._ask(Task.FIND_FACES, picture, _FACES)
        return answer.embeddings if isinstance(answer, FacesAnswer) else None

    def _ask(self, task: Task, picture: bytes, form: _Form) -> Answer | FacesAnswer:
        self._get_ready()
        try:
            answer = self._exchange(QUESTION.pack(task, len(picture)) + picture, WAIT_SECONDS, form)
        except _DiedError:
            answer = LAST_WORDS
        except BaseException:  # a Ctrl-C: the answer to this picture must not be taken for that to the next
            self.end()
            raise
        if answer.is_last:
            self._begin()  # and do not wait: it loads while the gate does something else
        return answer

    def _get_ready(self) -> None:
        """Start a child if there is none that can be asked, and wait until it has locked itself in."""
        if self._process is None or self._process.poll() is not None or (self._is_ready and self._says_something()):
            self._begin()
        if self._is_ready:
            return
        try:
            self._is_ready = self._exchange(b"", START_SECONDS, _PLAIN) == READY
        except _DiedError as error:
            raise _not_started() from error
        finally:
            if not self._is_ready:
                self.end()
        if not self._is_ready:
            raise _not_started()

    def _begin(self) -> None:
        """Begin to start a child. A former one is ended."""
        self.end()
        environment = {name: os.environ[name] for name in _PLACES_OF_CACHES if name in os.environ}
        try:
            with starting:
                self._process = process = subprocess.Popen(  # noqa: S603  (the command is a constant)
                    (*_COMMAND, *([WITH_FACES] if self._has_faces else [])),
                    bufsize=0,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env=environment | _ONE_THREAD,
                    cwd="/",
                )
        except OSError as error:
            raise _not_started() from error
        assert process.stdin is not None  # noqa: S101  (for the types: it was asked for)
        assert process.stdout is not None  # noqa: S101
        self._in, self._out = process.stdin.fileno(), process.stdout.fileno()
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)
        with suppress(OSError):
            fcntl(self._in, F_SETPIPE_SZ, _PIPE_BYTES)

    def end(self) -> None:
        """End the child at once, whatever it does, and leave nothing of it."""
        if self._process is None:
            return
        process, self._process, self._is_ready = self._process, None, False
        process.kill()
        with process:  # closes the pipes, and waits
            pass

    def forget(self) -> None:
        """Let go of the child of the process that this one is a fork of: it must notice when that one ends."""
        if self._process is None:
            return
        process, self._process, self._is_ready = self._process, None, False
        process.returncode = 0  # it is not ours to wait for
        for pipe in filter(None, (process.stdin, process.stdout)):
            pipe.close()

    def _says_something(self) -> bool:
        poll = select.poll()
        poll.register(self._out, select.POLLIN)
        return bool(poll.poll(0))

    def _exchange(self, question: bytes, most_seconds: float, form: _Form) -> Answer | FacesAnswer:
        """Write a question and read an answer, in whatever pieces the pipes take and give them.

        Raises:
            _DiedError: there is no answer that can be taken.
        """
        until = time.monotonic() + most_seconds
        left, heard = memoryview(question), b""
        poll = select.poll()
        poll.register(self._out, select.POLLIN)
        if left:
            poll.register(self._in, select.POLLOUT)
        while (missing := form.count_bytes(heard) - len(heard)) > 0:
            ready = dict(poll.poll(max(0, until - time.monotonic()) * 1000))
            if not ready:
                raise _DiedError
            if self._in in ready:
                left = left[self._write(left) :]
                if not left:
                    poll.unregister(self._in)
            if self._out in ready:
                heard += self._read(missing)
        answer = form.parse(heard)
        if left or answer is None:
            raise _DiedError
        return answer

    def _write(self, left: memoryview) -> int:
        try:
            return os.write(self._in, left)
        except OSError as error:
            raise _DiedError from error

    def _read(self, missing: int) -> bytes:
        # One byte more than there may be: then it is no answer.
        piece = os.read(self._out, missing + 1)
        if not piece:
            raise _DiedError
        return piece


def _not_started() -> PictureProcessError:
    return PictureProcessError(
        "no process that looks at pictures could be started; nothing was decided about them",
        hint="see whether there is memory and a place for one more process, and run again",
    )
