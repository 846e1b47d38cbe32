"""Who is signed in: the few facts that the controller's identity provider stated, kept for this visit.

There are no users here. After a sign-in the session holds four facts (name, verified e-mail, country, accounts) and
who stated them, sealed, for an hour at most; a sign-out, or the end of the browser, ends it. Nothing of it comes from
a form.
"""

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from demur.controller.controller import SignIn
from demur.core.errors import UnsealError
from demur.docket.controller import get_controller
from demur.docket.lodging import VerifiedAccount
from demur.docket.secret import seal_form, unseal_form

_NOTE_PARAMETER = "sign-in"
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

    @property
    def key(self) -> str:
        """What tells this person from others; empty if nothing does."""
        return self.accounts[0].account if self.accounts else self.email


class SignInNote(StrEnum):
    """How a sign-in ended that left nobody signed in, as it stands in the start page's address."""

    NO_ANSWER = "no-answer"
    NOT_DONE = "not-done"
    NOT_SURE = "not-sure"
    SIGNED_OUT = "signed-out"


_SENTENCES = {
    SignInNote.NO_ANSWER: _(
        "Signing in does not work at the moment. You can go on without it: your objection counts the same."
    ),
    SignInNote.NOT_DONE: _("You did not sign in. You can go on without it: your objection counts the same."),
    SignInNote.NOT_SURE: _(
        "We could not make sure who signed in, so nobody is signed in here. Try again, or go on without it."
    ),
    SignInNote.SIGNED_OUT: _("You are signed out here."),
}


def sign_in_is_offered() -> bool:
    """Tell whether the controller has an identity provider."""
    return find_sign_in() is not None


def find_sign_in() -> SignIn | None:
    """Return the controller's identity provider; None if people cannot sign in."""
    configured = get_controller().sign_in
    if configured is None or not settings.DEMUR_SIGN_IN_ISSUER:
        return configured
    return SignIn(settings.DEMUR_SIGN_IN_ISSUER, configured.client_id)


def find_signed_in(request: HttpRequest) -> SignedIn | None:
    """Return who is signed in, by the session alone; None for everybody else."""
    stored = request.session.get(_KEY)
    if stored is None:
        return None
    sign_in = find_sign_in()
    try:
        facts = json.loads(unseal_form(b64decode(stored["sealed"]), b64decode(stored["salt"])))
    except UnsealError:
        return None
    if sign_in is None or facts["issuer"] != sign_in.issuer:  # the controller has another provider since
        return None
    accounts = tuple(VerifiedAccount(*account) for account in facts["accounts"])
    return SignedIn(facts["name"], facts["email"], facts["country"], accounts)


def remember_signed_in(request: HttpRequest, person: SignedIn, issuer: str) -> None:
    """Keep who has just signed in, in a session of a new name: whoever planted the old one is left outside."""
    facts = {
        "issuer": issuer,
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


def lead_back(note: SignInNote) -> HttpResponseRedirect:
    """Return the way back to the start page, which says the note's sentence."""
    return HttpResponseRedirect(f"{reverse('centre:object')}?{_NOTE_PARAMETER}={note}")


def sign_in_sentence(request: HttpRequest) -> Promise | None:
    """Return the sentence that the start page owes to who comes back from a sign-in; None if there is none."""
    note = request.GET.get(_NOTE_PARAMETER)
    return _SENTENCES[SignInNote(note)] if note in set(SignInNote) else None
