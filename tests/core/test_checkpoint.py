import base64
from collections.abc import Callable, Iterator

import pytest

from demur.core.checkpoint import Checkpoint, verify_checkpoint
from demur.core.errors import DemurError, FormatError, SignatureMismatchError
from demur.core.note import Signer, sign_note

Damage = Callable[[bytes], Iterator[bytes]]
ROOT = base64.b64encode(bytes(32)).decode()


def test_a_checkpoint_is_three_lines_that_people_can_read(log_signer: Signer) -> None:
    checkpoint = Checkpoint("lumen.example/log", 42, bytes(32))
    note = checkpoint.sign(log_signer)
    assert note.decode().startswith(f"lumen.example/log\n42\n{ROOT}\n\n— lumen.example/log ")
    assert verify_checkpoint(note, log_signer.verifier_key) == checkpoint


def test_one_flipped_bit_anywhere_in_a_checkpoint_is_refused(log_signer: Signer, every_flip: Damage) -> None:
    for flipped in every_flip(Checkpoint("lumen.example/log", 42, bytes(32)).sign(log_signer)):
        with pytest.raises(DemurError):
            verify_checkpoint(flipped, log_signer.verifier_key)


def test_checkpoint_signed_by_a_stranger_is_refused(log_signer: Signer, stranger: Signer) -> None:
    note = Checkpoint("lumen.example/log", 42, bytes(32)).sign(stranger)
    with pytest.raises(SignatureMismatchError):
        verify_checkpoint(note, log_signer.verifier_key)


@pytest.mark.parametrize(
    "text",
    [
        f"agora.example/log\n42\n{ROOT}\n",
        f"lumen.example/log\n042\n{ROOT}\n",
        f"lumen.example/log\n-1\n{ROOT}\n",
        f"lumen.example/log\n4٢\n{ROOT}\n",
        f"lumen.example/log\n{10**19}\n{ROOT}\n",
        f"lumen.example/log\n42\n{ROOT}\nextension\n",
        "lumen.example/log\n42\nAAAA\n",
        f"lumen.example/log\n42\n{ROOT.replace('=', '')}\n",
        "lumen.example/log\n",
        "\n",
    ],
    ids=[
        "another origin",
        "leading zero",
        "negative size",
        "other digits",
        "huge size",
        "extension line",
        "short root",
        "unpadded root",
        "origin only",
        "empty",
    ],
)
def test_another_text_signed_by_the_log_is_no_checkpoint(text: str, log_signer: Signer) -> None:
    with pytest.raises(FormatError):
        verify_checkpoint(sign_note(text, log_signer), log_signer.verifier_key)
