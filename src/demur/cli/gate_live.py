"""`demur gate serve`: the live check over HTTP, on loopback unless told otherwise."""

import gc
from pathlib import Path
from typing import Annotated

import typer

from demur.cli.gate_options import ControllerFile, KeysFolder, MappingFile, load_catalogue, load_list_keys
from demur.cli.serve import listen

_CONNECTIONS = 256
"""With the size of a body this bounds the memory that requests can take."""

FollowedFile = Annotated[
    Path, typer.Option("--list", help="The suppression list, or a folder with latest.list; it may appear later.")
]


def serve(
    mapping: MappingFile,
    suppression_list: FollowedFile,
    keys_folder: KeysFolder,
    controller: ControllerFile = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65_535)] = 8040,
) -> None:
    """Answer over HTTP whether a record may be logged for training, until ended.

    A newly published list counts within seconds. Without a list that holds, every answer is no.

    [bold]Example[/bold]

      demur gate serve --mapping mapping.yaml --list var/lists/latest.list
    """
    from demur.cli.http_server import serve_asgi
    from demur.gate.followed_list import ListRefusal
    from demur.gate.live import Gate
    from demur.gate.live_http import LiveCheck
    from demur.gate.mapping import load_mapping

    source_mapping = load_mapping(mapping)
    publisher, list_key = load_list_keys(keys_folder)
    listening = listen(host, port)
    gate = Gate(source_mapping, suppression_list, publisher, list_key, load_catalogue(controller))
    found = gate.find_list()
    by = f"every answer is no ({found})" if isinstance(found, ListRefusal) else f"by list {found.header.number}"
    typer.echo(f"The live check is on http://{host}:{port}/v1/check: {by}")
    gc.freeze()  # what is loaded stays; going through it again and again would make requests wait
    serve_asgi(LiveCheck(gate), listening, _CONNECTIONS)
