"""What the pages know of floods: who asks, whether a proof of work should come with the form, and the page that stops.

The limits themselves are in demur.docket.admission (networks, people) and demur.docket.allowance (mailboxes).
"""

from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from demur.centre.network import network_of
from demur.centre.proof import PROOF_FIELD, new_challenge, take_proof
from demur.centre.sign_in import find_signed_in
from demur.docket.admission import needs_proof
from demur.docket.asker import Asker
from demur.docket.errors import FloodError

_TOO_MANY = 429


def read_asker(request: HttpRequest, now: datetime) -> Asker:
    """Return who sent a form. A proof of work that came with it is used up by this: call it once a form."""
    asker = find_asker(request)
    return asker if asker.person else replace(asker, has_proof=take_proof(request.POST.get(PROOF_FIELD, ""), now))


def find_asker(request: HttpRequest) -> Asker:
    """Return who asks, leaving alone what else came."""
    network, person = network_of(request), find_signed_in(request)
    return Asker(network, person.key, person.email) if person else Asker(network)


def find_challenge(request: HttpRequest, now: datetime) -> str | None:
    """Return the challenge that the form page should carry; None while there is no flood, as nearly always."""
    return new_challenge(now) if needs_proof(find_asker(request), now) else None


def next_minute(instant: datetime) -> datetime:
    """Return the first whole minute that is not before an instant: pages say no seconds."""
    minute = instant.replace(second=0, microsecond=0)
    return minute if minute == instant else minute + timedelta(minutes=1)


def wait_page(request: HttpRequest, error: FloodError, now: datetime, *, is_kept: bool = False) -> HttpResponse:
    """Answer 429: when to try again, and the way by mail.

    Args:
        request: that is not taken now.
        error: says from when on it will be.
        now: the instant.
        is_kept: whether what was typed is kept as a draft.
    """
    context = {"next_at": next_minute(error.next_at), "is_kept": is_kept, "private": True}
    response = render(request, "centre/wait.html", context, status=_TOO_MANY)
    response.headers["Retry-After"] = str(max(1, ceil((error.next_at - now) / timedelta(seconds=1))))
    return response
