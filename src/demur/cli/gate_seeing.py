"""`demur gate report` and `demur gate explain`: what a run did, for people to look at."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from demur.cli.gate_options import (
    ControllerFile,
    KeysFolder,
    ListFile,
    MappingFile,
    default_keys_folder,
    find_inputs_place,
    load_catalogue,
    load_list,
)
from demur.core.errors import DemurError
from demur.core.gate_manifest import verify_manifest

if TYPE_CHECKING:
    from demur.core.gate_manifest import GateManifest


class RowNotFoundError(DemurError):
    """A dataset has no row of an id."""


def _default_public_keys() -> Path:
    return default_keys_folder() / "public.keys"


PublicKeys = Annotated[
    Path,
    typer.Option(
        help="The controller's public keys.",
        default_factory=_default_public_keys,
        show_default="$DEMUR_HOME/keys/public.keys, or var/keys/public.keys",
    ),
]


def report(
    manifest: Annotated[Path, typer.Argument(help="The manifest of a run.", exists=True, dir_okay=False)],
    out: Annotated[Path, typer.Option(help="The page to write; one that is there is replaced.")],
    keys: PublicKeys,
    before: Annotated[
        Path | None,
        typer.Option(help="The manifest of an earlier run, to show what changed.", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """Draw what a run kept and withheld, by reason, as one HTML page.

    The manifest's signature is verified first. The page needs nothing besides itself and holds no content of a row.

    [bold]Example[/bold]

      demur gate report training/2026-11/manifest.note --out report.html
    """
    from demur.gate.report import draw_report
    from demur.ledger.keys import KeyRole, find_verifier_key, load_verifier_keys

    key = find_verifier_key(load_verifier_keys(keys), KeyRole.GATE)
    now = verify_manifest(manifest.read_bytes(), key)
    then: GateManifest | None = None if before is None else verify_manifest(before.read_bytes(), key)
    _replace(out, draw_report(now, then).encode())
    typer.echo(f"The report is in {out}")


def explain(
    row_id: Annotated[
        str, typer.Argument(metavar="ROW_ID", help="As a withheld file has it; bytes as hexadecimal digits.")
    ],
    data: Annotated[str, typer.Option(help="The dataset, as for `demur gate run`: a path, a pattern, or an address.")],
    mapping: MappingFile,
    suppression_list: ListFile,
    keys_folder: KeysFolder,
    controller: ControllerFile = None,
) -> None:
    """Say why one row is withheld, or that it is kept; for those who hold the list's key.

    Entries of the list are named by their ids, never by what they list.

    [bold]Example[/bold]

      demur gate explain r0000042 --data lake/ --mapping mapping.yaml --list var/lists/latest.list
    """
    from demur.gate.explanation import explain_rows
    from demur.gate.mapping import load_mapping
    from demur.gate.reason_words import reason_words

    suppressions = load_list(suppression_list, keys_folder)
    place = find_inputs_place(data)
    found = explain_rows(place, row_id, load_mapping(mapping), suppressions, load_catalogue(controller))
    if not found:
        raise RowNotFoundError(
            "no row of the dataset has this id", hint="take the id from a withheld file, spelled exactly"
        )
    for each in found:
        typer.echo(f"{each.where}: {'withheld' if each.reasons else 'kept'} by list {suppressions.header.number}")
        for code in each.reasons:
            typer.echo(f"  {code}: {reason_words(code)}")
            for entry_id in each.entry_ids.get(code, ()):
                typer.echo(f"    entry {entry_id.hex()}")


def _replace(path: Path, raw: bytes) -> None:
    """Write a file in one step: nobody finds half a page."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        new.write_bytes(raw)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
