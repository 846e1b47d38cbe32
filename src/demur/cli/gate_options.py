"""What the commands of `demur gate` have in common: their options, and the files that these name."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from demur.controller.catalogue import Catalogue
    from demur.core.note import VerifierKey
    from demur.gate.stores.address import Place
    from demur.gate.suppression_list import SuppressionList


def default_keys_folder() -> Path:
    """Return the folder of keys of the installation that DEMUR_HOME names."""
    return Path(os.environ.get("DEMUR_HOME", "var")) / "keys"


Inputs = Annotated[
    str,
    typer.Argument(
        metavar="INPUT",
        help="A file of data, a folder of them, or a quoted pattern ('lake/*.parquet'); a path, or the address of an "
        "object store (s3://bucket/lake/). Or a table: its folder, or the metadata file of one of Iceberg.",
    ),
]
MappingFile = Annotated[
    Path, typer.Option(help="The source mapping: which column plays which role.", exists=True, dir_okay=False)
]
ListFile = Annotated[
    Path, typer.Option("--list", help="The controller's suppression list.", exists=True, dir_okay=False)
]
ControllerFile = Annotated[
    Path | None,
    typer.Option(
        "--controller",
        help="The controller's file: what its catalogue does not say is used for training is withheld.",
        exists=True,
        dir_okay=False,
    ),
]
KeysFolder = Annotated[
    Path,
    typer.Option(
        help="Folder with public.keys, the list's secret and the gate's signing key.",
        default_factory=default_keys_folder,
        show_default="$DEMUR_HOME/keys, or var/keys",
    ),
]


def find_inputs_place(text: str) -> "Place":
    """Return the place of an input; on this machine it is looked for.

    Raises:
        typer.BadParameter: there is nothing at that path.
        StoreError: not an address that can be opened.
    """
    from demur.gate.stores.address import has_wildcard, parse_place

    place = parse_place(text)
    if isinstance(place, Path) and not place.exists() and not has_wildcard(text):
        raise typer.BadParameter(f"Path '{text}' does not exist.", param_hint="INPUT")
    return place


def load_list_keys(keys_folder: Path) -> "tuple[VerifierKey, bytes]":
    """Return the key of the list's publisher, and the 32 bytes that open the list.

    Raises:
        KeyFileError: one is absent, damaged, or readable by others.
    """
    from demur.ledger.keys import KeyRole, SecretName, find_verifier_key, load_secret, load_verifier_keys

    publisher = find_verifier_key(load_verifier_keys(keys_folder / "public.keys"), KeyRole.LIST)
    return publisher, load_secret(keys_folder, SecretName.LIST_SEAL)


def load_list(path: Path, keys_folder: Path) -> "SuppressionList":
    """Return the list in a file, verified and current.

    Raises:
        DemurError: see `load_suppression_list` and `load_list_keys`.
    """
    from demur.gate.suppression_list import load_suppression_list

    return load_suppression_list(path.read_bytes(), *load_list_keys(keys_folder), datetime.now(UTC))


def load_catalogue(controller: Path | None) -> "Catalogue | None":
    """Return what the controller's file lets train; None if no file is given."""
    from demur.controller import file

    return None if controller is None else file.load_catalogue(controller)
