"""`demur ledger`: what the keeper of the log does by hand."""

import hashlib
import hmac
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from demur.cli.home import DEFAULT_HOME, HomeOption

if TYPE_CHECKING:
    from demur.core.canonical import JsonObject

ledger_app = typer.Typer(help="Keep the append-only log.", no_args_is_help=True)


@ledger_app.command()
def add(
    manifest: Annotated[Path, typer.Argument(help="A gate manifest (manifest.note).", exists=True, dir_okay=False)],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Log a gate manifest, and write its receipt beside it. Doing so twice logs it once.

    [bold]Example[/bold]

      demur ledger add var/training/list-000002/manifest.note
    """
    from demur.core.entry import Event, make_entry
    from demur.core.gate_manifest import verify_manifest
    from demur.ledger.durable import save_durably
    from demur.ledger.keys import KeyRole, SecretName, find_verifier_key, load_secret, load_signer, load_verifier_keys
    from demur.ledger.log import Log, append_missing

    raw = manifest.read_bytes()
    keys = load_verifier_keys(home / "keys" / "public.keys")
    gate_key = find_verifier_key(keys, KeyRole.GATE)
    verified = verify_manifest(raw, gate_key)
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
    out = manifest.with_suffix(".receipt.json")
    save_durably(out, receipt.to_bytes())
    Console(highlight=False, markup=False).print(f"Logged at position {leaf_index}; the receipt is {out.name}.")
