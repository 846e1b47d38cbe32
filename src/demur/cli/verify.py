"""`demur verify`: check receipts, lists, manifests, logs and checkpoints offline, and say in words what is shown.

For auditors, and for anybody who holds a receipt. A file is recognised by its content, not by its name. Whatever a
file says of itself is printed with every control character taken out, since a file may come from anybody.
"""

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from demur.cli.exit_codes import EXPIRED, NOT_VERIFIED, OK, OTHER, UNKNOWN_SIGNER, UNREADABLE, exit_code
from demur.cli.finding import Finding, SignerUnknownError, print_failure, print_finding
from demur.core import gate_manifest, suppression_list
from demur.core.canonical import Json, instant_text
from demur.core.checkpoint import Checkpoint, verify_checkpoint
from demur.core.entry import Event
from demur.core.errors import DemurError, DigestMismatchError, FormatError
from demur.core.gate_manifest import MANIFEST
from demur.core.note import VerifierKey, parse_note
from demur.core.receipt import parse_receipt, verify_receipt
from demur.ledger.keys import KeyRole, find_verifier_key, load_verifier_keys
from demur.ledger.log import CHECKPOINT_NAME, verify_log

Keys = Mapping[str, VerifierKey]

_WORST_FIRST = (NOT_VERIFIED, EXPIRED, UNREADABLE, OTHER, UNKNOWN_SIGNER, OK)
_CHECKPOINT_LINES = 3
_EVENTS = {
    Event.OBJECTION_RECEIVED: "an objection was received",
    Event.OBJECTION_WITHDRAWN: "an objection was withdrawn",
    Event.DECISION: "a decision was made",
    Event.LIST_PUBLISHED: "a suppression list was published",
    Event.GATE_MANIFEST: "the manifest of a gate's run was handed in",
    Event.SNAPSHOT_DELETED: "a training snapshot was deleted",
}
_FIELDS = {"email": "e-mail", "handles": "handles, as typed"}
_WORDS = {"all-ai-training": "all training of AI"}
_NO_WITNESS = "that the log shows everybody the same view: no witness has signed this checkpoint"
_UNCHECKED_WITNESS = (
    "that the log shows everybody the same view: others have signed this checkpoint too, unchecked here"
)


def verify(
    files: Annotated[list[Path], typer.Argument(help="Receipts, lists, manifests, log folders, checkpoints.")],
    keys: Annotated[Path | None, typer.Option(help="The controller's public keys (public.keys).")] = None,
) -> None:
    """Check files offline, and say in words what is shown and what is not.

    [bold]Examples[/bold]

      demur verify receipt.json --keys public.keys

      demur verify training/manifest.note var/log --keys public.keys
    """
    known = load_verifier_keys(keys) if keys is not None else None
    out = Console(highlight=False, markup=False, soft_wrap=True)
    err = Console(highlight=False, markup=False, soft_wrap=True, stderr=True)
    codes = set()
    for path in files:
        try:
            finding = check_file(path, known)
        except DemurError as error:
            print_failure(err, path, error)
            codes.add(UNKNOWN_SIGNER if isinstance(error, SignerUnknownError) else exit_code(error))
        else:
            print_finding(out, path, finding)
            codes.add(OK if finding.signer_known else UNKNOWN_SIGNER)
    raise typer.Exit(next((code for code in _WORST_FIRST if code in codes), OTHER))


def check_file(path: Path, keys: Keys | None) -> Finding:
    """Recognise a file by its content and check it.

    Raises:
        DemurError: the first check that failed.
    """
    if path.is_dir():
        if (path / MANIFEST).exists():
            return check_file(path / MANIFEST, keys)
        if (path / gate_manifest.KEPT).exists() or (path / gate_manifest.WITHHELD).exists():
            raise FormatError(
                f"this folder has no {MANIFEST}: it is no output of a gate, or not the whole of one",
                hint="train on nothing in it; fetch the whole output, or run the gate again",
            )
        if not (path / CHECKPOINT_NAME).exists():
            raise FormatError("this folder is not a log: it holds no checkpoint", hint="name the files inside it")
        return _check_log(path, _key(keys, KeyRole.LOG))
    with _readable():
        raw = path.read_bytes()
    if raw.startswith(f"{suppression_list.FORM} ".encode()):
        return _check_list(raw, _key(keys, KeyRole.LIST))
    if raw.startswith(b"{"):
        return _check_receipt(raw, keys)
    return _check_note(path, raw, keys)


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FormatError(f"a file cannot be read: {(error.strerror or 'unknown reason').lower()}") from error


def _check_note(path: Path, raw: bytes, keys: Keys | None) -> Finding:
    try:
        lines = parse_note(raw).text.splitlines()
    except FormatError as error:
        raise FormatError(
            "this is no receipt, suppression list, manifest or checkpoint, or it is too damaged to tell",
        ) from error
    if lines[0] == gate_manifest.FORM:
        return _check_manifest(path, raw, _key(keys, KeyRole.GATE))
    if len(lines) == _CHECKPOINT_LINES and lines[1].isdecimal():
        return _check_checkpoint(raw, _key(keys, KeyRole.LOG))
    raise FormatError("this is a signed note, but no manifest or checkpoint that this version knows")


def _key(keys: Keys | None, role: KeyRole) -> VerifierKey:
    if keys is None:
        raise SignerUnknownError(
            "this cannot be verified without the controller's public keys",
            hint="get public.keys from the controller and give it with --keys",
        )
    return find_verifier_key(keys, role)


def _check_receipt(raw: bytes, keys: Keys | None) -> Finding:
    receipt = parse_receipt(raw)
    key = receipt.log_key if keys is None else find_verifier_key(keys, KeyRole.LOG)
    checkpoint = verify_receipt(receipt, key)
    log = f'the log "{key.name}"' if keys is not None else "whoever holds the key that the receipt itself names"
    not_shown = [
        "that any row is absent from a training set: the gate's manifests speak of that",
        "that what is stated is true: only that it was stated, and not changed since",
        _view_not_shown(receipt.checkpoint.encode()),
    ]
    if receipt.event is Event.GATE_MANIFEST:
        not_shown.insert(0, "that the manifest beside it is the one that was logged: compare its SHA-256")
    if keys is None:
        not_shown.insert(
            0,
            f'that the key belongs to the controller: it is the one that the receipt itself names, "{key}". '
            "Anybody can make such a receipt. Compare the key with the controller's, or give --keys",
        )
    return Finding(
        kind="receipt",
        facts=(
            ("stated", _EVENTS[receipt.event]),
            ("position", f"entry {receipt.leaf_index:,}, counted from 0"),
            *((_label(name), _value(v)) for name, v in receipt.statement.items()),
        ),
        shown=(
            f"{log} committed to exactly this statement, at this position",
            f"it did so no later than its checkpoint of {checkpoint.tree_size:,} entries, which is in the receipt",
        ),
        not_shown=tuple(not_shown),
        signer_known=keys is not None,
    )


def _check_list(raw: bytes, key: VerifierKey) -> Finding:
    verified = suppression_list.verify_list(raw, key)
    header = verified.header
    suppression_list.check_current(header, datetime.now(UTC))
    return Finding(
        kind="suppression list",
        facts=(
            ("controller", header.controller),
            ("number", str(header.number)),
            ("entries", f"{header.entries:,}"),
            ("issued at", instant_text(header.issued_at)),
            ("expires at", instant_text(header.expires_at)),
            ("SHA-256 of header", verified.header_sha256.hex()),
            ("complete to", f'the first {header.tree_size:,} entries of the log "{header.log_origin}"'),
        ),
        shown=(f'"{key.name}" published this list, and it is whole', "its dates hold now, by this machine's clock"),
        not_shown=(
            "whom it names: that needs the list key",
            "that every objection is in it: only that the controller says so",
            "that a gate has used it, or that there is no newer one",
        ),
    )


def _check_manifest(path: Path, raw: bytes, key: VerifierKey) -> Finding:
    manifest = gate_manifest.verify_manifest(raw, key)
    missing = _check_outputs(path.parent, manifest)
    there = len(manifest.outputs) - len(missing)
    shown = [f'"{key.name}" states exactly this of one run of the gate, and the row counts add up']
    if there:
        shown.append(f"the outputs beside the manifest ({there:,}) are, byte for byte, those that it names")
    not_shown = [
        "that a model was trained on these files and on no others",
        "that the inputs were all the data there was",
        "that the gate decided rightly: for that, run it again on the same inputs and list, and compare the bytes",
    ]
    if missing:
        not_shown.insert(0, f'what is in the outputs not beside the manifest ({len(missing):,}), e.g. "{missing[0]}"')
    catalogue = manifest.catalogue_sha256
    reasons = ((f"withheld, {reason}", f"{rows:,}") for reason, rows in manifest.withheld_by_reason.items())
    return Finding(
        kind="gate manifest",
        facts=(
            ("SHA-256", hashlib.sha256(raw).hexdigest()),
            ("mode", str(manifest.mode)),
            ("table", "none, but plain files" if manifest.table is None else _table_words(manifest.table)),
            ("suppression list", f"number {manifest.list_number}"),
            ("its header", manifest.list_header_sha256.hex()),
            ("catalogue", "none was given" if catalogue is None else f"SHA-256 {catalogue.hex()}"),
            ("files read", f"{len(manifest.inputs):,}"),
            ("rows kept", f"{manifest.kept_rows:,}"),
            ("rows withheld", f"{manifest.withheld_rows:,}"),
            *reasons,
            ("not looked for", ", ".join(manifest.kinds_not_applied) or "nothing that the list held"),
        ),
        shown=tuple(shown),
        not_shown=tuple(not_shown),
    )


def _table_words(table: gate_manifest.TableVersion) -> str:
    return f"{table.format}, id {table.id}, version {table.version}"


def _check_outputs(folder: Path, manifest: gate_manifest.GateManifest) -> list[str]:
    """Hold the files beside a manifest against it; return the paths of those that are not there.

    A file in the same folders that the manifest does not name is refused: who trains on the folder would train on it.
    """
    missing = []
    for file in manifest.outputs:
        path = PurePosixPath(file.path)
        if path.is_absolute() or ".." in path.parts:
            raise FormatError("the manifest names a file outside its own folder")
        target = folder / path
        with _readable():
            if not target.is_file():
                missing.append(file.path)
                continue
            with target.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").digest()
        if digest != file.sha256:
            raise DigestMismatchError(f'the file "{file.path}" is not the one that the manifest names')
    named = {file.path for file in manifest.outputs}
    for top in sorted({PurePosixPath(name).parts[0] for name in named if "/" in name}):
        with _readable():
            _refuse_unnamed(folder, top, named)
    return missing


def _refuse_unnamed(folder: Path, top: str, named: set[str]) -> None:
    """Refuse whatever lies below a folder of outputs, is not named, and is neither a folder nor empty.

    A link is refused wherever it leads: somebody else decides what is there tomorrow. An empty file holds no row; the
    marks that engines leave (`_SUCCESS`) are such.
    """
    if not (folder / top).is_dir():
        return
    for parent, folders, files in os.walk(folder / top, onerror=_raise):
        for path in sorted(Path(parent, name) for name in (*folders, *files)):
            name = path.relative_to(folder).as_posix()
            found = path.lstat()
            is_harmless = stat.S_ISDIR(found.st_mode) or (stat.S_ISREG(found.st_mode) and not found.st_size)
            if name not in named and not is_harmless:
                raise DigestMismatchError(f'the manifest does not name the file "{name}" that lies among its outputs')


def _raise(error: OSError) -> NoReturn:
    raise error


def _check_log(folder: Path, key: VerifierKey) -> Finding:
    checkpoint = verify_log(folder, key)
    return Finding(
        kind="log",
        facts=_checkpoint_facts(checkpoint),
        shown=(
            f'every entry, every hash and the signature of the log "{key.name}" were computed again, and fit',
            "no entry was changed, moved or taken out since this checkpoint was signed",
        ),
        not_shown=(
            "that this is its newest state, or that it extends one you saw before: keep receipts and checkpoints",
            _view_not_shown((folder / CHECKPOINT_NAME).read_bytes()),
            "what the entries are about: they are commitments, which receipts open",
        ),
    )


def _check_checkpoint(raw: bytes, key: VerifierKey) -> Finding:
    return Finding(
        kind="checkpoint",
        facts=_checkpoint_facts(verify_checkpoint(raw, key)),
        shown=(f'the log "{key.name}" signed that it has this many entries under this root hash',),
        not_shown=("that the entries are there: verify the log's folder", _view_not_shown(raw)),
    )


def _checkpoint_facts(checkpoint: Checkpoint) -> tuple[tuple[str, str], ...]:
    return (
        ("log", checkpoint.origin),
        ("entries", f"{checkpoint.tree_size:,}"),
        ("root hash", checkpoint.root_hash.hex()),
    )


def _view_not_shown(note: bytes) -> str:
    return _NO_WITNESS if len(parse_note(note).signatures) == 1 else _UNCHECKED_WITNESS


def _label(name: str) -> str:
    return _FIELDS.get(name, name.replace("_", " "))


def _value(value: Json) -> str:
    match value:
        case str():
            return _WORDS.get(value, value)
        case list():
            return ", ".join(_value(item) for item in value) or "none"
        case _:
            return json.dumps(value, ensure_ascii=False)
