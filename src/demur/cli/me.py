"""`demur me`: a person's own tool, for platforms that do not run Demur."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

me_app = typer.Typer(help="Say no to platforms that do not run Demur.", no_args_is_help=True)


@me_app.command()
def directory(
    words: Annotated[list[str] | None, typer.Argument(help="Words of the platform's name; without them, all.")] = None,
) -> None:
    """Show how one objects at real platforms, as far as it is known.

    [bold]Examples[/bold]

      demur me directory

      demur me directory instagram
    """
    from demur.agent.procedure import find_procedures, load_directory

    console = Console()
    found = find_procedures(load_directory(), " ".join(words or []))
    if not words:
        table = Table("id", "product", "channel", "as of", "confidence", box=None)
        for procedure in sorted(found, key=lambda procedure: procedure.procedure_id):
            table.add_row(
                procedure.procedure_id,
                procedure.product,
                procedure.channel,
                procedure.source_date,
                procedure.confidence,
            )
        console.print(table)
        return
    for procedure in found:
        console.print(f"[bold]{procedure.product}[/bold] ({procedure.procedure_id})", highlight=False)
        console.print(f"As of {procedure.source_date}, confidence {procedure.confidence}, {procedure.status}.")
        console.print(procedure.entry_url or "No address is supported by a source.")
        for number, step in enumerate(procedure.steps, start=1):
            console.print(f"  {number}. {step}", highlight=False, markup=False)
        console.print(f"What it changes: {procedure.effect}\n", highlight=False, markup=False)
    if not found:
        console.print("No procedure is known for these words. Nothing was looked up on the network.")
