"""Who is signed in: the few facts that the controller's identity provider stated, kept for this visit.

There are no users here. After a sign-in the session holds four facts (name, verified e-mail, country, accounts),
sealed, for an hour at most; a sign-out, or the end of the browser, ends it. Nothing of it comes from a form.
"""

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass

from django.http import HttpRequest

from demur.core.errors import UnsealError
from demur.docket.lodging import VerifiedAccount
from demur.docket.secret import seal_form, unseal_form

_KEY = "signed_in"


@dataclass(frozen=True)
class SignedIn:
    """What the identity provider stated of the person who is signed in.

    Attributes:
        name: as they call themselves there; may be empty.
        email: verified by the provider; empty if there is none that is.
        country: of residence, ISO 3166-1 alpha-2; empty if not stated.
        accounts: in the controller's products.
    """

    name: str
    email: str
    country: str
    accounts: tuple[VerifiedAccount, ...]


def sign_in_is_offered() -> bool:
    """Tell whether the controller has an identity provider."""
    return False


def find_signed_in(request: HttpRequest) -> SignedIn | None:
    """Return who is signed in, by the session alone; None for everybody else."""
    session = getattr(request, "session", None)
    stored = session.get(_KEY) if session is not None else None
    if stored is None:
        return None
    try:
        facts = json.loads(unseal_form(b64decode(stored["sealed"]), b64decode(stored["salt"])))
    except UnsealError:
        return None
    accounts = tuple(VerifiedAccount(*account) for account in facts["accounts"])
    return SignedIn(facts["name"], facts["email"], facts["country"], accounts)


def remember_signed_in(request: HttpRequest, person: SignedIn) -> None:
    """Keep who has just signed in, in a session of a new name: whoever planted the old one is left outside."""
    facts = {
        "name": person.name,
        "email": person.email,
        "country": person.country,
        "accounts": [[account.account, account.shown] for account in person.accounts],
    }
    sealed, salt = seal_form(json.dumps(facts).encode())
    request.session.cycle_key()
    request.session[_KEY] = {"sealed": b64encode(sealed).decode(), "salt": b64encode(salt).decode()}


def forget_signed_in(request: HttpRequest) -> None:
    """End the session, and erase what it held."""
    request.session.flush()
