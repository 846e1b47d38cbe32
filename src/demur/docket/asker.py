"""Who asks, as far as limits need to know; all of it is stored as keyed digests only, and for a day at most."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Asker:
    """Whoever sent a form.

    Attributes:
        network: the address it came from (IPv4), or its first 64 bits (IPv6); empty if nobody asks over a network.
        person: a name that the identity provider keeps the same for a signed-in person; empty if nobody is signed in.
        verified_email: what that provider states to be the person's address; may be empty.
        has_proof: whether a proof of work came with the form.
    """

    network: str = ""
    person: str = ""
    verified_email: str = ""
    has_proof: bool = False


NOBODY = Asker()
"""Asks from within this program, where no flood comes from."""
