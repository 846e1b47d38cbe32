"""`demur controller`: look at a controller's file before people and the gate do."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

controller_app = typer.Typer(help="Check the controller's file.", no_args_is_help=True)


@controller_app.command()
def check(
    file: Annotated[Path, typer.Argument(help="The controller's file.", exists=True, dir_okay=False)],
) -> None:
    """Say everything that is wrong with a controller's file, by line and field.

    [bold]Example[/bold]

      demur controller check controller.yaml
    """
    from demur.controller.file import load_controller

    controller = load_controller(file)
    trained = sum(line.used_for_training for line in controller.collected)
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{file.name} can be used: {controller.legal_name}, in {', '.join(controller.languages)}.")
    console.print(f"{trained} of {len(controller.collected)} kinds of data are used for training.")
    console.print(f"The last safe day before the training is {controller.campaign.last_safe_day.isoformat()}.")
