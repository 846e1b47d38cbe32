"""The loopback interface, the only one on which the made-up world can be reached."""

import re
import socket

from demur.sample.errors import PortTakenError

HOST = "127.0.0.1"

LOOPBACK_HOST = re.compile(r"(?:127\.0\.0\.1|localhost)(?::[0-9]{1,5})?\Z")
"""A Host header that is this machine's. A page of another site could reach us by a name that it made point here."""


def listen(port: int) -> socket.socket:
    """Return a socket that listens on a port; 0 takes any free one.

    Raises:
        PortTakenError: another program listens there.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise PortTakenError(
            f"port {port} on {HOST} cannot be used: another program has it",
            hint="stop that program, or choose another port",
        ) from error
    return listening
