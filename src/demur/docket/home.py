"""The home folder of an installation: made ready by one function that may run at every start.

keys/             private keys and secrets: whoever reads them can sign, unseal, and confirm in others' names
log/              the public log: whoever changes it is found out (demur.ledger.log)
lists/            suppression lists: sealed and signed; whoever removes them stops the gate
docket.sqlite3    the cases, unless DEMUR_DATABASE_URL names a PostgreSQL: as private as the keys
controller.yaml   who the controller is, and what it collects
uploads/          photos while they are being sent; emptied at every start
worker.lock       held by the one worker; run.lock by the one "demur run"
"""

import os
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.module_loading import import_string

from demur.controller.errors import ControllerFileError
from demur.controller.file import load_controller
from demur.docket.controller import CONTROLLER_FILE, get_controller
from demur.docket.errors import HomeNotReadyError
from demur.ledger.durable import make_folder, save_durably
from demur.ledger.keys import PUBLIC_KEYS_NAME, KeyRole, create_missing_keys, load_signer, load_verifier_keys
from demur.ledger.log import Log

UPLOADS = "uploads"
_PRIVATE_FOLDER_MODE = 0o700
_PRIVATE_FILE_MODE = 0o600


def init_home(home: Path, controller_file: Path) -> None:
    """Make a home folder ready, and Django with it. Safe to repeat, and to interrupt.

    To be called before Django reads its settings, which look for keys in the home folder.

    Args:
        home: becomes DEMUR_HOME of this process and its children.
        controller_file: copied into the home if it has none, with its logos; one that is there stays as it is.

    Raises:
        ControllerFileError: the controller's file cannot be used.
        LedgerError: keys or log cannot be used, or the disk refused.
    """
    home = home.resolve()
    make_folder(home, _PRIVATE_FOLDER_MODE)
    if not (home / CONTROLLER_FILE).exists():
        _copy_controller(controller_file, home)
    controller = load_controller(home / CONTROLLER_FILE)
    create_missing_keys(home / "keys", controller.name)
    with Log(home / "log", load_signer(home / "keys", KeyRole.LOG)):
        pass  # entering creates an empty signed log, and checks one that is there
    make_folder(home / "lists", _PRIVATE_FOLDER_MODE)
    empty_uploads(home / UPLOADS)
    os.environ["DEMUR_HOME"] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demur.web.settings")
    if not apps.ready:
        django.setup()
    if connection.vendor == "sqlite":
        database = Path(connection.settings_dict["NAME"])
        database.touch(mode=_PRIVATE_FILE_MODE)
        database.chmod(_PRIVATE_FILE_MODE)  # maybe it was there; SQLite gives its side files the same mode
    call_command("migrate", interactive=False, verbosity=0)


def check_home(home: Path) -> None:
    """Refuse a home folder that `init_home` did not finish. Django is set up over it; nothing is written.

    Raises:
        HomeNotReadyError: something is missing, or the tables are those of an older version.
        ControllerFileError: the controller's file cannot be used.
        KeyFileError: the public keys cannot be used.
    """
    if not (home / CONTROLLER_FILE).is_file():
        raise _not_ready(f'there is no "{CONTROLLER_FILE}" in the home folder')
    get_controller()  # read before anything is served, so that a later slip in the file finds what to go on with
    load_verifier_keys(home / "keys" / PUBLIC_KEYS_NAME)
    # SQLite would create an empty file, which others could read.
    if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).is_file():
        raise _not_ready("the home folder has no database")
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise _not_ready("the database is not made ready for this version")
    try:
        import_string(settings.DEMUR_ACCOUNT_DIRECTORY)
    except ImportError as error:
        raise HomeNotReadyError(
            "the environment variable DEMUR_ACCOUNT_DIRECTORY names nothing that can be imported",
            hint="write the dotted path of a function that returns one, such as demur.sample.directory.open_directory",
        ) from error


def empty_uploads(folder: Path) -> None:
    """Make the folder of photos that are being sent, or take out what a crash left in it.

    A photo that another process receives at this moment stays readable to it.
    """
    make_folder(folder, _PRIVATE_FOLDER_MODE)
    for path in folder.iterdir():
        path.unlink(missing_ok=True)


def _not_ready(what: str) -> HomeNotReadyError:
    return HomeNotReadyError(what, hint='run "demur init" with the controller\'s file first')


def _copy_controller(file: Path, home: Path) -> None:
    """Copy a controller's file that can be used; its logos first, so that it is never there without them."""
    for product in load_controller(file).products:
        if product.logo is not None:
            logo = home / product.logo.path
            make_folder(logo.parent, _PRIVATE_FOLDER_MODE)
            save_durably(logo, product.logo.raw)
    save_durably(home / CONTROLLER_FILE, _read(file))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ControllerFileError(f'the file "{path.name}" cannot be read') from error
