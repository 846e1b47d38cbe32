"""Base85 as ZeroMQ spells it (Z85), in which Delta's log names the files of deletion vectors.

Source: https://rfc.zeromq.org/spec/32/
"""

from typing import Final

_ALPHABET: Final = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_WORD_BYTES: Final = 4
_WORD_CHARACTERS: Final = 5


def encode_z85(raw: bytes) -> str:
    """Return bytes, of which there are a multiple of four, as text."""
    words = (int.from_bytes(raw[start : start + _WORD_BYTES]) for start in range(0, len(raw), _WORD_BYTES))
    return "".join(
        _ALPHABET[word // len(_ALPHABET) ** place % len(_ALPHABET)]
        for word in words
        for place in reversed(range(_WORD_CHARACTERS))
    )


def decode_z85(text: str) -> bytes:
    """Return what a text of a multiple of five characters stands for.

    Raises:
        ValueError: a character that stands for nothing.
        OverflowError: five characters that stand for more than four bytes.
    """
    raw = b""
    for start in range(0, len(text), _WORD_CHARACTERS):
        word = 0
        for character in text[start : start + _WORD_CHARACTERS]:
            word = word * len(_ALPHABET) + _ALPHABET.index(character)
        raw += word.to_bytes(_WORD_BYTES)
    return raw
