"""`demur serve`: the privacy centre over HTTP, on loopback or behind a proxy that speaks TLS."""

import errno
import gc
import socket
from typing import Annotated
from urllib.parse import urlsplit
from wsgiref.types import WSGIApplication

import typer

from demur.cli.forked import run_on_each_core
from demur.cli.home import DEFAULT_HOME, HomeOption, open_ready_home
from demur.core.errors import DemurError

THREADS = 5
"""Of each process: four may wait, for a photo that is drawn and for an identity provider."""

_MOST_UPLOADS = 2
"""A body above so many of the largest forms is cut off while it arrives. Below it, Django refuses in plain words."""

_CONNECTIONS = 900
"""Of each process; with what else it has open it stays below the 1,024 files that a system lets it have."""


class PortUnavailableError(DemurError):
    """The address cannot be listened on."""


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65_535)] = 8000,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Serve the privacy centre until ended.

    [bold]Example[/bold]

      demur serve --port 8000 --home /srv/demur
    """
    listening = listen(host, port)
    open_ready_home(home)
    from django.conf import settings
    from django.db import connections

    from demur.docket.photographs import MAX_UPLOAD_BYTES
    from demur.web.wsgi import application

    connections.close_all()  # each process opens its own
    gc.freeze()  # what is loaded stays, and is shared: going through it again and again would also copy it
    typer.echo(f"The privacy centre is on http://{host}:{port}/privacy/genai")
    scheme = urlsplit(settings.DEMUR_BASE_URL).scheme  # how the public reaches it, through the proxy
    serve_application(application, listening, scheme, _MOST_UPLOADS * MAX_UPLOAD_BYTES)


def serve_application(application: WSGIApplication, listening: socket.socket, scheme: str, max_body_bytes: int) -> None:
    """Serve a WSGI application from one process for each core, until ended."""
    from demur.cli.http_server import serve_asgi
    from demur.cli.whole_requests import WholeRequests

    def serve_until_ended() -> None:
        serve_asgi(WholeRequests(application, THREADS, scheme, max_body_bytes), listening, _CONNECTIONS)

    run_on_each_core(serve_until_ended)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address.

    Raises:
        PortUnavailableError: another program has the port, or the address is not this machine's.
    """
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortUnavailableError(
                f"port {port} on {host} is taken by another program; nothing was started",
                hint="stop that program, or choose another port with --port",
            ) from error
        raise PortUnavailableError(
            f"cannot listen on port {port} of {host}: {error.strerror or 'the address is not known'}",
            hint="choose an address of this machine, such as 127.0.0.1",
        ) from error
