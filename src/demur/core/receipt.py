"""Receipts: a controller's signed statement that something was logged, with the proof that it was.

A receipt is JSON in its one readable form, so that no byte can be changed without being noticed. It carries what was
stated, the salt of the commitment, the inclusion proof and the checkpoint that the log signed. It is checked offline.
Specified in docs/spec/receipt.md.
"""

import base64
from dataclasses import dataclass

from demur.core.canonical import JsonObject, parse_readable_json, readable_json
from demur.core.checkpoint import Checkpoint, verify_checkpoint
from demur.core.entry import SALT_BYTES, Event, make_entry
from demur.core.errors import CommitmentMismatchError, FormatError, RootHashMismatchError, SignatureMismatchError
from demur.core.fields import Fields, parse_base64
from demur.core.merkle import HASH_BYTES, leaf_hash, verify_inclusion
from demur.core.note import VerifierKey, parse_verifier_key

FORM = "demur-receipt/v1"


@dataclass(frozen=True)
class Receipt:
    """What a person keeps.

    Attributes:
        event: what was logged.
        statement: what was stated about it.
        salt: 32 bytes that, with the statement, give the logged commitment.
        leaf_index: the entry's place in the log, from 0.
        inclusion_proof: the nodes from the entry to the root, lowest first.
        checkpoint: the log's signed note, as text.
        log_key: the key that signed it, as the controller publishes it. A receipt that names its own key shows
            nothing until that key is compared with one from elsewhere.
    """

    event: Event
    statement: JsonObject
    salt: bytes
    leaf_index: int
    inclusion_proof: tuple[bytes, ...]
    checkpoint: str
    log_key: VerifierKey

    def to_bytes(self) -> bytes:
        """Return the receipt file's bytes."""
        return readable_json(
            {
                "checkpoint": self.checkpoint,
                "event": self.event,
                "form": FORM,
                "inclusion_proof": [base64.b64encode(node).decode() for node in self.inclusion_proof],
                "leaf_index": self.leaf_index,
                "log_key": str(self.log_key),
                "salt": self.salt.hex(),
                "statement": self.statement,
            },
        ).encode()


def parse_receipt(raw: bytes) -> Receipt:
    """Parse a receipt file, checking its form only.

    Raises:
        FormatError: not a receipt, or one that was edited.
    """
    try:
        fields = Fields(parse_readable_json(raw.decode()), "the receipt")
    except UnicodeDecodeError as error:
        raise FormatError("the receipt is damaged: it is not UTF-8 text") from error
    if fields.text("form") != FORM:
        raise FormatError(f"this is not a receipt of the format {FORM}")
    try:
        event = Event(fields.text("event"))
    except ValueError as error:
        raise FormatError("the receipt names an event that this version does not know") from error
    receipt = Receipt(
        event=event,
        statement=fields.object("statement"),
        salt=fields.hex_bytes("salt", SALT_BYTES),
        leaf_index=fields.count("leaf_index"),
        inclusion_proof=tuple(parse_base64(node, HASH_BYTES) for node in fields.items("inclusion_proof")),
        checkpoint=fields.text("checkpoint"),
        log_key=parse_verifier_key(fields.text("log_key")),
    )
    fields.end()
    return receipt


def verify_receipt(receipt: Receipt, key: VerifierKey) -> Checkpoint:
    """Check a receipt against the key that the reader trusts; return the checkpoint it is shown under.

    Raises:
        FormatError: the checkpoint is not one of this log.
        SignatureMismatchError: the receipt names another key, or its checkpoint is not signed by this one.
        CommitmentMismatchError: statement, salt or event are not what was logged, or the proof is of another entry.
    """
    if receipt.log_key != key:
        raise SignatureMismatchError(f'the receipt names another key than that of "{key.name}" ({key.key_id.hex()})')
    checkpoint = verify_checkpoint(receipt.checkpoint.encode(), key)
    leaf = leaf_hash(make_entry(receipt.event, receipt.statement, receipt.salt).to_bytes())
    try:
        verify_inclusion(leaf, receipt.leaf_index, checkpoint.tree_size, receipt.inclusion_proof, checkpoint.root_hash)
    except RootHashMismatchError as error:
        raise CommitmentMismatchError(
            "the receipt was changed: its statement and proof do not lead to what the log signed",
        ) from error
    return checkpoint
