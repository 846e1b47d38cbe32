from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.core.errors import FormatError, UnsealError
from demur.core.sealing import SEGMENT_BYTES, TAG_BYTES, seal, unseal

Damage = Callable[[bytes], Iterator[bytes]]
KEY, SALT, PURPOSE = b"\x01" * 32, b"\x02" * 32, b"demur-test/v1"
STEP = SEGMENT_BYTES + TAG_BYTES


@given(st.binary(max_size=2000), st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_what_was_sealed_is_unsealed(plaintext: bytes, key: bytes, salt: bytes) -> None:
    assert unseal(seal(plaintext, key, salt, PURPOSE), key, salt, PURPOSE) == plaintext


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2 * SEGMENT_BYTES + 1))
def test_each_segment_begun_costs_sixteen_bytes(size: int) -> None:
    sealed = seal(bytes(size), KEY, SALT, PURPOSE)
    assert len(sealed) == size + TAG_BYTES * max(1, -(-size // SEGMENT_BYTES))
    assert unseal(memoryview(sealed), KEY, SALT, PURPOSE) == bytes(size)


@pytest.mark.parametrize("size", [0, 1, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 2 * SEGMENT_BYTES])
def test_sizes_around_a_segments_end_survive(size: int) -> None:
    plaintext = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    assert unseal(seal(plaintext, KEY, SALT, PURPOSE), KEY, SALT, PURPOSE) == plaintext


def test_one_flipped_bit_anywhere_in_sealed_bytes_is_refused(every_flip: Damage, every_cut: Damage) -> None:
    sealed = seal(b"ada objects", KEY, SALT, PURPOSE)
    for damaged in (*every_flip(sealed), *every_cut(sealed)):
        with pytest.raises(UnsealError):
            unseal(damaged, KEY, SALT, PURPOSE)


def test_another_key_salt_or_purpose_does_not_open() -> None:
    sealed = seal(b"ada objects", KEY, SALT, PURPOSE)
    for key, salt, purpose in ((SALT, SALT, PURPOSE), (KEY, KEY, PURPOSE), (KEY, SALT, b"demur-test/v2")):
        with pytest.raises(UnsealError, match="do not open"):
            unseal(sealed, key, salt, purpose)


def test_reordered_dropped_repeated_or_cut_off_segments_do_not_open() -> None:
    sealed = seal(b"a" * SEGMENT_BYTES + b"b" * SEGMENT_BYTES + b"c", KEY, SALT, PURPOSE)
    first, second, third = sealed[:STEP], sealed[STEP : 2 * STEP], sealed[2 * STEP :]
    for attack in (
        second + first + third,
        first + third,
        second + third,
        first + second,
        first,
        first + first + second + third,
        first + second + third + third,
        first + second + second,
    ):
        with pytest.raises(UnsealError):
            unseal(attack, KEY, SALT, PURPOSE)


def test_a_segment_of_another_file_under_the_same_key_does_not_open() -> None:
    one, other = (seal(b"x" * SEGMENT_BYTES + b"y", KEY, bytes([n]) * 32, PURPOSE) for n in (3, 4))
    with pytest.raises(UnsealError):
        unseal(one[:STEP] + other[STEP:], KEY, b"\x03" * 32, PURPOSE)


@pytest.mark.parametrize(("key", "salt"), [(b"", SALT), (KEY[:16], SALT), (KEY, b""), (KEY, SALT + b"\x00")])
def test_a_key_or_salt_of_another_length_is_refused(key: bytes, salt: bytes) -> None:
    with pytest.raises(FormatError, match="a sealing key is 32 bytes"):
        seal(b"", key, salt, PURPOSE)
