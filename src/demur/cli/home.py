"""The home folder of an installation, and Django set up over it."""

import os
from pathlib import Path
from typing import Annotated

import typer

HomeOption = Annotated[
    Path,
    typer.Option("--home", envvar="DEMUR_HOME", help="Folder of keys, cases, log and lists.", show_default=True),
]
DEFAULT_HOME = Path("var")


def open_home(home: Path) -> Path:
    """Point the settings at a home folder and load Django; call before importing any room that has tables.

    Returns:
        The absolute path of the home folder.
    """
    import django

    absolute = home.resolve()
    os.environ["DEMUR_HOME"] = str(absolute)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demur.web.settings")
    django.setup()
    return absolute


def open_ready_home(home: Path) -> Path:
    """Do what `open_home` does, and refuse a home folder that "demur init" has not finished.

    Raises:
        DemurError: says what is missing.
    """
    absolute = open_home(home)
    from demur.docket.home import check_home

    check_home(absolute)
    return absolute
