"""Signed statements: a signed note whose text is one line naming the format, then JSON in its one readable form.

    demur-gate-manifest/v1
    {
      "counts": {...
    }

    — demur.example/gate wFwUzQ...

Specified in docs/spec/signed-statement.md.
"""

from demur.core.canonical import JsonObject, parse_readable_json, readable_json
from demur.core.errors import FormatError
from demur.core.note import Signer, VerifierKey, sign_note, verify_note


def sign_statement(form: str, body: JsonObject, signer: Signer) -> bytes:
    """Return the note that states `body` in the named format."""
    return sign_note(f"{form}\n{readable_json(body)}", signer)


def verify_statement(raw: bytes, form: str, key: VerifierKey) -> JsonObject:
    """Return the body of a statement of that format, signed by that key.

    Raises:
        FormatError: a note of another format, or a body in another than its one form.
        SignatureMismatchError: not signed by this key.
    """
    return _body(verify_note(raw, key), form)


def _body(text: str, form: str) -> JsonObject:
    first, _, body = text.partition("\n")
    if first != form:
        raise FormatError(f'wanted a statement of the format "{form}", found another')
    return parse_readable_json(body)
