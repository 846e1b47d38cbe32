"""The cast: keys made of constants, so that failures repeat, and every way to damage bytes."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, settings

from demur.core.note import Signer

# How long an example takes says more about the machine than about the rule.
settings.register_profile("demur", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("demur")

Damage = Callable[[bytes], Iterator[bytes]]


@pytest.fixture
def log_signer() -> Signer:
    return Signer("lumen.example/log", b"\x11" * 32)


@pytest.fixture
def list_signer() -> Signer:
    return Signer("lumen.example/list", b"\x22" * 32)


@pytest.fixture
def gate_signer() -> Signer:
    return Signer("lumen.example/gate", b"\x33" * 32)


@pytest.fixture
def stranger() -> Signer:
    """Somebody who uses the log's name with a key of their own."""
    return Signer("lumen.example/log", b"\x66" * 32)


@pytest.fixture
def every_flip() -> Damage:
    """Give every file that differs from this one in one bit."""

    def flip(raw: bytes) -> Iterator[bytes]:
        for at in range(len(raw)):
            for bit in range(8):
                yield raw[:at] + bytes([raw[at] ^ 1 << bit]) + raw[at + 1 :]

    return flip


@pytest.fixture
def every_cut() -> Damage:
    """Give every file that ends too early, and some that begin too late or go on too long."""

    def cut(raw: bytes) -> Iterator[bytes]:
        yield from (raw[:end] for end in range(len(raw)))
        yield from (raw[1:], raw + b"\n", raw + b" ", raw + b"\x00", b"\n" + raw, raw + raw, b"\xef\xbb\xbf" + raw)

    return cut


@pytest.fixture
def every_insertion() -> Damage:
    """Give every file with one more white space, zero or letter somewhere in it."""

    def insert(raw: bytes) -> Iterator[bytes]:
        for at in range(len(raw) + 1):
            for extra in (b" ", b"\n", b"\t", b"\r", b"0", b"A"):
                yield raw[:at] + extra + raw[at:]

    return insert
