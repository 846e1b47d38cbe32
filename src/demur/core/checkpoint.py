"""Checkpoints: what a log commits to at one moment (C2SP tlog-checkpoint).

demur.example/log       <- origin: the log's own name, the same as its key's
42                      <- tree size, in decimal
qINS1GRFgWHw...=        <- root hash, Base64
"""

import base64
import re
from dataclasses import dataclass

from demur.core.errors import FormatError
from demur.core.fields import parse_base64
from demur.core.merkle import HASH_BYTES
from demur.core.note import Signer, VerifierKey, sign_note, verify_note

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}\Z")


@dataclass(frozen=True)
class Checkpoint:
    """The state of a log: its origin, number of entries and root hash (32 bytes)."""

    origin: str
    tree_size: int
    root_hash: bytes

    def sign(self, signer: Signer) -> bytes:
        """Return the signed note. The log's name and its key's name are the same (C2SP tlog-checkpoint)."""
        root = base64.b64encode(self.root_hash).decode()
        return sign_note(f"{self.origin}\n{self.tree_size}\n{root}\n", signer)


def verify_checkpoint(raw: bytes, key: VerifierKey) -> Checkpoint:
    """Return the checkpoint of a note that the log's key has signed.

    Raises:
        FormatError: a signed note that is not a checkpoint of this log.
        SignatureMismatchError: not signed by this key.
    """
    lines = verify_note(raw, key).split("\n")
    if len(lines) != len(("origin", "size", "root", "")) or lines[0] != key.name or not _SIZE.fullmatch(lines[1]):
        raise FormatError(f'the signed note is not a checkpoint of the log "{key.name}"')
    return Checkpoint(lines[0], int(lines[1]), parse_base64(lines[2], HASH_BYTES))
