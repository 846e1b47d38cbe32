import pytest

from demur.core.errors import FormatError, SignatureMismatchError
from demur.core.note import Signer, sign_note
from demur.core.statement import sign_statement, verify_statement

FORM = "demur-example/v1"


def test_a_statement_is_its_form_then_readable_json(gate_signer: Signer) -> None:
    note = sign_statement(FORM, {"b": 1, "a": "ä"}, gate_signer)
    assert note.decode().startswith(f'{FORM}\n{{\n  "a": "ä",\n  "b": 1\n}}\n\n— lumen.example/gate ')
    assert verify_statement(note, FORM, gate_signer.verifier_key) == {"a": "ä", "b": 1}


def test_a_statement_of_another_form_is_refused(gate_signer: Signer) -> None:
    note = sign_statement("demur-example/v2", {}, gate_signer)
    with pytest.raises(FormatError, match='wanted a statement of the format "demur-example/v1"'):
        verify_statement(note, FORM, gate_signer.verifier_key)


def test_a_statement_by_another_role_of_the_same_controller_is_refused(
    gate_signer: Signer, list_signer: Signer
) -> None:
    with pytest.raises(SignatureMismatchError):
        verify_statement(sign_statement(FORM, {}, list_signer), FORM, gate_signer.verifier_key)


def test_a_signed_body_in_another_than_its_one_form_is_refused(gate_signer: Signer) -> None:
    with pytest.raises(FormatError):
        verify_statement(sign_note(f'{FORM}\n{{"a":1}}\n', gate_signer), FORM, gate_signer.verifier_key)
