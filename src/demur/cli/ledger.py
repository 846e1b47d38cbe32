"""`demur ledger`: what the keeper of the log does by hand."""

import hashlib
import hmac
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from demur.cli.home import DEFAULT_HOME, HomeOption, open_ready_home

if TYPE_CHECKING:
    from demur.core.canonical import JsonObject
    from demur.core.note import VerifierKey
    from demur.docket.services.training_sets import GatedSet

ledger_app = typer.Typer(help="Keep the append-only log.", no_args_is_help=True)


@ledger_app.command()
def add(
    manifest: Annotated[Path, typer.Argument(help="A gate manifest (manifest.note).", exists=True, dir_okay=False)],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Log a gate manifest, and write its receipt beside it. Doing so twice logs it once.

    If the gate's withheld-by-entry.parquet lies beside it, people see on their status pages how many of their rows were
    left out.

    [bold]Example[/bold]

      demur ledger add var/training/list-000002/manifest.note
    """
    open_ready_home(home)
    from demur.core.entry import Event, make_entry
    from demur.core.gate_manifest import verify_manifest
    from demur.ledger.durable import save_durably
    from demur.ledger.keys import KeyRole, SecretName, find_verifier_key, load_secret, load_signer, load_verifier_keys
    from demur.ledger.log import Log, append_missing

    console = Console(highlight=False, markup=False)
    raw = manifest.read_bytes()
    keys = load_verifier_keys(home / "keys" / "public.keys")
    gate_key = find_verifier_key(keys, KeyRole.GATE)
    verified = verify_manifest(raw, gate_key)
    counted = _read_counts(manifest, raw, gate_key)  # first: what is refused is not logged either
    signer = load_signer(home / "keys", KeyRole.LOG)
    statement: JsonObject = {
        "gate": gate_key.name,
        "list_number": verified.list_number,
        "manifest_sha256": hashlib.sha256(raw).hexdigest(),
    }
    # Derived, not drawn: a command that was cut off before it wrote the receipt finds its entry again.
    salt = hmac.digest(load_secret(home / "keys", SecretName.DOCKET), b"gate-manifest" + raw, "sha256")
    with Log(home / "log", signer) as log:
        [leaf_index] = append_missing(log, [make_entry(Event.GATE_MANIFEST, statement, salt).to_bytes()], 0)
        receipt = log.reader.make_receipt(Event.GATE_MANIFEST, statement, salt, leaf_index)
    _tell_people(console, counted)
    out = manifest.with_suffix(".receipt.json")
    save_durably(out, receipt.to_bytes())
    console.print(f"Logged at position {leaf_index}; the receipt is {out.name}.")


def _read_counts(manifest: Path, raw: bytes, gate_key: "VerifierKey") -> "GatedSet | None":
    from demur.docket.services.training_sets import read_training_set
    from demur.gate.entry_counts_file import WITHHELD_BY_ENTRY

    counts = manifest.with_name(WITHHELD_BY_ENTRY)
    return read_training_set(raw, counts.read_bytes(), gate_key) if counts.exists() else None


def _tell_people(console: Console, counted: "GatedSet | None") -> None:
    from demur.docket.services.training_sets import record_training_set

    if counted is None:
        console.print("No counts lie beside the manifest, so people are not told of this training set.")
    elif record_training_set(counted, datetime.now(UTC)):
        console.print("People see on their status pages how many of their rows were left out.")
