"""`demur gate`: what a data engineer types to keep out of a training set what must not be in it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from demur.cli.gate_live import serve
from demur.cli.gate_options import (
    ControllerFile,
    Inputs,
    KeysFolder,
    ListFile,
    MappingFile,
    find_inputs_place,
    load_catalogue,
    load_list,
)
from demur.cli.gate_reserved import reserved
from demur.cli.gate_seeing import explain, report
from demur.cli.gate_summary import gate_progress, print_summary, warn_of_namespaces
from demur.cluster.engine_name import EngineName
from demur.core.gate_manifest import GateMode

if TYPE_CHECKING:
    from demur.core.gate_manifest import GateManifest
    from demur.gate.dry_run import DryRun

gate_app = typer.Typer(
    help="Keep out of a training set what must not be in it.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
gate_app.command()(explain)
gate_app.command()(report)
gate_app.command()(reserved)
gate_app.command()(serve)

Out = Annotated[
    str | None,
    typer.Option(
        help="Where the output appears when it is complete; new, or empty. A path, or the address of an object store.",
    ),
]
DryRunFlag = Annotated[bool, typer.Option("--dry-run", help="Decide and print the summary; write nothing.")]
Mode = Annotated[
    GateMode,
    typer.Option(
        help="What is written of the kept rows: rewrite writes all of them again; link links files in which no row is "
        "withheld, and writes the others again; deletes (of a table) links all files, and writes the "
        "table's own row deletes beside them; ids writes none.",
    ),
]

TableVersionNumber = Annotated[
    int | None,
    typer.Option(
        "--table-version",
        help="Of a table of Delta Lake its version, of one of Iceberg the id of a snapshot.",
        show_default="what the table is now",
    ),
]
Engine = Annotated[
    EngineName,
    typer.Option(
        help="What does the work: this process, or workers of Ray or Spark. The output is the same, byte for byte."
    ),
]

After = Annotated[
    Path | None,
    typer.Option(
        help="An earlier output, made with --note-accounts: files about whose rows nothing would be decided otherwise "
        "are linked to it, and not read again.",
        exists=True,
        file_okay=False,
    ),
]
NoteAccounts = Annotated[
    bool, typer.Option("--note-accounts", help="Note in OUT/accounts which accounts stand in which file, for --after.")
]


@gate_app.command()
def run(  # noqa: PLR0913, PLR0917  (each is an option of the command line)
    inputs: Inputs,
    mapping: MappingFile,
    suppression_list: ListFile,
    keys_folder: KeysFolder,
    out: Out = None,
    controller: ControllerFile = None,
    mode: Mode = GateMode.REWRITE,
    engine: Engine = EngineName.EMBEDDED,
    table_version: TableVersionNumber = None,
    after: After = None,
    *,
    note_accounts: NoteAccounts = False,
    dry_run: DryRunFlag = False,
) -> None:
    """Split a dataset into rows that may train and rows that must not.

    Writes OUT/kept (same files, columns and order; see --mode), OUT/withheld (row ids with reasons),
    OUT/withheld-by-entry.parquet (how many rows each entry of the list withheld) and OUT/manifest.note (signed).
    Private messages never train. Other data that are not public train only if the controller's file says so.

    Anything unreadable, unknown, expired or tampered stops the run, and nothing appears under OUT. After a run that was
    killed, the same command goes on from the files that were finished.

    [bold]Examples[/bold]

      demur gate inspect lake/ > mapping.yaml

      demur gate run lake/ --mapping mapping.yaml --list var/lists/latest.list --controller var/controller.yaml
      --out training/2026-11

      demur gate run 's3://bucket/lake/month=2026-*/' --mapping mapping.yaml --list latest.list --out s3://bucket/kept/

      demur gate run lake/ --mapping mapping.yaml --list latest.list --mode link --after training/2026-10
      --out training/2026-11

      demur gate run tables/posts/ --table-version 41 --mode deletes --mapping mapping.yaml --list latest.list
      --out training/2026-11
    """
    from demur.cluster.engines import load_gate_files
    from demur.gate.dry_run import decide_only
    from demur.gate.mapping import load_mapping
    from demur.gate.run import GateRequest, run_gate
    from demur.gate.stores.address import parse_place
    from demur.ledger.keys import KeyRole, load_signer

    if (out is None) != dry_run:
        raise typer.BadParameter("give either --out or --dry-run", param_hint="--out")
    if dry_run and (note_accounts or after is not None):
        raise typer.BadParameter("a dry run decides about every file", param_hint="--note-accounts, --after")
    if dry_run and engine is not EngineName.EMBEDDED:
        raise typer.BadParameter("a dry run is made by this process", param_hint="--engine")
    place = find_inputs_place(inputs)
    source_mapping = load_mapping(mapping)
    suppressions = load_list(suppression_list, keys_folder)
    catalogue = load_catalogue(controller)
    outcome: GateManifest | DryRun
    taken_over: list[int] = []
    unaffected: list[int] = []
    with gate_progress(f"list {suppressions.header.number}") as progress:
        if out is None:
            outcome = decide_only(
                place, source_mapping, suppressions, catalogue, progress, table_version, progress.tell_reasons
            )
            end = "nothing was written"
        else:
            signer = load_signer(keys_folder, KeyRole.GATE)
            request = GateRequest(
                place, source_mapping, parse_place(out), catalogue, mode, table_version, note_accounts, after
            )
            gate_files = load_gate_files(engine, suppression_list, keys_folder)
            told = taken_over.append, unaffected.append, progress.tell_reasons
            outcome = run_gate(request, suppressions, signer, progress, gate_files, *told)
            end = f"manifest: {str(request.out).rstrip('/')}/manifest.note"
    print_summary(outcome, end, sum(taken_over), sum(unaffected) if after is not None else None)
    warn_of_namespaces(source_mapping, suppressions)


@gate_app.command()
def inspect(inputs: Inputs) -> None:
    """Propose a source mapping from the names and types of a dataset's columns.

    What it cannot guess it leaves open, and the gate refuses the mapping until that is filled in.

    [bold]Example[/bold]

      demur gate inspect lake/ > mapping.yaml
    """
    from demur.gate.mapping_proposal import propose_mapping
    from demur.gate.tables.table_input import load_input_schema

    typer.echo(propose_mapping(load_input_schema(find_inputs_place(inputs))), nl=False)
