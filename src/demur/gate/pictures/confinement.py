"""How a process locks itself in: an end of memory, no file, no other program, no network. It cannot be undone.

Resource limits hold everywhere. Landlock (Linux 5.13 and later) takes the files away, and what else its version knows;
a seccomp filter takes away the system calls by which a process starts others, talks to the network, or reaches into its
neighbours. Where the kernel lacks these two, or forbids them, the limits alone remain: without a free file descriptor
nothing can be opened and no socket made, and neither root nor a faulty kernel is held by any of it.

Sources: landlock(7), seccomp(2), setrlimit(2); struct landlock_ruleset_attr, struct sock_filter of Linux 6.18.
"""

import ctypes
import os
import resource
import struct
from typing import Final

MEMORY_BYTES: Final = 2 << 30
"""Address space of the process: its code takes 0.4 GB, 50 megapixels of PNG with transparency 1.1 GB."""

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2

_LANDLOCK_CREATE, _LANDLOCK_RESTRICT = 444, 446
_LANDLOCK_VERSION: Final = 1
_FILE_RIGHTS: Final = (0, 13, 14, 15, 15, 16)
"""How many kinds of access to files each version of Landlock knows; those after the fifth as many as it."""

_ALL_NETWORK, _ALL_SCOPES = 0b11, 0b11
_NETWORK_SINCE, _SCOPES_SINCE = 4, 6

_AUDIT_ARCH: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_FORBIDDEN: Final = {
    # socket, connect, socketpair, execve, execveat, kill, ptrace, process_vm_readv, process_vm_writev, the three of
    # io_uring, through which most others can be called; and fork and vfork where clone is not all there is.
    "x86_64": (41, 42, 53, 59, 322, 62, 101, 310, 311, 425, 426, 427, 57, 58),
    "aarch64": (198, 203, 199, 221, 281, 129, 117, 270, 271, 425, 426, 427),
}
_CLONE: Final = {"x86_64": 56, "aarch64": 220}
_CLONE3: Final = 435
_CLONE_VM: Final = 0x100
_OTHER_NUMBERS: Final = 0x40000000
"""From here on the same calls have other numbers (x32)."""

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_ALLOW, _KILL, _REFUSE, _NOT_KNOWN = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026
_INSTRUCTION: Final = struct.Struct("=HBBI")

_libc: Final = ctypes.CDLL(None, use_errno=True)


def confine() -> None:
    """Lock this process in. Open files stay open; threads can still be started."""
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    take_files_away()
    _set_limits()
    _take_calls_away(os.uname().machine)


def _set_limits() -> None:
    for which, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(which, (most, most))


def take_files_away() -> None:
    """Use Landlock without a single exception, if there is any."""
    version = _libc.syscall(_LANDLOCK_CREATE, None, 0, _LANDLOCK_VERSION)
    if version <= 0:
        return
    files = (1 << _FILE_RIGHTS[min(version, len(_FILE_RIGHTS) - 1)]) - 1
    network = _ALL_NETWORK if version >= _NETWORK_SINCE else 0
    scopes = _ALL_SCOPES if version >= _SCOPES_SINCE else 0
    # Older versions know fewer fields, and take longer ones as long as what they do not know is zero.
    attributes = struct.pack("=QQQ", files, network, scopes)
    ruleset = _libc.syscall(_LANDLOCK_CREATE, attributes, len(attributes), 0)
    if ruleset >= 0:
        _libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0)
        os.close(ruleset)


def _take_calls_away(machine: str) -> None:
    """Install a filter of system calls, if they are known for this machine."""
    if machine not in _AUDIT_ARCH:
        return
    program = seccomp_program(machine)
    instructions = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: how many instructions, and where they are.
    whole = struct.pack("@HP", len(program) // _INSTRUCTION.size, ctypes.addressof(instructions))
    _libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, whole, 0, 0)


def seccomp_program(machine: str) -> bytes:
    """Return the filter: the forbidden calls fail, so does `clone` for anything but a thread."""
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_EQUAL, 1, 0, _AUDIT_ARCH[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_AT_LEAST, 0, 1, _OTHER_NUMBERS),
        (_RETURN, 0, 0, _REFUSE),
    ]
    for number in _FORBIDDEN[machine]:
        steps += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _REFUSE)]
    steps += [
        # The kernel cannot look into the arguments of clone3; libraries then take clone.
        (_EQUAL, 0, 1, _CLONE3),
        (_RETURN, 0, 0, _NOT_KNOWN),
        (_EQUAL, 0, 3, _CLONE[machine]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (_ANY_BIT, 1, 0, _CLONE_VM),
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(_INSTRUCTION.pack(*step) for step in steps)
