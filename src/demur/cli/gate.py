"""`demur gate`: what a data engineer types to keep out of a training set what must not be in it."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from demur.core.gate_manifest import GateMode

if TYPE_CHECKING:
    from demur.core.gate_manifest import GateManifest
    from demur.gate.mapping import SourceMapping
    from demur.gate.suppression_list import SuppressionList

gate_app = typer.Typer(
    help="Keep out of a training set what must not be in it.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
_BAR_CELLS = 30


def _default_keys_folder() -> Path:
    return Path(os.environ.get("DEMUR_HOME", "var")) / "keys"


Inputs = Annotated[
    Path, typer.Argument(metavar="INPUT", help="A Parquet file, or a folder of them at any depth.", exists=True)
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
Out = Annotated[Path, typer.Option(help="Where the output appears when it is complete; new, or empty.")]
Mode = Annotated[
    GateMode,
    typer.Option(
        help="What is written of the kept rows: rewrite writes all of them again; link links files in which no row is "
        "withheld, and writes the others again; ids writes none.",
    ),
]
KeysFolder = Annotated[
    Path,
    typer.Option(
        help="Folder with public.keys, the list's secret and the gate's signing key.",
        default_factory=_default_keys_folder,
        show_default="$DEMUR_HOME/keys, or var/keys",
    ),
]


@gate_app.command()
def run(
    inputs: Inputs,
    mapping: MappingFile,
    suppression_list: ListFile,
    out: Out,
    keys_folder: KeysFolder,
    controller: ControllerFile = None,
    mode: Mode = GateMode.REWRITE,
) -> None:
    """Split a dataset into rows that may train and rows that must not.

    Writes OUT/kept (same files, columns and order; see --mode), OUT/withheld (row ids with reasons),
    OUT/withheld-by-entry.parquet (how many rows each entry of the list withheld) and OUT/manifest.note (signed).
    Private messages never train. Other data that are not public train only if the controller's file says so.

    Anything unreadable, unknown, expired or tampered stops the run, and nothing appears under OUT.

    [bold]Examples[/bold]

      demur gate inspect lake/ > mapping.yaml

      demur gate run lake/ --mapping mapping.yaml --list var/lists/latest.list --controller var/controller.yaml
      --out training/2026-11
    """
    from demur.controller.file import load_controller
    from demur.gate.mapping import parse_mapping
    from demur.gate.run import GateRequest, run_gate
    from demur.gate.suppression_list import load_suppression_list
    from demur.ledger.keys import KeyRole, SecretName, find_verifier_key, load_secret, load_signer, load_verifier_keys

    source_mapping = parse_mapping(mapping.read_bytes())
    suppressions = load_suppression_list(
        suppression_list.read_bytes(),
        find_verifier_key(load_verifier_keys(keys_folder / "public.keys"), KeyRole.LIST),
        load_secret(keys_folder, SecretName.LIST_SEAL),
        datetime.now(UTC),
    )
    catalogue = None if controller is None else load_controller(controller).catalogue
    signer = load_signer(keys_folder, KeyRole.GATE)
    with _progress() as bar:
        task = bar.add_task(f"list {suppressions.header.number}", total=None)
        manifest = run_gate(
            GateRequest(inputs, source_mapping, out, catalogue, mode),
            suppressions,
            signer,
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    _print_summary(manifest, out)
    _warn_of_namespaces(source_mapping, suppressions)


@gate_app.command()
def inspect(inputs: Inputs) -> None:
    """Propose a source mapping from the names and types of a dataset's columns.

    What it cannot guess it leaves open, and the gate refuses the mapping until that is filled in.

    [bold]Example[/bold]

      demur gate inspect lake/ > mapping.yaml
    """
    from demur.gate.mapping_proposal import propose_mapping
    from demur.gate.source import load_schema

    typer.echo(propose_mapping(load_schema(inputs)), nl=False)


class _RowRate(ProgressColumn):
    """Rows a second."""

    def render(self, task: Task) -> Text:
        """Return the speed so far."""
        rate = task.finished_speed or task.speed
        return Text("" if rate is None else f"{rate:,.0f} rows/s")


def _progress() -> Progress:
    return Progress(
        TextColumn("gating with {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _RowRate(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def _print_summary(manifest: "GateManifest", out: Path) -> None:
    total = manifest.kept_rows + manifest.withheld_rows
    table = Table("", "rows", "share", "", box=None, pad_edge=False)
    table.columns[1].justify = table.columns[2].justify = "right"
    lines = [("kept", manifest.kept_rows), ("withheld", manifest.withheld_rows)]
    reasons = sorted(manifest.withheld_by_reason.items(), key=lambda item: (-item[1], item[0]))
    for name, rows in [*lines, *((f"  {code}", rows) for code, rows in reasons if rows)]:
        share = rows / total if total else 0.0
        table.add_row(name, f"{rows:,}", f"{share:.2%}", "█" * round(share * _BAR_CELLS))
    console = Console(highlight=False, markup=False)
    console.print(table)
    if manifest.linked:
        console.print(f"{len(manifest.linked):,} of {len(manifest.inputs):,} files kept every row, and are linked.")
    if any(manifest.withheld_by_reason.values()):
        console.print("A row with two reasons counts in both.")
    if manifest.kinds_not_applied:
        kinds = ", ".join(manifest.kinds_not_applied)
        console.print(f"The list also has entries that no rule of this version looks for: {kinds}.")
    console.print(f"list {manifest.list_number}; manifest: {out / 'manifest.note'}", soft_wrap=True)


def _warn_of_namespaces(mapping: "SourceMapping", suppressions: "SuppressionList") -> None:
    """Say when a mapping's namespace cannot match anybody: a misspelt one would keep everybody's rows in silence."""
    from demur.core.identifier import IdentifierKind

    columns = [column for column in (mapping.author_account, mapping.tagged_accounts) if column is not None]
    namespaces = sorted({column.namespace for column in columns if column.namespace is not None})
    for namespace in namespaces if IdentifierKind.ACCOUNT in suppressions.kinds else ():
        if not len(suppressions.index(IdentifierKind.ACCOUNT, namespace)):
            Console(highlight=False, markup=False, soft_wrap=True).print(
                f'No account on the list is of the namespace "{namespace}", so nobody was looked for in columns of it. '
                "If people of this product have objected, the mapping is wrong: do not train on the output."
            )
