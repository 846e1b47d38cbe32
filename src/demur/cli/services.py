"""`demur init`, `worker`, `publish`, `mailbox` and `identity`: the processes and chores of one installation."""

import signal
import threading
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from demur.cli.home import DEFAULT_HOME, HomeOption, open_home, open_ready_home


def init(
    controller: Annotated[Path, typer.Argument(help="The controller's configuration file.", exists=True)],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Make a home folder: keys, database, log. Run again after an update; what exists is kept.

    [bold]Example[/bold]

      demur init controller.yaml --home /srv/demur
    """
    home = open_home(home)
    from demur.docket.home import init_home

    init_home(home, controller)
    Console(highlight=False).print(f"Ready. Publish {home.name}/keys/public.keys; keep the rest of keys/ private.")


def worker(home: HomeOption = DEFAULT_HOME) -> None:
    """Send mails, write the log and publish lists, until ended.

    [bold]Example[/bold]

      demur worker --home /srv/demur
    """
    home = open_home(home)
    from django.db import InterfaceError, OperationalError

    from demur.docket.home import check_home
    from demur.docket.worker import run_worker

    with suppress(InterfaceError, OperationalError):  # a database that is away, now or later, is waited for
        check_home(home)

    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask_to_stop)
    run_worker(stop)


def publish(home: HomeOption = DEFAULT_HOME) -> None:
    """Publish a suppression list now, if what is in force changed; the worker does so by itself.

    [bold]Example[/bold]

      demur publish --home /srv/demur
    """
    open_ready_home(home)
    from django.utils import timezone

    from demur.docket.duties import publish_list

    publish_list(timezone.now())
    Console(highlight=False).print("The newest list is lists/latest.list; the worker logs it.")


def mailbox(
    smtp_port: Annotated[int, typer.Option(help="Where mails are taken in.", min=1, max=65_535)] = 8025,
    page_port: Annotated[int, typer.Option(help="Where they can be read.", min=1, max=65_535)] = 8026,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Catch mails on loopback instead of sending them on, and show them on a page (for trying out only).

    [bold]Example[/bold]

      demur mailbox --smtp-port 8025 --page-port 8026
    """
    from demur.sample.mailbox import serve_mailbox

    serve_mailbox(home / "mail", smtp_port, page_port)


def identity(
    port: Annotated[int, typer.Option(help="Where people sign in.", min=1, max=65_535)] = 8027,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Serve the sign-in of the made-up platform on loopback: an OpenID Connect provider (for trying out only).

    [bold]Example[/bold]

      demur identity --port 8027
    """
    from demur.sample.identity import serve_identity

    serve_identity(home, port)
