"""Sealing: authenticated encryption of one file under a key that is used for nothing else.

The file key is HKDF-SHA-256(key, salt, purpose); the salt is fresh for each file, so nonces may simply count. The
plaintext is cut into segments of 1 MiB, each sealed with AES-256-GCM under the nonce (counter, last?), the STREAM
construction as the age format uses it: segments cannot be reordered, dropped or cut off without being noticed.
Specified in docs/spec/sealing.md.
"""

from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from demur.core.errors import FormatError, UnsealError

KEY_BYTES = 32
SALT_BYTES = 32
SEGMENT_BYTES = 1 << 20
TAG_BYTES = 16


def seal(plaintext: bytes, key: bytes, salt: bytes, purpose: bytes) -> bytes:
    """Return the sealed bytes: 16 longer than the plaintext for each segment begun.

    Args:
        plaintext: any length; an empty one is sealed as one empty segment.
        key: 32 secret bytes.
        salt: 32 bytes from a CSPRNG, never used twice with one key; it is public.
        purpose: names the kind of file, so that one kind cannot be passed off as another.
    """
    cipher = _cipher(key, salt, purpose)
    starts = range(0, max(len(plaintext), 1), SEGMENT_BYTES)
    view = memoryview(plaintext)
    return b"".join(
        cipher.encrypt(_nonce(number, last=start == starts[-1]), bytes(view[start : start + SEGMENT_BYTES]), None)
        for number, start in enumerate(starts)
    )


def unseal(sealed: bytes | memoryview, key: bytes, salt: bytes, purpose: bytes) -> bytes:
    """Return the plaintext.

    Raises:
        UnsealError: another key, salt or purpose, or bytes that were changed or cut off.
    """
    cipher = _cipher(key, salt, purpose)
    try:
        return b"".join(_unsealed_segments(memoryview(sealed), cipher))
    except InvalidTag as error:
        raise UnsealError("the sealed bytes do not open: this is another key, or they were changed") from error


def _unsealed_segments(sealed: memoryview, cipher: AESGCM) -> Iterator[bytes]:
    step = SEGMENT_BYTES + TAG_BYTES
    starts = range(0, max(len(sealed), 1), step)
    for number, start in enumerate(starts):
        segment = bytes(sealed[start : start + step])
        if len(segment) < TAG_BYTES:
            raise UnsealError("the sealed bytes do not open: they were cut off")
        yield cipher.decrypt(_nonce(number, last=start == starts[-1]), segment, None)


def _cipher(key: bytes, salt: bytes, purpose: bytes) -> AESGCM:
    if len(key) != KEY_BYTES or len(salt) != SALT_BYTES:
        raise FormatError(f"a sealing key is {KEY_BYTES} bytes and its salt {SALT_BYTES}")
    return AESGCM(HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=purpose).derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
