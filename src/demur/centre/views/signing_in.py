"""Signing in and out. Whatever goes wrong at the identity provider, the way without it stays open."""

import logging
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from demur.centre.cookies import find_open_draft, forget_cookies
from demur.centre.flood import find_asker
from demur.centre.identity_provider import ProviderRefusedError
from demur.centre.json_answer import NoAnswerError
from demur.centre.sign_in import SignInNote, forget_signed_in, lead_back
from demur.centre.sign_in_adapter import address_to_sign_in, take_callback
from demur.docket.admission import admit_sign_in
from demur.docket.drafts import forget_draft
from demur.docket.errors import FloodError

_log = logging.getLogger(__name__)


@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    """Send the browser to the identity provider.

    By a page that refreshes at once, not by a redirect: our form may only lead to ourselves (form-action), and a
    provider may redirect to addresses that nobody here knows.
    """
    try:
        admit_sign_in(find_asker(request), datetime.now(UTC))
        return render(request, "centre/signing_in.html", {"address": address_to_sign_in(request)})
    except FloodError:
        return lead_back(SignInNote.NO_ANSWER)
    except (NoAnswerError, ProviderRefusedError) as error:
        return _failed(error)


@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Take in who comes back from the identity provider. HEAD is refused: it would use up the code."""
    try:
        return take_callback(request)
    except (NoAnswerError, ProviderRefusedError) as error:
        return _failed(error)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Forget who is signed in, and what they wrote: whoever uses this browser next may be somebody else."""
    draft = find_open_draft(request, datetime.now(UTC))
    if draft is not None:
        forget_draft(draft.token)
    forget_signed_in(request)
    response = lead_back(SignInNote.SIGNED_OUT)
    forget_cookies(response)
    return response


def _failed(error: NoAnswerError | ProviderRefusedError) -> HttpResponse:
    _log.warning("a sign-in failed: %s", error)  # our own sentence, which names nobody
    return lead_back(SignInNote.NO_ANSWER if isinstance(error, NoAnswerError) else SignInNote.NOT_SURE)
