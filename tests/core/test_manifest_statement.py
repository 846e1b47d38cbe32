import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from demur.core.errors import DemurError, FormatError, SignatureMismatchError
from demur.core.gate_manifest import (
    FORM,
    GateManifest,
    GateMode,
    KeptAndWithheld,
    ManifestFile,
    TableVersion,
    verify_manifest,
)
from demur.core.note import Signer
from demur.core.statement import sign_statement

Damage = Callable[[bytes], Iterator[bytes]]
MANIFEST = GateManifest(
    list_number=7,
    list_header_sha256=b"\x01" * 32,
    list_kinds={"account": 3, "face": 1},
    kinds_not_applied=("face",),
    mapping_sha256=b"\x02" * 32,
    catalogue_sha256=b"\x07" * 32,
    rules={"author-objected": 1, "private-message": 2},
    mode=GateMode.LINK,
    inputs=(ManifestFile("a.parquet", b"\x03" * 32, 6), ManifestFile("b/c.parquet", b"\x04" * 32, 4)),
    outputs=(
        ManifestFile("kept/a.parquet", b"\x05" * 32, 5),
        ManifestFile("kept/b/c.parquet", b"\x04" * 32, 4),
        ManifestFile("withheld/a.parquet", b"\x06" * 32, 1),
    ),
    linked=("kept/b/c.parquet",),
    kept_rows=8,
    withheld_rows=2,
    withheld_by_reason={"author-objected": 2, "private-message": 1},
    rows_by_product={"lumen": KeptAndWithheld(5, 2), "unknown": KeptAndWithheld(3, 0)},
    rows_by_month={"2026-11": KeptAndWithheld(8, 2)},
)


def test_a_manifest_survives_the_way_to_disk_and_back(gate_signer: Signer) -> None:
    assert verify_manifest(MANIFEST.sign(gate_signer), gate_signer.verifier_key) == MANIFEST


def test_a_run_without_a_catalogue_says_so(gate_signer: Signer) -> None:
    without = dataclasses.replace(MANIFEST, catalogue_sha256=None)
    assert verify_manifest(without.sign(gate_signer), gate_signer.verifier_key) == without
    assert b'"catalogue_sha256": null' in without.sign(gate_signer)


def test_silence_about_the_catalogue_is_refused(gate_signer: Signer) -> None:
    body = {name: value for name, value in MANIFEST.to_body().items() if name != "catalogue_sha256"}
    with pytest.raises(FormatError, match="catalogue_sha256"):
        verify_manifest(sign_statement(FORM, body, gate_signer), gate_signer.verifier_key)


def test_a_run_over_a_table_says_which_and_at_which_version(gate_signer: Signer) -> None:
    table = TableVersion("iceberg", "1220d7a4-8b06-4aa2-ae79-eb66210bae1e", "8542151082256128088")
    of_table = dataclasses.replace(MANIFEST, table=table)
    assert verify_manifest(of_table.sign(gate_signer), gate_signer.verifier_key) == of_table


def test_the_same_run_gives_the_same_bytes(gate_signer: Signer) -> None:
    turned = dataclasses.replace(MANIFEST, rules=dict(reversed(MANIFEST.rules.items())))
    assert turned.sign(gate_signer) == MANIFEST.sign(gate_signer)


def test_one_flipped_bit_anywhere_in_a_manifest_is_refused(gate_signer: Signer, every_flip: Damage) -> None:
    for flipped in every_flip(MANIFEST.sign(gate_signer)):
        with pytest.raises(DemurError):
            verify_manifest(flipped, gate_signer.verifier_key)


def test_manifest_signed_by_the_key_of_lists_is_refused(gate_signer: Signer, list_signer: Signer) -> None:
    with pytest.raises(SignatureMismatchError):
        verify_manifest(MANIFEST.sign(list_signer), gate_signer.verifier_key)


@pytest.mark.parametrize(
    "change",
    [
        {"kept_rows": 9},
        {"withheld_rows": 0},
        {"kept_rows": -1},
        {"list_kinds": {"account": -3}},
        {"list_kinds": {"account": "3"}},
        {"list_kinds": []},
        {"kinds_not_applied": [1]},
        {"inputs": [{"path": "a.parquet", "rows": 10}]},
        {"inputs": [{"path": "a.parquet", "rows": 10, "sha256": "00" * 32, "bytes": 5}]},
        {"inputs": ["a.parquet"]},
        {"mapping_sha256": "00"},
        {"catalogue_sha256": "00"},
        {"catalogue_sha256": False},
        {"mode": "copy"},
        {"rows_by_month": {"2026-11": {"kept": 8, "withheld": 1}}},  # a row of no month
        {"rows_by_month": {"2026-11": {"kept": 9, "withheld": 1}}},
        {"rows_by_month": {"2026-11": {"kept": 8, "withheld": 2}, "2026-12": {"kept": 0, "withheld": 0}}},
        {"rows_by_product": {"lumen": {"kept": 8, "withheld": 2, "left": 0}}},
        {"rows_by_product": {"lumen": 10}},
        {"rows_by_product": None},
        {"mode": None},
        {"table": {"format": "delta", "id": "1"}},
        {"table": {"format": "delta", "id": "1", "version": 5}},
        {"table": {"format": "delta", "id": "1", "version": "5", "branch": "main"}},
        {"table": "delta"},
        {"linked": ["kept/a.parquet"]},  # its bytes are not the input's
        {"linked": ["kept/d.parquet"]},
        {"linked": ["withheld/a.parquet"]},
        {"linked": "kept/b/c.parquet"},
        {"model": "unknown fields are not passed over"},
    ],
    ids=str,
)
def test_a_signed_manifest_that_makes_no_sense_is_refused(change: dict[str, Any], gate_signer: Signer) -> None:
    note = sign_statement(FORM, {**MANIFEST.to_body(), **change}, gate_signer)
    with pytest.raises(FormatError):
        verify_manifest(note, gate_signer.verifier_key)
