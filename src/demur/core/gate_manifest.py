"""The gate manifest: what one run of the gate read, by which list and rules, and what it wrote.

A signed statement without any clock time in it, so that the same input and list give the same bytes.
Specified in docs/spec/gate-manifest.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from demur.core.canonical import Json, JsonObject
from demur.core.errors import FormatError
from demur.core.fields import Fields
from demur.core.note import Signer, VerifierKey
from demur.core.statement import sign_statement, verify_statement

FORM = "demur-gate-manifest/v1"
KEPT = "kept"
WITHHELD = "withheld"
"""Folders of an output."""

MANIFEST: Final = "manifest.note"
"""The file in it."""

UNKNOWN: Final = "unknown"
"""In place of a product or a month that nobody has named."""

_SHA256_BYTES = 32


@dataclass(frozen=True)
class KeptAndWithheld:
    """How many rows may train, and how many must not."""

    kept: int
    withheld: int

    def to_body(self) -> JsonObject:
        """Return the counts as a part of a statement's body."""
        return {"kept": self.kept, "withheld": self.withheld}


@dataclass(frozen=True)
class ManifestFile:
    """A file of the run: its path inside the input or output folder, SHA-256 (32 bytes), and number of rows."""

    path: str
    sha256: bytes
    rows: int

    def to_body(self) -> JsonObject:
        """Return the file as a part of a statement's body."""
        return {"path": self.path, "rows": self.rows, "sha256": self.sha256.hex()}


@dataclass(frozen=True)
class TableVersion:
    """A table at one time: the format ("delta" or "iceberg"), the table's own id, and its version or snapshot."""

    format: str
    id: str
    version: str

    def to_body(self) -> JsonObject:
        """Return the version as a part of a statement's body."""
        return {"format": self.format, "id": self.id, "version": self.version}


class GateMode(StrEnum):
    """What a run writes of the rows that are kept."""

    REWRITE = "rewrite"
    LINK = "link"
    DELETES = "deletes"
    IDS = "ids"


@dataclass(frozen=True)
class GateManifest:
    """What one run of the gate did.

    Attributes:
        list_number: of the suppression list that was used.
        list_header_sha256: SHA-256 of its signed header (32 bytes).
        list_kinds: how many entries of each kind it held.
        kinds_not_applied: kinds that the list held and no rule of this run looks for, so that nobody believes
            they were honoured here.
        mapping_sha256: SHA-256 of the source mapping's file (32 bytes).
        catalogue_sha256: SHA-256 of what the controller's catalogue let train (32 bytes); None if none was used.
        rules: the version of each rule that ran, by its reason code.
        mode: what was written of the kept rows.
        inputs: what was read, in order.
        outputs: what was written: kept files (none in the mode "ids") and withheld files.
        linked: paths of the kept files that are an input, byte for byte; only in the mode "link".
        kept_rows: rows that may train.
        withheld_rows: rows that must not; kept + withheld = the sum of the inputs' rows.
        withheld_by_reason: rows by reason code. A row with two reasons counts in both.
        rows_by_product: rows by the product's id, and by "unknown"; empty if they were not counted.
        rows_by_month: rows by the month they are of, "2026-11", and by "unknown"; empty if they were not counted.
        table: the table that was read, at its version; None if the inputs were plain files.
    """

    list_number: int
    list_header_sha256: bytes
    list_kinds: Mapping[str, int]
    kinds_not_applied: tuple[str, ...]
    mapping_sha256: bytes
    catalogue_sha256: bytes | None
    rules: Mapping[str, int]
    mode: GateMode
    inputs: tuple[ManifestFile, ...]
    outputs: tuple[ManifestFile, ...]
    linked: tuple[str, ...]
    kept_rows: int
    withheld_rows: int
    withheld_by_reason: Mapping[str, int]
    rows_by_product: Mapping[str, KeptAndWithheld] = field(default_factory=dict)
    rows_by_month: Mapping[str, KeptAndWithheld] = field(default_factory=dict)
    table: TableVersion | None = None

    def to_body(self) -> JsonObject:
        """Return the manifest as a statement's body."""
        return {
            "catalogue_sha256": None if self.catalogue_sha256 is None else self.catalogue_sha256.hex(),
            "inputs": [file.to_body() for file in self.inputs],
            "kept_rows": self.kept_rows,
            "kinds_not_applied": list(self.kinds_not_applied),
            "linked": list(self.linked),
            "list_header_sha256": self.list_header_sha256.hex(),
            "list_kinds": dict(self.list_kinds),
            "list_number": self.list_number,
            "mapping_sha256": self.mapping_sha256.hex(),
            "mode": str(self.mode),
            "outputs": [file.to_body() for file in self.outputs],
            "rows_by_month": {month: rows.to_body() for month, rows in self.rows_by_month.items()},
            "rows_by_product": {product: rows.to_body() for product, rows in self.rows_by_product.items()},
            "rules": dict(self.rules),
            "table": None if self.table is None else self.table.to_body(),
            "withheld_by_reason": dict(self.withheld_by_reason),
            "withheld_rows": self.withheld_rows,
        }

    def sign(self, signer: Signer) -> bytes:
        """Return the signed manifest."""
        return sign_statement(FORM, self.to_body(), signer)


def verify_manifest(raw: bytes, key: VerifierKey) -> GateManifest:
    """Return the manifest that this key has signed.

    Raises:
        FormatError: not a gate manifest.
        SignatureMismatchError: not signed by this key.
    """
    fields = Fields(verify_statement(raw, FORM, key), "the manifest")
    manifest = GateManifest(
        list_number=fields.count("list_number"),
        list_header_sha256=fields.hex_bytes("list_header_sha256", _SHA256_BYTES),
        list_kinds=_counts(fields.object("list_kinds")),
        kinds_not_applied=tuple(fields.texts("kinds_not_applied")),
        mapping_sha256=fields.hex_bytes("mapping_sha256", _SHA256_BYTES),
        catalogue_sha256=fields.hex_bytes_or_null("catalogue_sha256", _SHA256_BYTES),
        rules=_counts(fields.object("rules")),
        mode=_parse_mode(fields.text("mode")),
        inputs=tuple(_parse_file(item) for item in fields.items("inputs")),
        outputs=tuple(_parse_file(item) for item in fields.items("outputs")),
        linked=tuple(fields.texts("linked")),
        kept_rows=fields.count("kept_rows"),
        withheld_rows=fields.count("withheld_rows"),
        withheld_by_reason=_counts(fields.object("withheld_by_reason")),
        rows_by_product=_rows_by(fields.object("rows_by_product")),
        rows_by_month=_rows_by(fields.object("rows_by_month")),
        table=_parse_table(fields.object_or_null("table")),
    )
    fields.end()
    if manifest.kept_rows + manifest.withheld_rows != sum(file.rows for file in manifest.inputs):
        raise FormatError("the manifest does not add up: kept and withheld rows are not the rows that were read")
    _check_linked(manifest)
    for parts in (manifest.rows_by_product, manifest.rows_by_month):
        _check_parts(manifest, parts)
    return manifest


def _parse_mode(value: str) -> GateMode:
    if value not in set(GateMode):
        raise FormatError("the manifest is of a mode that this version does not know", hint="update demur")
    return GateMode(value)


def _parse_table(value: JsonObject | None) -> TableVersion | None:
    if value is None:
        return None
    fields = Fields(value, "the table of the manifest")
    table = TableVersion(fields.text("format"), fields.text("id"), fields.text("version"))
    fields.end()
    return table


def _check_linked(manifest: GateManifest) -> None:
    """Refuse a file that is said to be an input and is not."""
    inputs = {f"{KEPT}/{file.path}": (file.sha256, file.rows) for file in manifest.inputs}
    outputs = {file.path: (file.sha256, file.rows) for file in manifest.outputs}
    if any(path not in outputs or outputs[path] != inputs.get(path) for path in manifest.linked):
        raise FormatError("the manifest does not add up: a linked file is not the input that it should be")


def _check_parts(manifest: GateManifest, parts: Mapping[str, KeptAndWithheld]) -> None:
    kept, withheld = (sum(rows.kept for rows in parts.values()), sum(rows.withheld for rows in parts.values()))
    if parts and (kept, withheld) != (manifest.kept_rows, manifest.withheld_rows):
        raise FormatError("the manifest does not add up: its rows by product or by month are not all its rows")


def _rows_by(values: JsonObject) -> dict[str, KeptAndWithheld]:
    table = Fields(values, "a table of rows")
    found = {}
    for name in sorted(values):
        fields = Fields(table.object(name), "a part of the rows")
        found[name] = KeptAndWithheld(fields.count("kept"), fields.count("withheld"))
        fields.end()
        if found[name] == KeptAndWithheld(0, 0):
            raise FormatError("the manifest counts a product or a month of which there is no row")
    return found


def _counts(values: JsonObject) -> dict[str, int]:
    fields = Fields(values, "a table of counts")
    return {name: fields.count(name) for name in sorted(values)}


def _parse_file(value: Json) -> ManifestFile:
    fields = Fields(value, "a file of the manifest")
    file = ManifestFile(fields.text("path"), fields.hex_bytes("sha256", _SHA256_BYTES), fields.count("rows"))
    fields.end()
    return file
