"""`demur ledger`: what the keeper of the log does by hand."""

import secrets
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from demur.cli.home import DEFAULT_HOME, HomeOption

ledger_app = typer.Typer(help="Keep the append-only log.", no_args_is_help=True)


@ledger_app.command()
def add(
    manifest: Annotated[Path, typer.Argument(help="A gate manifest (manifest.note).", exists=True, dir_okay=False)],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Log a gate manifest, and write its receipt beside it.

    [bold]Example[/bold]

      demur ledger add var/training/list-000002/manifest.note
    """
    import hashlib

    from demur.core.entry import SALT_BYTES, Event, make_entry
    from demur.core.gate_manifest import verify_manifest
    from demur.ledger.keys import KeyRole, find_verifier_key, load_signer, load_verifier_keys
    from demur.ledger.log import Log

    raw = manifest.read_bytes()
    keys = load_verifier_keys(home / "keys" / "public.keys")
    gate_key = find_verifier_key(keys, KeyRole.GATE)
    verified = verify_manifest(raw, gate_key)
    signer = load_signer(home / "keys", KeyRole.LOG)
    statement = {
        "gate": gate_key.name,
        "list_number": verified.list_number,
        "manifest_sha256": hashlib.sha256(raw).hexdigest(),
    }
    salt = secrets.token_bytes(SALT_BYTES)
    with Log(home / "log", signer) as log:
        leaf_index = log.append([make_entry(Event.GATE_MANIFEST, statement, salt).to_bytes()])
        receipt = log.reader.make_receipt(Event.GATE_MANIFEST, statement, salt, leaf_index)
    out = manifest.with_suffix(".receipt.json")
    out.write_bytes(receipt.to_bytes())
    Console(highlight=False).print(f"Logged at position {leaf_index}; the receipt is {out.name}.")
